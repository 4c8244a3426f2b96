"""The queue's use cases, on the store in memory."""

import threading
from collections.abc import Callable

import pytest

from pierhead.control.scopes import Scope
from pierhead.control.tasks import Lease, StaleLeaseError, TaskNotFoundError, TaskQueue, TaskRow, TaskState
from pierhead.kit.errors import ConflictError, NotFoundError
from pierhead.kit.signals import Topic
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore


class Desk:
    """A queue on its store and clock."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.clock = FakeClock()
        self.queue = TaskQueue(self.store, self.clock, lease_s=60)

    def enqueue(self, kind: str = "pull", **more: float) -> TaskRow:
        with self.store.transaction() as tx:
            return self.queue.enqueue(tx, "acct", kind, {"runId": "r"}, **more)  # type: ignore[arg-type]

    def lease(self) -> Lease:
        lease = self.queue.lease("me", ["pull"])
        assert lease is not None
        return lease

    def find(self, task_id: str) -> TaskRow:
        with self.store.snapshot() as tx:
            task = tx.tasks.find(task_id)
        assert task is not None
        return task


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_stale_lease_is_refused_by_every_use_of_it(desk: Desk) -> None:
    desk.enqueue()
    stale = desk.lease()
    desk.clock.advance(60)
    desk.lease()

    def in_transaction(use: Callable[..., None], *more: object) -> None:
        with desk.store.transaction() as tx:
            use(tx, stale, *more)

    with pytest.raises(StaleLeaseError) as raised:
        desk.queue.renew(stale)
    assert isinstance(raised.value, ConflictError)
    assert (raised.value.task_id, raised.value.owner, raised.value.fence) == (stale.id, "me", 1)
    with pytest.raises(StaleLeaseError):
        in_transaction(desk.queue.check)
    with pytest.raises(StaleLeaseError):
        in_transaction(desk.queue.release)
    with pytest.raises(StaleLeaseError):
        in_transaction(desk.queue.finish, TaskState.SUCCEEDED)


@pytest.mark.parametrize("state", [TaskState.QUEUED, TaskState.LEASED, TaskState.DEAD])
def test_a_worker_cannot_end_a_task_in_a_state_that_is_not_its_own_to_give(desk: Desk, state: TaskState) -> None:
    desk.enqueue()
    lease = desk.lease()
    with desk.store.transaction() as tx, pytest.raises(ValueError, match="does not end"):
        desk.queue.finish(tx, lease, state)
    assert desk.find(lease.id).state is TaskState.LEASED


def test_a_task_that_is_not_there_cannot_be_cancelled(desk: Desk) -> None:
    with desk.store.transaction() as tx, pytest.raises(TaskNotFoundError) as raised:
        desk.queue.cancel(tx, "none")
    assert isinstance(raised.value, NotFoundError)


def test_a_task_goes_from_queue_to_end(desk: Desk) -> None:
    queued = desk.enqueue(deadline_s=600, max_attempts=5)
    assert queued.deadline_at is not None
    assert (queued.deadline_at - queued.created_at).total_seconds() == 600
    lease = desk.lease()
    assert lease.task == desk.find(queued.id)
    with desk.store.transaction() as tx:
        desk.queue.check(tx, lease)
        desk.queue.finish(tx, lease, TaskState.FAILED, {"code": "tag-unknown"})
    ended = desk.find(queued.id)
    assert (ended.state, ended.error) == (TaskState.FAILED, {"code": "tag-unknown"})


def test_a_renewal_lasts_from_now(desk: Desk) -> None:
    desk.enqueue()
    lease = desk.lease()
    desk.clock.advance(59)
    renewed = desk.queue.renew(lease)
    desk.clock.advance(59)
    assert desk.queue.lease("you", ["pull"]) is None
    assert renewed.fence == lease.fence
    with desk.store.transaction() as tx:
        desk.queue.finish(tx, lease, TaskState.SUCCEEDED)  # the older copy of the same lease is as good


def test_a_cancel_is_heard_at_once_and_seen_at_the_next_renewal(desk: Desk) -> None:
    heard: list[str] = []
    stop_listening = desk.store.signals.on(Topic.TASK_CANCEL, heard.append)
    waiting = desk.enqueue()
    lease = desk.lease()
    assert lease.id == waiting.id
    queued = desk.enqueue()
    with desk.store.transaction() as tx:
        assert desk.queue.cancel(tx, queued.id).state is TaskState.CANCELLED
        desk.queue.cancel(tx, lease.id)
        assert heard == []  # not before it is durable
    assert heard == [lease.id]
    assert desk.queue.renew(lease).is_cancel_requested
    stop_listening()
    with desk.store.transaction() as tx:
        desk.queue.cancel(tx, lease.id)
    assert heard == [lease.id]


def test_listeners_hear_of_new_work_after_the_commit_only(desk: Desk) -> None:
    heard: list[int] = []
    stop_listening = desk.store.signals.on(Topic.TASK_QUEUED, lambda _: heard.append(1))
    with desk.store.transaction() as tx:
        desk.queue.enqueue(tx, "acct", "pull", {})
        assert heard == []
    assert len(heard) == 1

    def enqueue_and_fail() -> None:
        with desk.store.transaction() as tx:
            desk.queue.enqueue(tx, "acct", "pull", {})
            raise RuntimeError("the use case failed")

    with pytest.raises(RuntimeError):
        enqueue_and_fail()
    assert len(heard) == 1
    stop_listening()
    desk.enqueue()
    assert len(heard) == 1


def test_a_listener_that_fails_does_not_keep_others_from_hearing(desk: Desk) -> None:
    heard: list[int] = []
    desk.store.signals.on(Topic.TASK_QUEUED, lambda _: 1 // 0 and None)
    desk.store.signals.on(Topic.TASK_QUEUED, lambda _: heard.append(1))
    desk.enqueue()
    assert heard == [1]


def test_what_comes_back_to_the_queue_is_announced_too(desk: Desk) -> None:
    heard: list[int] = []
    desk.enqueue()
    desk.store.signals.on(Topic.TASK_QUEUED, lambda _: heard.append(1))
    lease = desk.lease()
    with desk.store.transaction() as tx:
        desk.queue.release(tx, lease)
    assert len(heard) == 1
    desk.lease()
    assert desk.queue.sweep() == ()
    assert len(heard) == 1
    desk.clock.advance(60)
    assert len(desk.queue.sweep()) == 1
    assert len(heard) == 2


def test_reclaiming_takes_the_leases_of_a_vanished_owner_at_once(desk: Desk) -> None:
    desk.enqueue()
    lease = desk.lease()
    with desk.store.transaction() as tx:
        assert desk.queue.reclaim_in(tx, "you") == ()
        (back,) = desk.queue.reclaim_in(tx, "me")
    assert (back.id, back.state, back.attempts) == (lease.id, TaskState.QUEUED, 1)


def test_an_idle_worker_gets_a_task_as_soon_as_it_is_there(desk: Desk) -> None:
    worker = Waiter(desk.queue)
    desk.enqueue()
    lease = worker.result()
    assert lease is not None
    assert lease.task.kind == "pull"


def test_waking_ends_the_wait_without_a_task(desk: Desk) -> None:
    worker = Waiter(desk.queue)
    while worker.is_alive:  # it may not have begun to wait when the first ring comes
        desk.queue.wake()
    assert worker.result() is None


def test_a_task_that_comes_between_looking_and_waiting_is_not_missed(desk: Desk) -> None:
    class LateStore(MemoryStore):
        """Lets a task in right after somebody looked and found nothing."""

        late = True

    store = LateStore()
    queue = TaskQueue(store, desk.clock)
    look = queue._lease_now

    def look_then_enqueue(owner: str, kinds: list[str], busy: frozenset[Scope]) -> Lease | None:
        found = look(owner, kinds, busy)
        if store.late:
            store.late = False
            with store.transaction() as tx:
                queue.enqueue(tx, "acct", "pull", {})
        return found

    queue._lease_now = look_then_enqueue  # type: ignore[method-assign,assignment]
    assert queue.lease("me", ["pull"], wait_s=60) is not None


def test_without_a_wait_an_empty_queue_answers_at_once(desk: Desk) -> None:
    assert desk.queue.lease("me", ["pull"]) is None


class Waiter:
    """A worker on a thread of its own that waits up to a minute for a task."""

    def __init__(self, queue: TaskQueue) -> None:
        self._found: list[Lease | None] = []
        self._thread = threading.Thread(
            target=lambda: self._found.append(queue.lease("me", ["pull"], wait_s=60)), daemon=True
        )
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def result(self) -> Lease | None:
        self._thread.join(10)
        assert not self._thread.is_alive()
        return self._found[0]
