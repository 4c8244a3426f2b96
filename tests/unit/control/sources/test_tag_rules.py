"""Which tags a source means, and in which order a list shows them."""

from datetime import UTC, datetime

import pytest

from pierhead.control.sources import OneTagRuleError, Sort, TagRule, Wanted, by_moment, wanted_tags
from pierhead.oci.tag_selection import InvalidTagRuleError

TAGS = ("latest", "1.25", "1.9", "2.0.0-rc.1", "1.25.3", "edge", "21.5")


@pytest.mark.parametrize(("tag", "regex", "semver"), [(None, None, None), ("", "", ""), ("1", "x", None)])
def test_exactly_one_rule_is_said(tag: str | None, regex: str | None, semver: str | None) -> None:
    with pytest.raises(OneTagRuleError):
        TagRule.parse(tag, regex, semver)


@pytest.mark.parametrize("regex", ["(", "(?=1)x", r"(a)\1"])
def test_a_pattern_that_cannot_be_read_is_said_at_once(regex: str) -> None:
    with pytest.raises(InvalidTagRuleError):
        TagRule.parse(None, regex)


def test_a_pattern_matches_the_whole_tag_newest_first() -> None:
    assert TagRule.parse(None, r"1\..*").matching(TAGS) == ("1.25.3", "1.25", "1.9")


@pytest.mark.parametrize("text", [r"\*", "*"])
def test_the_references_star_means_every_tag(text: str) -> None:
    assert set(TagRule.parse(None, text).matching(TAGS)) == set(TAGS)


def test_one_tag_is_itself_without_a_list() -> None:
    rule = TagRule.parse("1.25", None)
    assert not rule.needs_list
    assert rule.matching(()) == ("1.25",)


def test_a_range_leaves_names_and_release_candidates_out() -> None:
    assert TagRule.parse(None, None, ">=1.20 <3").matching(TAGS) == ("1.25.3", "1.25")


def test_a_list_is_newest_first_with_names_behind_versions() -> None:
    found = wanted_tags(Wanted(), TAGS)
    assert found[:5] == ["21.5", "2.0.0-rc.1", "1.25.3", "1.25", "1.9"]
    assert set(found[5:]) == {"latest", "edge"}


def test_a_list_by_name_is_from_a_to_z() -> None:
    assert wanted_tags(Wanted(tag_regex="[a-z]+", sort=Sort.NAME), TAGS) == ["edge", "latest"]


def test_a_hostile_pattern_takes_no_time() -> None:
    """The time limit of the suite is the assertion: with backtracking this takes longer than anybody lives."""
    assert wanted_tags(Wanted(tag_regex="(a+)+b"), ["a" * 128] * 10) == []


def test_tags_with_a_moment_come_first_and_none_is_left_out() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    assert by_moment(["3", "2", "1", "0"], {"2": early, "0": late}) == ["0", "2", "3", "1"]
