"""Which tags a mirror or a source takes, and why the others are left."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.oci.tag_selection import InvalidTagRuleError, TagRules, chosen, newest_first, select
from pierhead.oci.tag_versions import TagVersion

LISTED = (
    "latest",
    "1.9.0",
    "1.16.9",
    "1.16.92",
    "1.17.0",
    "rootless-1.16.9",
    "rootless-1.16.92",
    "1.17.1-rc.1",
    "v2.0",
    "20240131",
    "nightly",
)
TAGS = st.lists(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,12}", fullmatch=True), max_size=30)


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        (TagRules(), ()),
        (TagRules(exact=("latest", "9.9.9")), ("latest", "9.9.9")),
        (TagRules(globs=("1.16.*",)), ("1.16.92", "1.16.9")),
        (TagRules(regexes=(r"rootless-.+",)), ("rootless-1.16.92", "rootless-1.16.9")),
        (TagRules(regexes=(r"1\.16",)), ()),
        (TagRules(semver="^1.16"), ("1.17.0", "1.16.92", "rootless-1.16.92", "1.16.9", "rootless-1.16.9")),
        (TagRules(semver="^1.16", newest=1), ("1.17.0", "rootless-1.16.92")),
        (TagRules(semver="^1.16", exclude=("rootless-*",), newest=2), ("1.17.0", "1.16.92")),
        (TagRules(globs=("1.1?.*",), semver="<1.17"), ("1.16.92", "1.16.9")),
        (TagRules(exact=("latest",), exclude=("latest",)), ()),
        (TagRules(exact=("nightly",), globs=("v*",)), ("nightly", "v2.0")),
        (TagRules(newest=1, exclude=("[a-z]*",)), ("1.17.1-rc.1", "20240131")),
    ],
)
def test_rules_choose_these_tags(rules: TagRules, wanted: tuple[str, ...]) -> None:
    assert chosen(rules, LISTED) == wanted


def test_every_tag_that_is_left_says_why() -> None:
    said = {choice.tag: choice.reason for choice in select(TagRules(semver="^1.16", newest=1), LISTED)}
    assert said["latest"] == "no version"
    assert said["1.9.0"] == "not in ^1.16"
    assert said["1.16.92"] == "older than the newest 1"
    assert said.keys() == set(LISTED)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"regexes": ("(?=x)",)}, "regex '(?=x)'"),
        ({"regexes": ("(",)}, "regex '('"),
        ({"semver": "newest"}, "semver 'newest'"),
        ({"globs": ("",)}, "1 to 300 characters"),
        ({"globs": ("x" * 301,)}, "1 to 300 characters"),
        ({"globs": ("x",) * 101}, "at most 100"),
        ({"newest": 0}, "1 or more"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_in_words(rules: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidTagRuleError) as caught:
        TagRules(**rules).check()  # type: ignore[arg-type]
    assert words in caught.value.message


def test_no_pattern_takes_long() -> None:
    rules = TagRules(regexes=("(a+)+b",), globs=("*a*a*a*a*a*a*a*b",))
    began = time.process_time()
    chosen(rules, [f"{'a' * 120}{number}" for number in range(100)])
    assert time.process_time() - began < 1


def test_versions_are_ordered_by_their_numbers_and_releases_come_after_their_candidates() -> None:
    assert newest_first(["1.9", "1.10", "1.10.0-rc.2", "1.10.0-rc.10", "latest", "v1.11.0"]) == [
        "v1.11.0",
        "1.10",
        "1.10.0-rc.10",
        "1.10.0-rc.2",
        "1.9",
        "latest",
    ]


@pytest.mark.parametrize(
    ("tag", "numbers", "flavour"),
    [
        ("1.16.92", (1, 16, 92), ""),
        ("v1.2", (1, 2), ""),
        ("rootless-1.16.92", (1, 16, 92), "rootless-"),
        ("3", (3,), ""),
        ("1.25-alpine", (1, 25), "-alpine"),
        ("23.10.26901", (23, 10, 26901), ""),
        ("1.2.3.4", (1, 2, 3, 4), ""),
    ],
)
def test_a_tag_is_read_as_a_version(tag: str, numbers: tuple[int, ...], flavour: str) -> None:
    version = TagVersion.parse(tag)
    assert version is not None
    assert (version.numbers, version.flavour) == (numbers, flavour)


@pytest.mark.parametrize("tag", ["latest", "20240131", "sha-4f2a", "3-alpine", "a.b.c", "1..2"])
def test_what_only_resembles_a_version_is_none(tag: str) -> None:
    version = TagVersion.parse(tag)
    assert version is None


@given(TAGS)
def test_a_selection_speaks_of_each_tag_once_and_of_no_other(tags: list[str]) -> None:
    choices = select(TagRules(globs=("*",), newest=2), tags)
    assert sorted(choice.tag for choice in choices) == sorted(set(tags))


@given(TAGS, TAGS)
def test_the_order_of_the_list_does_not_matter(tags: list[str], more: list[str]) -> None:
    rules = TagRules(semver=">=0", newest=3)
    assert chosen(rules, [*tags, *more]) == chosen(rules, [*reversed(more), *reversed(tags)])
