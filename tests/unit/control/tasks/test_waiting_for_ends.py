"""Waiting until a task has ended, whoever ends it; on the store in memory."""

import threading

import pytest

from pierhead.control.tasks import Lease, TaskNotFoundError, TaskQueue, TaskRow, TaskState
from pierhead.control.tasks.bell import Bells
from pierhead.kit.signals import Signal, Topic
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore


class Waiter:
    """Waits on a thread of its own, up to a minute."""

    def __init__(self, queue: TaskQueue, task_id: str) -> None:
        self._found: list[TaskRow | None] = []
        self._thread = threading.Thread(target=lambda: self._found.append(queue.wait_for_end(task_id, 60)), daemon=True)
        self._thread.start()

    @property
    def is_waiting(self) -> bool:
        return self._thread.is_alive()

    def result(self) -> TaskRow | None:
        self._thread.join(10)
        assert not self._thread.is_alive()
        return self._found[0]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def queue(store: MemoryStore) -> TaskQueue:
    return TaskQueue(store, FakeClock())


def leased(store: MemoryStore, queue: TaskQueue) -> Lease:
    with store.transaction() as tx:
        task_id = queue.enqueue(tx, "acct", "test", {}, route={}).id
        lease = queue.acquire(tx, task_id, "d1")
    assert lease is not None
    return lease


def finish(store: MemoryStore, queue: TaskQueue, lease: Lease) -> None:
    with store.transaction() as tx:
        queue.finish(tx, lease, TaskState.SUCCEEDED, None, {"n": 1})


def test_nobody_waits_for_a_task_that_is_not_there(queue: TaskQueue) -> None:
    with pytest.raises(TaskNotFoundError):
        queue.wait_for_end("none", 60)


def test_a_task_that_goes_on_is_not_waited_for_beyond_the_limit(store: MemoryStore, queue: TaskQueue) -> None:
    lease = leased(store, queue)
    assert queue.wait_for_end(lease.id, 0) is None
    assert queue.wait_for_end(lease.id, 0.01) is None


def test_a_task_that_has_ended_is_there_at_once(store: MemoryStore, queue: TaskQueue) -> None:
    lease = leased(store, queue)
    finish(store, queue, lease)
    ended = queue.wait_for_end(lease.id, 0)
    assert ended is not None
    assert ended.result == {"n": 1}


def test_the_end_wakes_those_who_wait_for_it_and_nobody_else(store: MemoryStore, queue: TaskQueue) -> None:
    mine, other = leased(store, queue), leased(store, queue)
    waiters = [Waiter(queue, mine.id), Waiter(queue, mine.id)]
    still = Waiter(queue, other.id)
    finish(store, queue, mine)
    for waiter in waiters:
        ended = waiter.result()
        assert ended is not None
        assert ended.state is TaskState.SUCCEEDED
    assert still.is_waiting
    finish(store, queue, other)
    assert still.result() is not None


def test_the_end_is_noticed_when_another_server_brings_it_about(store: MemoryStore, queue: TaskQueue) -> None:
    elsewhere = TaskQueue(store, FakeClock())
    lease = leased(store, elsewhere)
    waiter = Waiter(queue, lease.id)
    finish(store, elsewhere, lease)
    assert waiter.result() is not None


def test_a_signal_that_anything_may_have_changed_makes_all_look_again(store: MemoryStore, queue: TaskQueue) -> None:
    lease = leased(store, queue)
    waiter = Waiter(queue, lease.id)
    unheard = MemoryStore()
    unheard._committed = store._committed.copy()  # as if the end was told while the connection was broken
    finish(unheard, TaskQueue(unheard, FakeClock()), lease)
    store._committed = unheard._committed
    while waiter.is_waiting:
        store.signals.tell(Signal(Topic.TASK_ENDED))
    assert waiter.result() is not None


def test_a_server_that_stops_waits_for_nothing(store: MemoryStore, queue: TaskQueue) -> None:
    waiter = Waiter(queue, leased(store, queue).id)
    while waiter.is_waiting:  # it may not have begun to wait when the first call comes
        queue.wake()
    assert waiter.result() is None


def test_bells_that_nobody_waits_for_are_not_kept() -> None:
    bells = Bells()
    with bells.at("a") as first, bells.at("a") as second, bells.at("b") as other:
        bells.ring("a")
        assert (first.count, second.count, other.count) == (1, 1, 0)
        bells.ring()
        assert (first.count, second.count, other.count) == (2, 2, 1)
    bells.ring("a")
    assert bells._waiting == {}
