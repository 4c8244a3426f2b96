"""PostgreSQL crashes and comes back under load: what was acknowledged is there, and the store recovers."""

import threading
import time
from collections.abc import Iterator

import pytest

from pierhead.adapters.sql import SqlStore
from pierhead.control.tasks import TaskQueue, TaskState
from pierhead.kit.clock import SystemClock
from pierhead.kit.errors import UnavailableError
from pierhead.kit.paging import PageRequest
from pierhead.kit.signals import Signal, Topic
from pierhead.testing.postgres import PostgresServer, require_postgres

WORKERS = 4
ANSWERS_WITHIN_S = 5.0


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """One of our own, to be stopped."""
    require_postgres()
    with PostgresServer() as server:
        yield server


class Load:
    """Workers that queue, lease and finish until stopped, and keep what was acknowledged."""

    def __init__(self, store: SqlStore) -> None:
        self.queued: list[str] = []
        self.finished: list[str] = []
        self.failures: list[BaseException] = []
        self._store = store
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(f"w{n}",)) for n in range(WORKERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self._threads)

    def wait_for_more(self, within_s: float, count: int = 1) -> float:
        """Seconds until ``count`` others were acknowledged."""
        started, wanted = time.monotonic(), len(self.queued) + count
        while len(self.queued) < wanted:
            assert time.monotonic() - started < within_s, self.failures
            time.sleep(0.005)
        return time.monotonic() - started

    def _work(self, owner: str) -> None:
        queue = TaskQueue(self._store, SystemClock(), lease_s=3600)
        while not self._stop.is_set():
            try:
                self._once(queue, owner)
            except UnavailableError:
                self._stop.wait(0.02)
            except BaseException as error:
                self.failures.append(error)

    def _once(self, queue: TaskQueue, owner: str) -> None:
        with self._store.transaction() as tx:
            task = queue.enqueue(tx, "acct", "pull", {"pad": "x" * 300}, max_attempts=1000)
        self.queued.append(task.id)
        lease = queue.lease(owner, ["pull"])
        if lease is not None:
            with self._store.transaction() as tx:
                queue.finish(tx, lease, TaskState.SUCCEEDED)
            self.finished.append(lease.id)


def _crash(server: PostgresServer, rounds: int) -> list[float]:
    """Seconds from each moment when PostgreSQL answers again until the store does."""
    store = SqlStore(server.url(server.new_database(), over_tcp=True))
    load, waits = Load(store), []
    for _ in range(rounds):
        load.wait_for_more(10, count=50)
        server.restart(immediate=True)
        waits.append(load.wait_for_more(ANSWERS_WITHIN_S))
    load.stop()
    assert load.failures == []
    with store.snapshot() as tx:
        rows = {task.id: task for task in tx.tasks.page("acct", (), PageRequest(0, 1_000_000)).items}
    store.close()
    assert set(load.queued) <= rows.keys()
    assert {rows[task_id].state for task_id in load.finished} <= {TaskState.SUCCEEDED}
    assert len(set(load.finished)) == len(load.finished)
    print(f"{len(load.queued)} queued, back after {max(waits):.2f} s at most")  # noqa: T201 - told, not judged
    return waits


def test_a_crash_under_load_loses_nothing_that_was_acknowledged(server: PostgresServer) -> None:
    assert max(_crash(server, rounds=3)) <= ANSWERS_WITHIN_S


@pytest.mark.faults
def test_fifty_crashes_under_load_lose_nothing_that_was_acknowledged(server: PostgresServer) -> None:
    assert max(_crash(server, rounds=50)) <= ANSWERS_WITHIN_S


def test_signals_are_heard_again_after_a_crash(server: PostgresServer) -> None:
    database = server.new_database()
    here, there = (SqlStore(server.url(database, over_tcp=True)) for _ in range(2))
    heard, anything, again = threading.Event(), threading.Event(), threading.Event()

    def hear(key: str) -> None:
        {"": anything, "first": heard, "again": again}[key].set()

    there.signals.on(Topic.RUN, hear)
    assert anything.wait(10)
    anything.clear()
    server.restart(immediate=True)
    assert anything.wait(ANSWERS_WITHIN_S)
    with here.transaction() as tx:
        tx.announce(Signal(Topic.RUN, "again"))
    assert again.wait(ANSWERS_WITHIN_S)
    here.close()
    there.close()


def test_while_it_is_away_the_store_says_so_at_once(server: PostgresServer) -> None:
    store = SqlStore(server.url(server.new_database(), over_tcp=True))
    server.halt(immediate=True)
    for _ in range(3):
        started = time.monotonic()
        with pytest.raises(UnavailableError), store.transaction():
            pass
        assert time.monotonic() - started < 2
    server.resume()
    with store.transaction() as tx:
        assert tx.accounts.list() == ()
    store.close()
