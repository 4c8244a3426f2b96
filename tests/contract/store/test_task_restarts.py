"""What becomes of leases when the only server was gone for a while."""

from datetime import datetime
from typing import Any

import pytest

from pierhead.control.tasks import StaleLeaseError, TaskQueue, TaskState
from pierhead.testing.clock import FakeClock

LEASE_S = 10
AWAY_S = 15.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue(store: Any, clock: FakeClock) -> TaskQueue:
    return TaskQueue(store, clock, lease_s=LEASE_S)


def leased(store: Any, queue: TaskQueue, owner: str) -> Any:
    with store.transaction() as tx:
        task = queue.enqueue(tx, "acct", "pull", {}, route={})
        return queue.acquire(tx, task.id, owner)


def restart(store: Any, queue: TaskQueue) -> list[str]:
    """As a server does that was the only one; the tasks it put back."""
    with store.transaction() as tx:
        queue.spare_in(tx, "platform")
        return [task.id for task in queue.reclaim_in(tx, "platform")]


def expiry(store: Any, lease: Any) -> datetime | None:
    with store.snapshot() as tx:
        found: datetime | None = tx.tasks.find(lease.id).lease_expires_at
    return found


def test_who_worked_on_while_no_server_was_there_may_finish_after_any_number_of_starts(
    store: Any, queue: TaskQueue, clock: FakeClock
) -> None:
    lease = leased(store, queue, "delegate")
    for _ in range(5):  # more often than a task has attempts
        clock.advance(AWAY_S)
        assert restart(store, queue) == []
    with store.transaction() as tx:
        queue.finish(tx, lease, TaskState.SUCCEEDED)


def test_who_says_nothing_for_a_lease_after_the_start_loses_the_task(
    store: Any, queue: TaskQueue, clock: FakeClock
) -> None:
    lease = leased(store, queue, "delegate")
    clock.advance(AWAY_S)
    restart(store, queue)
    clock.advance(LEASE_S)
    assert [task.id for task in queue.sweep()] == [lease.id]
    with pytest.raises(StaleLeaseError), store.transaction() as tx:
        queue.finish(tx, lease, TaskState.SUCCEEDED)


def test_what_the_earlier_life_held_is_put_back_at_once(store: Any, queue: TaskQueue) -> None:
    own, other = leased(store, queue, "platform"), leased(store, queue, "delegate")
    assert restart(store, queue) == [own.id]
    assert expiry(store, other) is not None


def test_a_lease_that_is_long_enough_or_to_be_cancelled_gets_no_more_time(
    store: Any, queue: TaskQueue, clock: FakeClock
) -> None:
    fresh, ending = leased(store, queue, "delegate"), leased(store, queue, "delegate")
    with store.transaction() as tx:
        queue.cancel(tx, ending.id)
    before = expiry(store, fresh), expiry(store, ending)
    restart(store, queue)
    assert (expiry(store, fresh), expiry(store, ending)) == before
    clock.advance(AWAY_S)
    assert restart(store, queue) == [ending.id]
