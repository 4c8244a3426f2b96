"""The queue's use cases of tasks that are offered to delegates, on the store in memory: refusals first."""

from collections.abc import Callable

import pytest

from pierhead.control.tasks import (
    CheckpointTooLargeError,
    Lease,
    StaleLeaseError,
    TaskNotFoundError,
    TaskQueue,
    TaskRow,
    TaskState,
)
from pierhead.kit.errors import TooLargeError
from pierhead.kit.paging import PageRequest
from pierhead.kit.signals import Topic
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

KIB = 1024


class Desk:
    """A queue on its store and clock, and every signal that was told, as ``topic key``."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.clock = FakeClock()
        self.count = 0
        self.queue = TaskQueue(self.store, self.clock, self._next_id, lease_s=60)
        self.told: list[str] = []
        for topic in Topic:
            self.store.signals.on(topic, self._note(topic))

    def enqueue(self, *, is_routed: bool = True) -> TaskRow:
        route: dict[str, object] | None = {"origins": ["https://r.example.com"]} if is_routed else None
        with self.store.transaction() as tx:
            return self.queue.enqueue(tx, "acct", "pull", {}, route=route)

    def acquire(self, task_id: str = "t1", owner: str = "d1") -> Lease:
        with self.store.transaction() as tx:
            lease = self.queue.acquire(tx, task_id, owner)
        assert lease is not None
        return lease

    def find(self, task_id: str = "t1") -> TaskRow:
        return self.queue.get("acct", task_id)

    def told_since(self) -> list[str]:
        told, self.told = self.told, []
        return told

    def _next_id(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def _note(self, topic: Topic) -> Callable[[str], None]:
        return lambda key: self.told.append(f"{topic} {key}")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_stale_lease_leaves_no_checkpoint_and_is_not_held(desk: Desk) -> None:
    desk.enqueue()
    stale = desk.acquire()
    desk.clock.advance(60)
    desk.acquire(owner="d2")
    with desk.store.transaction() as tx:
        with pytest.raises(StaleLeaseError):
            desk.queue.checkpoint(tx, stale, {})
        with pytest.raises(StaleLeaseError):
            desk.queue.held(tx, "t1", "d1", 1)
        with pytest.raises(StaleLeaseError):
            desk.queue.held(tx, "none", "d1", 1)
    assert desk.find().checkpoint is None


@pytest.mark.parametrize("text", ["x" * (16 * KIB), "é" * (8 * KIB), '"' * (8 * KIB)])
def test_a_checkpoint_that_is_too_large_is_refused_and_the_one_before_stays(desk: Desk, text: str) -> None:
    desk.enqueue()
    lease = desk.acquire()
    with desk.store.transaction() as tx:
        desk.queue.checkpoint(tx, lease, {"kept": 1})
        with pytest.raises(CheckpointTooLargeError) as raised:
            desk.queue.checkpoint(tx, lease, {"a": text})
    assert isinstance(raised.value, TooLargeError)
    assert (raised.value.task_id, raised.value.max_bytes) == ("t1", 16 * KIB)
    assert desk.find().checkpoint == {"kept": 1}


def test_a_checkpoint_may_be_just_as_large_as_the_cap(desk: Desk) -> None:
    desk.enqueue()
    lease = desk.acquire()
    with desk.store.transaction() as tx:
        desk.queue.checkpoint(tx, lease, {"a": "x" * (16 * KIB - len('{"a":""}'))})


def test_a_task_is_shown_to_its_own_account_only(desk: Desk) -> None:
    task = desk.enqueue()
    assert desk.queue.get("acct", "t1") == task
    assert desk.queue.find("other", "t1") is None
    for account, task_id in (("other", "t1"), ("acct", "none")):
        with pytest.raises(TaskNotFoundError):
            desk.queue.get(account, task_id)
    assert desk.queue.page("acct", (), PageRequest()).items == (task,)
    assert desk.queue.page("acct", {TaskState.LEASED}, PageRequest()).items == ()
    assert desk.queue.page("other", (), PageRequest()).items == ()


def test_a_task_with_a_route_is_not_leased_but_acquired(desk: Desk) -> None:
    task = desk.enqueue()
    assert task.offer_at == desk.clock.now()
    assert desk.queue.lease("platform", ["pull"]) is None
    lease = desk.acquire()
    assert (lease.owner, lease.fence) == ("d1", 1)
    assert lease.task == desk.find()
    with desk.store.transaction() as tx:
        assert desk.queue.acquire(tx, "t1", "d2") is None
        assert desk.queue.acquire(tx, "none", "d2") is None


def test_a_task_without_a_route_is_not_acquired(desk: Desk) -> None:
    desk.enqueue(is_routed=False)
    with desk.store.transaction() as tx:
        assert desk.queue.acquire(tx, "t1", "d1") is None


def test_a_held_lease_shows_the_task_as_it_stands(desk: Desk) -> None:
    desk.enqueue()
    lease = desk.acquire()
    with desk.store.transaction() as tx:
        desk.queue.checkpoint(tx, lease, {"done": [1]})
        desk.queue.cancel(tx, "t1")
        held = desk.queue.held(tx, "t1", "d1", 1)
    assert held.task == desk.find()
    assert held.is_cancel_requested
    assert held.task.checkpoint == {"done": [1]}


def test_only_the_lease_that_ended_a_task_may_say_so_again(desk: Desk) -> None:
    desk.enqueue()
    lease = desk.acquire()
    with desk.store.transaction() as tx:
        assert not desk.queue.is_ended_by(tx, "t1", "d1", 1)
        desk.queue.finish(tx, lease, TaskState.SUCCEEDED, None, {"digest": "sha256:aa"})
        assert desk.queue.is_ended_by(tx, "t1", "d1", 1)
        assert not desk.queue.is_ended_by(tx, "t1", "d2", 1)
        assert not desk.queue.is_ended_by(tx, "t1", "d1", 2)
        assert not desk.queue.is_ended_by(tx, "none", "d1", 1)
    assert desk.find().result == {"digest": "sha256:aa"}


def test_every_change_is_told_to_those_whom_it_concerns(desk: Desk) -> None:
    desk.enqueue()
    assert desk.told_since() == ["task-waits t1"]
    desk.enqueue(is_routed=False)
    assert desk.told_since() == ["task-queued t2"]
    lease = desk.acquire()
    assert desk.told_since() == []
    with desk.store.transaction() as tx:
        desk.queue.release(tx, lease)
    assert desk.told_since() == ["task-waits t1"]
    lease = desk.acquire()
    with desk.store.transaction() as tx:
        desk.queue.cancel(tx, "t1")
    assert desk.told_since() == ["task-cancel t1"]
    with desk.store.transaction() as tx:
        desk.queue.release(tx, lease)
    assert desk.told_since() == ["task-ended t1"]


def test_every_end_is_told(desk: Desk) -> None:
    for _ in range(3):
        desk.enqueue()
    lease = desk.acquire("t1")
    desk.told_since()
    with desk.store.transaction() as tx:
        desk.queue.finish(tx, lease, TaskState.FAILED)
        desk.queue.cancel(tx, "t2")
        dead = desk.queue.give_up(tx, "t3", {"code": "no-delegate"})
        assert desk.queue.give_up(tx, "t1", {"code": "no-delegate"}) is None
    assert dead == desk.find("t3")
    assert dead.error == {"code": "no-delegate"}
    assert desk.told_since() == ["task-ended t1", "task-ended t2", "task-ended t3"]


def test_a_sweep_tells_what_became_of_each_task(desk: Desk) -> None:
    desk.enqueue()
    desk.enqueue(is_routed=False)
    with desk.store.transaction() as tx:
        desk.queue.enqueue(tx, "acct", "pull", {}, route={}, max_attempts=1)
    desk.acquire("t1")
    desk.queue.lease("platform", ["pull"])
    desk.acquire("t3")
    desk.told_since()
    desk.clock.advance(60)
    desk.queue.sweep()
    assert desk.told_since() == ["task-waits t1", "task-queued t2", "task-ended t3"]
    assert desk.find("t1").offer_at == desk.clock.now()
