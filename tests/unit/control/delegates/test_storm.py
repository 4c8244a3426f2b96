"""Three thousand delegates and a thousand tasks: what a look costs."""

import time
from typing import Any

import pytest

from pierhead.control.delegates import Delegate, DelegateGroup, DelegateState, Route
from pierhead.control.scopes import Scope
from pierhead.testing.memory_delegates import MemoryDelegateRows

ACCOUNT = Scope("acct")
HUB = "https://docker.io"


def fleet(yard: Any, size: int) -> None:
    token, _ = yard.token()
    now = yard.clock.now()
    with yard.store.transaction() as tx:
        for n in range(100):
            tx.delegate_groups.add(DelegateGroup(f"g{n}", ACCOUNT, f"n{n}", now))
        for n in range(size):
            tx.delegates.put(
                Delegate(
                    id=f"{n:032x}",
                    group_id=f"g{n % 100}",
                    scope=ACCOUNT,
                    name=f"n{n % 100}",
                    host_name=f"h{n}",
                    signing_key=b"",
                    sealing_key=b"",
                    token_id=token.id,
                    state=DelegateState.ENABLED,
                    version="1",
                    kinds=("pull",),
                    capacity=10,
                    enrolled_at=now,
                    tags=(f"t{n % 50}",),
                    session="s" * 16,
                    is_connected=True,
                    last_heartbeat_at=now,
                )
            )


def enqueue(yard: Any, count: int) -> None:
    with yard.store.transaction() as tx:
        for n in range(count):
            selectors = (f"t{n % 50}",) if n % 2 else ()
            yard.queue.enqueue(tx, "acct", "pull", {}, route=Route(ACCOUNT, selectors, origins=(HUB,)).to_json())


def test_a_thousand_tasks_are_offered_to_three_thousand_delegates_in_a_moment(
    yard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet(yard, 3000)
    enqueue(yard, 1000)
    reads: list[str] = []
    real = MemoryDelegateRows.list
    monkeypatch.setattr(MemoryDelegateRows, "list", lambda rows, *given: (reads.append("all"), real(rows, *given))[1])
    began = time.process_time()
    while len(yard.offered) < 1000:
        yard.dispatcher.dispatch()
    took_s = time.process_time() - began
    assert reads == ["all"], "the delegates are read once"
    offers = yard.taken_offers()
    assert len(offers) == 1000
    assert max(offers.count(one) for one in set(offers)) <= 2, "spread, not heaped"
    assert took_s < 10, "seconds of processor; it takes a third of one"


def test_with_nothing_due_three_thousand_delegates_cost_nothing(yard: Any) -> None:
    fleet(yard, 3000)
    enqueue(yard, 10)
    yard.dispatcher.dispatch()
    yard.store.transaction = None
    began = time.process_time()
    for _ in range(20):
        assert yard.dispatcher.dispatch() == 5
    assert time.process_time() - began < 2


def test_a_thousand_tasks_for_a_few_full_delegates_wait_without_a_row_of_log_each_time(yard: Any) -> None:
    for name in "ab":
        yard.running(name, capacity=1)
    with yard.store.transaction() as tx:
        route = Route(ACCOUNT, origins=(HUB,))
        tasks = [yard.queue.enqueue(tx, "acct", "pull", {}, route=route.to_json()) for _ in range(1000)]
    yard.dispatcher.dispatch()
    assert len(yard.taken_offers()) == 2

    def lines() -> int:
        with yard.store.snapshot() as tx:
            return sum(len(tx.selection_log.list(task.id)) for task in tasks[-10:])

    before = lines()
    for _ in range(3):
        yard.clock.advance(10)
        yard.dispatcher.dispatch()
    assert lines() == before
