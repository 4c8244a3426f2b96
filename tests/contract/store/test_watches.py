"""Watches, and rows of what they have seen."""

from dataclasses import replace
from typing import Any

import pytest

from pierhead.control.scopes import Scope
from pierhead.control.sources import EventKind, SeenTag, TagRule, Watch, WatchEvent, WatchState
from pierhead.kit.paging import PageRequest

ACCOUNT, PROJECT = Scope("acct"), Scope("acct", "o", "p")
A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def _state(build: Any, second: float, **more: Any) -> WatchState:
    return WatchState(next_poll_at=build.at(second), **more)


def test_a_watch_comes_back_as_it_was_made(store: Any, build: Any) -> None:
    watch = Watch(
        PROJECT, "w", "Wätch", "account.hub", "library/nginx", TagRule(tag_regex=r"1\..*"), 300,
        build.at(1), build.at(2), "who knows", {"team": "ü"},
    )  # fmt: skip
    with store.transaction() as tx:
        assert tx.watches.add(watch)
        assert not tx.watches.add(replace(watch, image="other"))
    with store.snapshot() as tx:
        assert tx.watches.find(PROJECT, "w") == watch
        assert tx.watches.find(ACCOUNT, "w") is None


def test_a_state_is_written_over_and_found_by_its_watch(store: Any, build: Any) -> None:
    full = _state(
        build, 9, polled_at=build.at(3), good_at=build.at(2), first_at=build.at(1), is_complete=True,
        is_truncated=True, listed=7, matching=5, newest="1.2", unread=1, error_code="x", error="nö", failures=2,
    )  # fmt: skip
    with store.transaction() as tx:
        tx.watch_records.put_state(PROJECT, "w", _state(build, 1))
        tx.watch_records.put_state(PROJECT, "w", full)
        tx.watch_records.put_state(ACCOUNT, "w", _state(build, 2))
    with store.snapshot() as tx:
        assert tx.watch_records.find_state(PROJECT, "w") == full
        assert tx.watch_records.find_state(ACCOUNT, "w") == _state(build, 2)
        assert tx.watch_records.find_state(PROJECT, "none") is None


def test_a_watch_that_is_due_is_claimed_once(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        for name, second in (("late", 5), ("first", 1), ("second", 2)):
            tx.watch_records.put_state(PROJECT, name, _state(build, second))
    with store.transaction() as tx:
        claimed = tx.watch_records.claim_due(build.at(3), build.at(100), 1)
        assert claimed == ((PROJECT, "first"),)
    with store.transaction() as tx:
        assert tx.watch_records.claim_due(build.at(3), build.at(100), 9) == ((PROJECT, "second"),)
        assert tx.watch_records.claim_due(build.at(3), build.at(100), 9) == ()
        found = tx.watch_records.find_state(PROJECT, "first")
        assert found is not None
        assert found.next_poll_at == build.at(100)


def test_tags_are_written_over_and_removed_by_name(store: Any, build: Any) -> None:
    first = SeenTag("1.0", None, build.at(1), None, None, True)
    moved = SeenTag("1.0", B, build.at(1), build.at(5), build.at(6))
    with store.transaction() as tx:
        tx.watch_records.put_tags(PROJECT, "w", [first, SeenTag("2.0", A, build.at(2))])
        tx.watch_records.put_tags(PROJECT, "w", [moved])
        tx.watch_records.put_tags(PROJECT, "w", ())
        tx.watch_records.put_tags(PROJECT, "other", [first])
        tx.watch_records.remove_tags(PROJECT, "w", ["2.0", "none"])
    with store.snapshot() as tx:
        assert tx.watch_records.tags(PROJECT, "w") == {"1.0": moved}
        assert tx.watch_records.tags(PROJECT, "other") == {"1.0": first}


def test_events_are_read_newest_first_and_the_oldest_go(store: Any, build: Any) -> None:
    events = [WatchEvent(EventKind.NEW, f"1.{n}", build.at(n), None, A) for n in range(4)]
    moved = WatchEvent(EventKind.MOVED, "1.0", build.at(9), A, B)
    with store.transaction() as tx:
        tx.watch_records.add_events(PROJECT, "w", events, 3)
        tx.watch_records.add_events(PROJECT, "other", events[:1], 3)
        tx.watch_records.add_events(PROJECT, "w", [moved], 3)
        tx.watch_records.add_events(PROJECT, "w", [], 1)
    with store.snapshot() as tx:
        found = tx.watch_records.events(PROJECT, "w", PageRequest(0, 2))
        assert (found.items, found.total) == ((moved, events[3]), 3)
        assert tx.watch_records.events(PROJECT, "w", PageRequest(1, 2)).items == (events[2],)
        assert tx.watch_records.events(PROJECT, "other", PageRequest()).items == (events[0],)


@pytest.mark.parametrize("way", ["alone", "with its project"])
def test_what_a_watch_has_seen_goes_with_it(store: Any, build: Any, way: str) -> None:
    with store.transaction() as tx:
        for scope in (PROJECT, ACCOUNT):
            tx.watch_records.put_state(scope, "w", _state(build, 1))
            tx.watch_records.put_tags(scope, "w", [SeenTag("1.0", A, build.at(1))])
            tx.watch_records.add_events(scope, "w", [WatchEvent(EventKind.NEW, "1.0", build.at(1))], 9)
    with store.transaction() as tx:
        if way == "alone":
            tx.watch_records.remove(PROJECT, "w")
        else:
            tx.contents.clear(PROJECT)
    with store.snapshot() as tx:
        assert tx.watch_records.find_state(PROJECT, "w") is None
        assert not tx.watch_records.tags(PROJECT, "w")
        assert tx.watch_records.events(PROJECT, "w", PageRequest()).total == 0
        assert tx.watch_records.find_state(ACCOUNT, "w") is not None
        assert tx.watch_records.tags(ACCOUNT, "w")
        assert tx.watch_records.events(ACCOUNT, "w", PageRequest()).total == 1
