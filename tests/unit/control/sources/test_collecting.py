"""What a poll makes of what a registry answered."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pierhead.control.scopes import Scope
from pierhead.control.sources import (
    Digests,
    EventKind,
    Listing,
    SeenTag,
    TagRule,
    Watch,
    WatchEvent,
    WatchState,
    to_check,
)
from pierhead.control.sources.collecting import FORGET_AFTER, Collection, collect, failed

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
WATCH = Watch(Scope("a"), "w", "w", "hub", "x/y", TagRule(tag_regex=".*"), 300, NOW, NOW)
LATER = NOW + timedelta(minutes=5)
BEGUN = WatchState(NOW, first_at=NOW, good_at=NOW, is_complete=True, newest="1.0")


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def collected(
    state: WatchState,
    known: Mapping[str, SeenTag],
    tags: tuple[str, ...],
    digests: Mapping[str, str],
    *,
    truncated: bool = False,
    now: datetime = LATER,
    absent: frozenset[str] = frozenset(),
) -> Collection:
    asked = Digests(digests, asked=len(tags), absent=absent)
    return collect(WATCH, state, known, Listing(tags, len(tags), truncated), asked, now)


def test_the_first_collection_only_records() -> None:
    first = collected(WatchState(NOW), {}, ("1.0", "1.1"), {"1.0": "A"})
    assert first.events == ()
    assert first.changed == (
        SeenTag("1.0", "A", at(5), at(5), None, True),
        SeenTag("1.1", None, at(5), None, None, True),
    )
    assert first.state == WatchState(
        at(10), at(5), at(5), at(5), is_complete=True, listed=2, matching=2, newest="1.1", unread=1
    )


def test_new_tags_are_told_the_newest_last() -> None:
    known = {"1.0": SeenTag("1.0", "A", NOW)}
    later = collected(BEGUN, known, ("1.9", "1.10", "1.0"), {"1.9": "B", "1.10": "C"})
    assert later.events == (
        WatchEvent(EventKind.NEW, "1.9", at(5), None, "B"),
        WatchEvent(EventKind.NEW, "1.10", at(5), None, "C"),
    )
    assert later.state.newest == "1.10"
    assert all(not seen.is_first for seen in later.changed)


def test_a_moved_tag_is_told_with_both_digests() -> None:
    known = {"latest": SeenTag("latest", "A", NOW, NOW, None, True)}
    later = collected(BEGUN, known, ("latest",), {"latest": "B"})
    assert later.events == (WatchEvent(EventKind.MOVED, "latest", at(5), "A", "B"),)
    assert later.changed == (SeenTag("latest", "B", NOW, at(5), None, True),)


def test_a_digest_that_comes_later_is_no_move() -> None:
    known = {"1.0": SeenTag("1.0", None, NOW)}
    later = collected(BEGUN, known, ("1.0",), {"1.0": "A"})
    assert later.events == ()
    assert later.changed == (SeenTag("1.0", "A", NOW, at(5)),)


def test_a_digest_that_was_not_read_leaves_the_one_before() -> None:
    known = {"1.0": SeenTag("1.0", "A", NOW, NOW)}
    later = collected(BEGUN, known, ("1.0",), {})
    assert (later.events, later.changed, later.state.unread) == ((), (), 1)


def test_a_partial_list_takes_no_tag_away_and_leaves_the_newest() -> None:
    known = {"1.0": SeenTag("1.0", "A", NOW), "2.0": SeenTag("2.0", "B", NOW)}
    part = collected(replace(BEGUN, newest="2.0"), known, ("1.0",), {}, truncated=True)
    assert part.changed == ()
    assert part.state.newest == "2.0"
    assert part.state.is_truncated
    assert part.state.is_complete


def test_while_no_whole_list_was_seen_nothing_is_called_new() -> None:
    part = collected(WatchState(NOW), {}, ("1.0",), {"1.0": "A"}, truncated=True)
    assert (part.events, part.state.is_complete, part.state.newest) == ((), False, None)
    known = {seen.tag: seen for seen in part.changed}
    more = collected(part.state, known, ("1.0", "0.9"), {"1.0": "B", "0.9": "C"}, truncated=True)
    assert more.events == (WatchEvent(EventKind.MOVED, "1.0", at(5), "A", "B"),)
    whole = collected(more.state, known, ("1.0", "0.9", "0.8"), {}, truncated=False)
    assert whole.events == ()
    assert whole.state.is_complete


def test_a_tag_that_is_missing_for_a_while_comes_back_as_itself() -> None:
    known = {"1.0": SeenTag("1.0", "A", NOW), "0.9": SeenTag("0.9", "B", NOW)}
    gone = collected(BEGUN, known, ("0.9",), {})
    [missing] = gone.changed
    assert missing == SeenTag("1.0", "A", NOW, None, at(5))
    assert (gone.events, gone.forgotten, gone.state.newest) == ((), (), "0.9")
    back = collected(gone.state, {**known, "1.0": missing}, ("1.0", "0.9"), {"1.0": "A"}, now=at(10))
    assert back.events == ()
    assert back.changed[0].missing_since is None
    long_gone = collected(gone.state, {"1.0": missing}, (), {}, now=at(5) + FORGET_AFTER)
    assert (long_gone.forgotten, long_gone.changed) == (("1.0",), ())


def test_a_tag_that_was_deleted_between_list_and_digest_counts_as_missing() -> None:
    known = {"1.0": SeenTag("1.0", "A", NOW)}
    later = collected(BEGUN, known, ("1.0", "1.1"), {}, absent=frozenset({"1.0", "1.1"}))
    assert [seen.missing_since for seen in later.changed] == [at(5)]
    assert (later.events, later.state.unread, later.state.newest) == ((), 0, None)


def test_new_tags_are_asked_for_first_then_those_not_asked_for_the_longest() -> None:
    known = {
        "a": SeenTag("a", "A", NOW, at(3)),
        "b": SeenTag("b", None, NOW),
        "c": SeenTag("c", "C", NOW, at(1)),
    }
    assert to_check(known, ("a", "b", "c", "new"), 3) == ("new", "b", "c")
    assert to_check(known, ("a",), 3) == ("a",)


def test_a_failure_keeps_the_last_good_answer_and_waits_longer_each_time() -> None:
    once = failed(WATCH, BEGUN, "unauthenticated", "no login", at(5))
    assert (once.error_code, once.error, once.failures) == ("unauthenticated", "no login", 1)
    assert (once.good_at, once.newest, once.next_poll_at) == (NOW, "1.0", at(10))
    state = once
    for _ in range(20):
        state = failed(WATCH, state, "x", "y", at(5))
    assert state.next_poll_at == at(65)
    better = collected(state, {}, (), {})
    assert (better.state.error, better.state.failures, better.state.next_poll_at) == ("", 0, at(10))
