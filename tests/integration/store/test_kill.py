"""kill -9 at any moment: what was acknowledged is there, and the next start goes on from it."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pierhead.adapters.sql import SqlStore
from pierhead.control.tasks import TaskQueue, TaskState
from pierhead.kit.clock import SystemClock
from pierhead.kit.paging import PageRequest

KILLS = 20

# Forks a worker for each line it reads, which spares every worker the imports. A worker goes through the queue for
# ever, and says a thing only once it is committed.
NURSERY = """
import os, sys
from pierhead.adapters.sql import SqlStore
from pierhead.control.tasks import TaskQueue, TaskState
from pierhead.kit.clock import SystemClock

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def work():
    store = SqlStore(sys.argv[1])
    queue = TaskQueue(store, SystemClock(), lease_s=3600)
    with store.transaction() as tx:
        queue.reclaim_in(tx, "worker")
    while True:
        with store.transaction() as tx:
            tasks = [queue.enqueue(tx, "acct", "pull", {"pad": "x" * 500}, max_attempts=1000) for _ in range(2)]
        for task in tasks:
            say("queued", task.id)
        for _ in range(2):
            lease = queue.lease("worker", ["pull"])
            with store.transaction() as tx:
                queue.finish(tx, lease, TaskState.SUCCEEDED)
            say("done", lease.id, lease.fence)

for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        work()
    say("born", child)
    _, status = os.waitpid(child, 0)
    say("dead", os.waitstatus_to_exitcode(status))
"""


def test_twenty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    path = tmp_path / "store.db"
    queued: set[str] = set()
    done: dict[str, int] = {}
    with _nursery(path) as nursery:
        for _ in range(KILLS):
            for word, task_id, *fence in _work_until_killed(nursery, after_lines=rng.randrange(1, 60)):
                if word == "queued":
                    queued.add(task_id)
                else:
                    assert task_id not in done, f"{task_id} was done twice"
                    done[task_id] = int(fence[0])
            _check(path, queued, done)
    _finish_the_rest(path)


@contextmanager
def _nursery(path: Path) -> Iterator[subprocess.Popen[str]]:
    program = [sys.executable, "-c", NURSERY, str(path)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as nursery:
        yield nursery
        assert nursery.stdin is not None
        nursery.stdin.close()


def _work_until_killed(nursery: subprocess.Popen[str], after_lines: int) -> list[list[str]]:
    """What a worker said before it was killed, somewhere after line ``after_lines``."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write("go\n")
    heard: list[list[str]] = []
    worker = 0
    for line in nursery.stdout:
        word, *more = line.split()
        if word == "born":
            worker = int(more[0])
        elif word == "dead":
            assert int(more[0]) == -signal.SIGKILL
            break
        else:
            heard.append([word, *more])
        if worker and len(heard) >= after_lines:
            os.kill(worker, signal.SIGKILL)
            worker = 0  # its number may be another's soon
    return heard


def _check(path: Path, queued: set[str], done: dict[str, int]) -> None:
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()
    store = SqlStore(path)
    with store.snapshot() as tx:
        rows = {task.id: task for task in tx.tasks.page("acct", (), PageRequest(0, 100_000)).items}
    store.close()
    assert queued <= rows.keys()
    for task_id, fence in done.items():
        assert (rows[task_id].state, rows[task_id].fence) == (TaskState.SUCCEEDED, fence)
    # Ended but not said: at most what one kill can fall between, for each start there was.
    ended = {task.id for task in rows.values() if task.state is TaskState.SUCCEEDED}
    assert len(ended - done.keys()) <= KILLS


def _finish_the_rest(path: Path) -> None:
    """Nothing is stuck: after a reclaim every task that was ever accepted ends."""
    store = SqlStore(path)
    queue = TaskQueue(store, SystemClock())
    with store.transaction() as tx:
        queue.reclaim_in(tx, "worker")
    while (lease := queue.lease("last", ["pull"])) is not None:
        with store.transaction() as tx:
            queue.finish(tx, lease, TaskState.SUCCEEDED)
    with store.snapshot() as tx:
        everything = tx.tasks.page("acct", (), PageRequest(0, 1)).total
        assert tx.tasks.page("acct", {TaskState.SUCCEEDED}, PageRequest(0, 1)).total == everything
    store.close()
