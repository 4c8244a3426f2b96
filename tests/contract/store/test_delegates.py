"""Rows of delegates."""

from dataclasses import replace
from typing import Any

import pytest

from pierhead.control.delegates import DelegateState, Experience
from pierhead.control.scopes import Scope

ACCOUNT, ORG, PROJECT = Scope("acct"), Scope("acct", "org"), Scope("acct", "org", "project")
MANY = 3_000


def put(store: Any, *delegates: Any) -> None:
    with store.transaction() as tx:
        for delegate in delegates:
            tx.delegates.put(delegate)


def test_delegates_come_back_as_they_were(store: Any, build: Any) -> None:
    plain = build.delegate(tags=(), kinds=(), session="")
    full = build.delegate(
        "d2",
        scope=PROJECT,
        state=DelegateState.WAITING_FOR_APPROVAL,
        approved_selectors=("eu", "höst"),
        is_connected=True,
        last_heartbeat_at=build.at(1),
        last_assigned_at=build.at(2),
        host_name="höst 'quoted' :name",
    )
    put(store, plain, full)
    with store.snapshot() as tx:
        assert tx.delegates.find("d1") == plain
        assert tx.delegates.find("d2") == full
        assert tx.delegates.find("none") is None


def test_a_delegate_that_is_put_again_replaces_itself_alone(store: Any, build: Any) -> None:
    put(store, build.delegate("d1"), build.delegate("d2"))
    changed = build.delegate("d1", scope=ORG, state=DelegateState.DISABLED, tags=("new",), session="s2", capacity=9)
    put(store, changed)
    with store.snapshot() as tx:
        assert tx.delegates.find("d1") == changed
        assert tx.delegates.find("d2") == build.delegate("d2")


def test_delegates_are_listed_by_account_and_state_in_order_of_enrolment(store: Any, build: Any) -> None:
    put(
        store,
        build.delegate("c", second=2),
        build.delegate("b", second=1, scope=PROJECT, state=DelegateState.DISABLED),
        build.delegate("a", second=2, state=DelegateState.WAITING_FOR_APPROVAL),
        build.delegate("deleted", state=DelegateState.DELETED),
        build.delegate("foreign", scope=Scope("other")),
    )
    with store.snapshot() as tx:
        everyone = tx.delegates.list("acct")
        some = tx.delegates.list("acct", {DelegateState.DISABLED, DelegateState.DELETED})
        assert tx.delegates.list("nobody") == ()
    assert [delegate.id for delegate in everyone] == ["b", "a", "c"]
    assert [delegate.id for delegate in some] == ["deleted", "b"]


def test_delegates_are_found_by_their_token(store: Any, build: Any) -> None:
    put(store, build.delegate("b", second=1), build.delegate("a", second=2), build.delegate("c", token_id="tok2"))
    put(store, build.delegate("deleted", state=DelegateState.DELETED))
    with store.snapshot() as tx:
        assert [delegate.id for delegate in tx.delegates.list_by_token("tok1")] == ["b", "a"]
        assert tx.delegates.list_by_token("none") == ()


@pytest.mark.parametrize("state", [state for state in DelegateState if state is not DelegateState.ENABLED])
def test_only_enabled_delegates_of_exactly_these_scopes_count(store: Any, build: Any, state: DelegateState) -> None:
    put(store, build.delegate("no", state=state), build.delegate("yes", scope=ORG))
    with store.snapshot() as tx:
        assert not tx.delegates.has_enabled([ACCOUNT])
        assert not tx.delegates.has_enabled([ACCOUNT, PROJECT, Scope("other"), Scope("other", "org")])
        assert not tx.delegates.has_enabled([])
        assert tx.delegates.has_enabled([ORG])
        assert tx.delegates.has_enabled([ACCOUNT, ORG, PROJECT])


def test_a_deleted_delegate_takes_its_experiences_with_it(store: Any, build: Any) -> None:
    put(store, build.delegate("d1"), build.delegate("d2"))
    with store.transaction() as tx:
        tx.experiences.put(Experience(name, "https://r", True, build.at(1)) for name in ("d1", "d2"))
        tx.delegates.delete("d1")
        tx.delegates.delete("absent")
    with store.snapshot() as tx:
        assert tx.delegates.find("d1") is None
        assert [row.delegate_id for row in tx.experiences.list(["d1", "d2"], ["https://r"])] == ["d2"]


def test_many_delegates_are_seen_and_gone_at_once(store: Any, build: Any) -> None:
    names = [f"d{number:04}" for number in range(MANY)]
    put(store, *(build.delegate(name) for name in (*names, "other")))
    with store.transaction() as tx:
        tx.delegates.seen([*names, "unknown"], build.at(5))
    with store.snapshot() as tx:
        found = tx.delegates.list("acct")
        assert tx.delegates.find("unknown") is None
    heard_of = {delegate.id for delegate in found if delegate.is_connected}
    assert heard_of == set(names)
    assert {delegate.last_heartbeat_at for delegate in found if delegate.is_connected} == {build.at(5)}
    with store.transaction() as tx:
        tx.delegates.gone(set(names[1:]))
        tx.delegates.gone(())
        tx.delegates.seen((), build.at(9))
    with store.snapshot() as tx:
        assert [delegate.id for delegate in tx.delegates.list("acct") if delegate.is_connected] == names[:1]
        assert tx.delegates.find(names[1]).last_heartbeat_at == build.at(5)


def test_whoever_was_heard_of_since_has_not_gone(store: Any, build: Any) -> None:
    put(store, *(build.delegate(name) for name in ("d1", "d2", "d3")))
    with store.transaction() as tx:
        tx.delegates.seen(["d1", "d2"], build.at(5))
        tx.delegates.seen(["d3"], build.at(6))
        tx.delegates.gone(["d1", "d3"], build.at(5))
    with store.snapshot() as tx:
        assert [delegate.id for delegate in tx.delegates.list("acct") if delegate.is_connected] == ["d2", "d3"]


def test_more_names_than_a_statement_takes_are_seen_too(store: Any, build: Any) -> None:
    put(store, build.delegate("d1"))
    with store.transaction() as tx:
        tx.delegates.seen([f"unknown {number}" for number in range(70_000)] + ["d1"], build.at(5))
    with store.snapshot() as tx:
        assert tx.delegates.find("d1").is_connected


def test_an_assignment_changes_nothing_else(store: Any, build: Any) -> None:
    put(store, build.delegate())
    with store.transaction() as tx:
        tx.delegates.assigned("d1", build.at(4))
        tx.delegates.assigned("absent", build.at(4))
    with store.snapshot() as tx:
        assert tx.delegates.find("d1") == replace(build.delegate(), last_assigned_at=build.at(4))


def test_the_silent_are_lost_while_connected_and_forgettable_once_they_are_not(store: Any, build: Any) -> None:
    def heard(name: str, at: float | None, *, is_connected: bool) -> Any:
        last = None if at is None else build.at(at)
        return build.delegate(name, is_connected=is_connected, last_heartbeat_at=last)

    put(
        store,
        heard("silent", 9, is_connected=True),
        heard("alive", 10, is_connected=True),
        heard("away", 9, is_connected=False),
        heard("just away", 10, is_connected=False),
        heard("never there", None, is_connected=False),
        build.delegate("new", second=10),
    )
    with store.snapshot() as tx:
        assert [delegate.id for delegate in tx.delegates.lost_before(build.at(10))] == ["silent"]
        assert [delegate.id for delegate in tx.delegates.forgettable(build.at(10))] == ["away", "never there"]
