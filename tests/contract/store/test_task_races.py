"""Many workers at one queue: no task leased twice, no stale result taken."""

import threading
from typing import Any

from pierhead.control.scopes import Scope
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
        assert tx.pins.all(Scope("acct"), build.pin().infra) == ()


def test_of_many_delegates_at_one_task_exactly_one_gets_it(store: Any) -> None:
    queue = TaskQueue(store, FakeClock(), lease_s=60)
    with store.transaction() as tx:
        ids = [queue.enqueue(tx, "acct", "pull", {}, route={}).id for _ in range(50)]
    won: list[tuple[str, str, int]] = []
    start = threading.Barrier(WORKERS)

    def acquire(owner: str) -> None:
        start.wait()
        for task_id in ids:
            with store.transaction() as tx:
                lease = queue.acquire(tx, task_id, owner)
            if lease is not None:
                won.append((lease.id, lease.owner, lease.fence))

    _run([threading.Thread(target=acquire, args=(f"delegate {number}",)) for number in range(WORKERS)])
    assert sorted(task_id for task_id, _, _ in won) == sorted(ids)
    with store.snapshot() as tx:
        rows = {task_id: tx.tasks.find(task_id) for task_id in ids}
    assert {(task_id, rows[task_id].owner, rows[task_id].fence) for task_id in ids} == set(won)


def test_dispatchers_at_one_time_never_look_at_the_same_offer(store: Any) -> None:
    clock = FakeClock()
    queue = TaskQueue(store, clock)
    with store.transaction() as tx:
        ids = [queue.enqueue(tx, "acct", "pull", {}, route={}).id for _ in range(200)]
    offered: list[str] = []

    def dispatch(_: int) -> None:
        while True:
            with store.transaction() as tx:
                due = tx.tasks.due_offers(clock.now(), 7)
                for task in due:
                    assert tx.tasks.put_offers(task.id, {"round": 1}, None)
                offered.extend(task.id for task in due)
            if not due and len(offered) >= len(ids):
                return

    _run([threading.Thread(target=dispatch, args=(number,)) for number in range(4)])
    assert sorted(offered) == sorted(ids)


def test_a_task_is_acquired_cancelled_or_given_up_but_never_two_of_these(store: Any) -> None:
    queue = TaskQueue(store, FakeClock())
    with store.transaction() as tx:
        ids = [queue.enqueue(tx, "acct", "pull", {}, route={}).id for _ in range(100)]
    acquired: set[str] = set()
    dead: set[str] = set()
    start = threading.Barrier(3)

    def acquire() -> None:
        start.wait()
        for task_id in ids:
            with store.transaction() as tx:
                acquired.update({task_id} if queue.acquire(tx, task_id, "d") else ())

    def give_up() -> None:
        start.wait()
        for task_id in reversed(ids):
            with store.transaction() as tx:
                dead.update({task_id} if queue.give_up(tx, task_id, {"code": "nobody"}) else ())

    def hurry() -> None:
        start.wait()
        for _ in range(20):
            with store.transaction() as tx:
                tx.tasks.hurry_offers("acct", queue_start)

    with store.snapshot() as tx:
        queue_start = tx.tasks.next_offer_at()
    _run([threading.Thread(target=work) for work in (acquire, give_up, hurry)])
    assert not acquired & dead
    with store.snapshot() as tx:
        for task_id in ids:
            row = tx.tasks.find(task_id)
            expected = {True: TaskState.LEASED, False: TaskState.DEAD}
            if task_id in acquired | dead:
                assert (row.state, row.offer_at) == (expected[task_id in acquired], None)
            else:  # passed over by both, for another held its row just then
                assert row.state is TaskState.QUEUED


def test_a_nonce_that_many_use_at_once_is_used_by_one(store: Any, build: Any) -> None:
    start = threading.Barrier(WORKERS)
    answers: list[bool] = []

    def use() -> None:
        start.wait()
        with store.transaction() as tx:
            answers.append(tx.nonces.use("d1", "n", build.at(60)))

    _run([threading.Thread(target=use) for _ in range(WORKERS)])
    assert sorted(answers) == [False] * (WORKERS - 1) + [True]


def test_due_tests_are_claimed_by_one_server_each(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        for number in range(60):
            connector = build.connector(f"c{number}")
            tx.connectors.add(connector)
            tx.connectors.set_next_test(connector.scope, connector.identifier, build.at(0))
    claimed: list[str] = []

    def claim() -> None:
        while True:
            with store.transaction() as tx:
                due = tx.connectors.claim_due_tests(build.at(1), build.at(3600), 7)
            claimed.extend(identifier for _, identifier in due)
            if not due and len(claimed) >= 60:
                return

    _run([threading.Thread(target=claim) for _ in range(4)])
    assert sorted(claimed) == sorted(f"c{number}" for number in range(60))


def test_servers_that_hear_of_the_same_delegates_in_another_order_do_not_block_each_other(
    store: Any, build: Any
) -> None:
    names = [f"d{number}" for number in range(200)]
    with store.transaction() as tx:
        for name in names:
            tx.delegates.put(build.delegate(name))

    def hear(order: list[str]) -> None:
        for second in range(20):
            with store.transaction() as tx:
                tx.delegates.seen(order, build.at(second))

    failed: list[BaseException] = []

    def guarded(order: list[str]) -> None:
        try:
            hear(order)
        except BaseException as error:
            failed.append(error)

    orders = [names, names[::-1], sorted(names), names[100:] + names[:100]]
    _run([threading.Thread(target=guarded, args=(order,)) for order in orders])
    assert failed == []


def _run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
