"""What a run of a mirror does with each tag."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.mirroring import (
    Deletion,
    Fate,
    Found,
    Holding,
    MirroredRepository,
    MirrorSpec,
    Survey,
    known_immutable,
    plan,
)
from pierhead.control.mirroring.planning import after_missing
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.oci.tag_selection import TagRules

NOW = datetime(2026, 1, 5, tzinfo=UTC)
A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
SPEC = MirrorSpec(
    ScopedReference.parse("account.hub"),
    ScopedReference.parse("account.own"),
    (MirroredRepository("app", TagRules(semver=">=1")),),
)
DELETING = replace(SPEC, deletion=Deletion.AFTER_TWO_LISTINGS)


def held(tag: str = "1", digest: str = A, missed: int = 0) -> Holding:
    return Holding(Scope("acct"), "m", "app", tag, digest, digest, NOW, "r", missed)


def found(tag: str = "1", digest: str = A, code: str = "") -> Found:
    return Found("app", tag, "" if code else digest, (code, "it said no") if code else None)


def listing(*tags: str) -> Survey:
    return Survey((), {"app": frozenset(tags)})


@pytest.mark.parametrize(
    ("spec", "survey", "holdings", "fate", "words"),
    [
        (SPEC, Survey((found(),)), (), Fate.COPY, "new"),
        (SPEC, Survey((found(),)), (held(),), Fate.KEEP, "the target has it"),
        (SPEC, Survey((found(digest=B),)), (held(),), Fate.COPY, "moved from sha256:aaa"),
        (replace(SPEC, immutable=("*",)), Survey((found(digest=B),)), (held(),), Fate.REFUSE, "never moves"),
        (SPEC, Survey((found(),)), (replace(held(), is_deleted=True),), Fate.COPY, "new"),
        (SPEC, Survey((found(code="registry-rate-limited"),)), (), Fate.FAIL, "it said no"),
        (SPEC, Survey((found(code="registry-rate-limited"),)), (held(),), Fate.FAIL, "it said no"),
        (SPEC, Survey((found(code="manifest-unknown"),)), (), Fate.FAIL, "it said no"),
        (SPEC, Survey((found(code="manifest-unknown"),)), (held(),), Fate.MISSING, "kept at the target"),
        (SPEC, listing(), (held(),), Fate.MISSING, "kept at the target"),
        (SPEC, listing(), (held(missed=7),), Fate.MISSING, "kept at the target"),
        (SPEC, listing("1"), (held(),), Fate.KEEP, "no rule asks for it"),
        (SPEC, Survey(()), (held(),), Fate.KEEP, "no rule asks for it"),
        (DELETING, listing(), (held(),), Fate.MISSING, "kept at the target"),
        (DELETING, listing(), (held(missed=1),), Fate.DELETE, "2 times in a row"),
        (DELETING, Survey(()), (held(missed=1),), Fate.KEEP, "no rule asks for it"),
        (DELETING, Survey((), {}, {"app": ("denied", "not for you")}), (held(missed=1),), Fate.FAIL, "not for you"),
        (SPEC, Survey((found(),), pulls_left=1), (), Fate.DEFER, "1 pulls are left"),
        (replace(SPEC, reserve=50), Survey((found(),), pulls_left=51), (), Fate.DEFER, "50 are kept for pipelines"),
        (replace(SPEC, reserve=50), Survey((found(),), pulls_left=52), (), Fate.COPY, "new"),
    ],
)
def test_a_tag_meets_this_fate(
    spec: MirrorSpec, survey: Survey, holdings: tuple[Holding, ...], fate: Fate, words: str
) -> None:
    (item,) = plan(spec, survey, holdings).items
    assert item.fate is fate
    assert words in item.reason


def test_a_repository_that_cannot_be_asked_is_said_even_when_nothing_of_it_is_held() -> None:
    (item,) = plan(SPEC, Survey((), failures={"app": ("denied", "not for you")}), ()).items
    assert (item.fate, item.code, item.repository) == (Fate.FAIL, "denied", "app")


def test_what_the_limit_has_no_room_for_waits_and_the_rest_is_counted() -> None:
    survey = Survey((found("1"), found("2"), found("3")), pulls_left=5)
    made = plan(SPEC, survey, ())
    assert [item.fate for item in made.items] == [Fate.COPY, Fate.COPY, Fate.DEFER]
    assert made.pulls == 4


def test_a_tag_that_never_moves_is_not_asked_for_again() -> None:
    spec = replace(SPEC, immutable=("1.*",))
    known = known_immutable(spec, [held("1.2"), held("latest"), replace(held("1.3"), is_deleted=True)])
    assert known == {("app", "1.2"): A}


def test_misses_are_counted_in_a_row_and_forgotten_when_the_tag_is_back() -> None:
    holdings = (held("gone", missed=1), held("back", missed=1), held("still"))
    made = plan(DELETING, Survey((found("back"), found("still")), {"app": frozenset(("back", "still"))}), holdings)
    changed = {holding.tag: holding.missed for holding in after_missing(made, holdings, NOW)}
    assert changed == {"gone": 2, "back": 0}


@given(
    st.lists(st.sampled_from("abcdef"), unique=True),
    st.lists(st.sampled_from("abcdef"), unique=True),
    st.lists(st.sampled_from("abcdef"), unique=True),
    st.booleans(),
)
def test_nothing_is_deleted_but_what_a_complete_list_lacked_before_and_now(
    seen: list[str], kept: list[str], missed: list[str], complete: bool
) -> None:
    listed = {"app": frozenset(seen)} if complete else {}
    holdings = [held(tag, missed=1 if tag in missed else 0) for tag in kept]
    made = plan(DELETING, Survey(tuple(found(tag) for tag in seen), listed), holdings)
    assert {item.tag for item in made.of(Fate.DELETE)} == (
        {tag for tag in kept if tag in missed and tag not in seen} if complete else set()
    )
    assert sorted(item.tag for item in made.items) == sorted({*seen, *kept})
