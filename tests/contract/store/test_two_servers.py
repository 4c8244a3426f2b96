"""Two servers at one PostgreSQL database: what one does wakes those who wait at the other."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from pierhead.adapters.sql import SqlStore
from pierhead.control.tasks import Lease, TaskQueue, TaskState
from pierhead.kit.clock import SystemClock
from pierhead.kit.signals import Topic

T = TypeVar("T")

# Less than the pause after which a waiter looks by itself: only a signal can be that quick.
AT_ONCE_S = 4.0


class Server:
    def __init__(self, url: str) -> None:
        self.store = SqlStore(url)
        self.queue = TaskQueue(self.store, SystemClock())

    def enqueue(self, *, route: dict[str, object] | None = None) -> str:
        with self.store.transaction() as tx:
            return self.queue.enqueue(tx, "acct", "pull", {}, route=route).id

    def acquire(self, task_id: str, owner: str) -> Lease | None:
        with self.store.transaction() as tx:
            return self.queue.acquire(tx, task_id, owner)


@pytest.fixture
def servers(database: str) -> Iterator[tuple[Server, Server]]:
    first, second = Server(database), Server(database)
    yield first, second
    first.store.close()
    second.store.close()


def test_the_end_of_a_task_is_noticed_at_the_other_server(servers: tuple[Server, Server]) -> None:
    here, there = servers
    task_id = there.enqueue(route={})
    found = _started(lambda: here.queue.wait_for_end(task_id, 60))
    lease = there.acquire(task_id, "d1")
    assert lease is not None
    with there.store.transaction() as tx:
        there.queue.finish(tx, lease, TaskState.SUCCEEDED, None, {"n": 1})
    ended = found()
    assert ended is not None
    assert ended.result == {"n": 1}


def test_an_idle_worker_gets_what_the_other_server_was_asked_for(servers: tuple[Server, Server]) -> None:
    here, there = servers
    found = _started(lambda: here.queue.lease("platform", ["pull"], wait_s=60))
    task_id = there.enqueue()
    lease = found()
    while lease is None:  # woken, but another look was too early
        lease = here.queue.lease("platform", ["pull"], wait_s=AT_ONCE_S)
    assert lease.id == task_id


def test_a_cancel_at_one_server_is_heard_by_the_holder_at_the_other(servers: tuple[Server, Server]) -> None:
    here, there = servers
    heard = threading.Event()
    task_id = there.enqueue(route={})
    here.store.signals.on(Topic.TASK_CANCEL, lambda key: heard.set() if key == task_id else None)
    assert here.acquire(task_id, "d1") is not None
    _until(lambda: _cancelled(there, task_id) and heard.wait(0.2))


def test_a_task_that_another_is_just_taking_is_refused_without_waiting(servers: tuple[Server, Server]) -> None:
    here, there = servers
    task_id = here.enqueue(route={})
    began = time.monotonic()
    with here.store.transaction() as tx:
        assert here.queue.acquire(tx, task_id, "d1") is not None
        assert there.acquire(task_id, "d2") is None
        with there.store.transaction() as other:
            assert other.tasks.due_offers(SystemClock().now(), 10) == ()
    assert time.monotonic() - began < AT_ONCE_S
    assert there.acquire(task_id, "d2") is None


def _cancelled(server: Server, task_id: str) -> bool:
    with server.store.transaction() as tx:
        return server.queue.cancel(tx, task_id).is_cancel_requested


def _started(work: Callable[[], T]) -> Callable[[], T]:
    """Works on a thread; calling the answer waits for what came of it, which has to be there at once."""
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()

    def result() -> T:
        thread.join(AT_ONCE_S)
        assert not thread.is_alive()
        return found[0]

    return result


def _until(condition: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < ends_at
