"""Many workers at one queue: no task leased twice, no stale result taken."""

import threading
from typing import Any

from pierhead.control.tasks import StaleLeaseError, TaskQueue, TaskState
from pierhead.kit.clock import SystemClock
from pierhead.testing.clock import FakeClock

TASKS = 500
WORKERS = 8


def test_eight_workers_lease_five_hundred_tasks_each_exactly_once(store: Any) -> None:
    queue = TaskQueue(store, SystemClock(), lease_s=3600)
    with store.transaction() as tx:
        ids = [queue.enqueue(tx, "acct", "pull", {"number": number}).id for number in range(TASKS)]
    taken: list[tuple[str, int]] = []

    def work(owner: str) -> None:
        while (lease := queue.lease(owner, ["pull"])) is not None:
            taken.append((lease.id, lease.fence))
            with store.transaction() as tx:
                queue.finish(tx, lease, TaskState.SUCCEEDED)

    _run([threading.Thread(target=work, args=(f"worker {number}",)) for number in range(WORKERS)])
    assert sorted(taken) == sorted((task_id, 1) for task_id in ids)
    with store.snapshot() as tx:
        assert {tx.tasks.find(task_id).state for task_id in ids} == {TaskState.SUCCEEDED}


def test_of_many_that_finish_at_once_only_the_newest_lease_wins(store: Any) -> None:
    clock = FakeClock()
    queue = TaskQueue(store, clock, lease_s=10)
    with store.transaction() as tx:
        task_id = queue.enqueue(tx, "acct", "pull", {}, max_attempts=WORKERS).id
    leases = []
    for number in range(WORKERS):
        leases.append(queue.lease(f"worker {number}", ["pull"]))
        clock.advance(10)
    start = threading.Barrier(WORKERS)
    outcomes: dict[int, str] = {}

    def end(number: int) -> None:
        start.wait()
        try:
            with store.transaction() as tx:
                queue.finish(tx, leases[number], TaskState.FAILED, {"by": number})
        except StaleLeaseError:
            outcomes[number] = "stale"
        else:
            outcomes[number] = "done"

    _run([threading.Thread(target=end, args=(number,)) for number in range(WORKERS)])
    assert [outcomes[number] for number in range(WORKERS)] == ["stale"] * (WORKERS - 1) + ["done"]
    with store.snapshot() as tx:
        assert tx.tasks.find(task_id).error == {"by": WORKERS - 1}


def test_a_stale_finish_takes_the_effects_of_its_transaction_with_it(store: Any, build: Any) -> None:
    clock = FakeClock()
    queue = TaskQueue(store, clock, lease_s=10)
    with store.transaction() as tx:
        queue.enqueue(tx, "acct", "pull", {})
    mine = queue.lease("me", ["pull"])
    clock.advance(10)
    queue.lease("you", ["pull"])

    refused = False
    try:
        with store.transaction() as tx:
            tx.pins.put([build.pin()])
            queue.finish(tx, mine, TaskState.SUCCEEDED)
    except StaleLeaseError:
        refused = True
    assert refused
    with store.snapshot() as tx:
        assert tx.pins.all("acct", build.pin().infra) == ()


def _run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
