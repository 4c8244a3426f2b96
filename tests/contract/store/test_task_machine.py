"""The queue in memory and the queue on SQL, driven side by side by random steps: they must never differ."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import hypothesis.strategies as st
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from pierhead.adapters.sql import SqlStore
from pierhead.adapters.sql.engine import make_engines
from pierhead.adapters.sql.schema import tasks
from pierhead.control.tasks import FINAL_STATES, OPEN_STATES, Lease, StaleLeaseError, TaskQueue, TaskRow, TaskState
from pierhead.kit.paging import PageRequest
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

OWNERS = st.sampled_from(["a", "b", "c"])
KINDS = st.sampled_from(["pull", "test"])
ROUTES = st.none() | st.sampled_from([{}, {"selectors": ["eu"]}])
SETTINGS = settings(
    max_examples=12,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LONG = settings(SETTINGS, max_examples=200)


class Queues(RuleBasedStateMachine):
    leases: Bundle[tuple[Lease, Lease]] = Bundle("leases")
    tasks: Bundle[str] = Bundle("tasks")

    def __init__(self, sql: SqlStore) -> None:
        super().__init__()
        self.sql = sql

    @initialize()
    def open(self) -> None:
        self.memory = MemoryStore()
        self.clock = FakeClock()
        self.queues = [
            TaskQueue(store, self.clock, lambda: f"task {self.count}", lease_s=10) for store in (self.memory, self.sql)
        ]
        self.count = 0
        self.fences: dict[str, int] = {}
        self.ended: dict[str, TaskState] = {}

    def teardown(self) -> None:
        if hasattr(self, "memory"):
            self._nothing_is_stuck()

    def _nothing_is_stuck(self) -> None:
        """However it was left: if all workers vanish, a task ends after as many sweeps as it has attempts."""
        for _ in range(4):
            self.sweep()
            for queue, store in self._both():
                while queue.lease("vanishing", ["pull", "test"]):
                    pass
                for number in range(self.count):
                    with store.transaction() as tx:
                        queue.acquire(tx, f"task {number + 1}", "vanishing")
            self.clock.advance(10)
        with self.memory.snapshot() as tx:
            assert tx.tasks.page("acct", OPEN_STATES, PageRequest()).total == 0
        self.stores_hold_the_same_and_ends_are_final()

    @rule(
        target=tasks,
        kind=KINDS,
        attempts=st.integers(1, 3),
        deadline_s=st.none() | st.sampled_from([0, 5, 10, 30]),
        route=ROUTES,
    )
    def enqueue(self, kind: str, attempts: int, deadline_s: float | None, route: dict[str, object] | None) -> str:
        self.count += 1
        limits = {"deadline_s": deadline_s, "max_attempts": attempts}
        for queue, store in self._both():
            with store.transaction() as tx:
                queue.enqueue(tx, "acct", kind, {"n": 1}, route=route, **limits)  # type: ignore[arg-type]
        return f"task {self.count}"

    @rule(target=leases, owner=OWNERS, kinds=st.sets(KINDS, max_size=2))
    def lease(self, owner: str, kinds: set[str]) -> object:
        first, second = [queue.lease(owner, kinds) for queue in self.queues]
        assert first == second
        if first is None or second is None:
            return multiple()
        assert first.task.route is None
        self._is_newest(first)
        return first, second

    @rule(target=leases, task_id=tasks, owner=OWNERS)
    def acquire(self, task_id: str, owner: str) -> object:
        first, second = [self._acquired(number, task_id, owner) for number in range(2)]
        assert first == second
        if first is None or second is None:
            return multiple()
        assert first.task.route is not None
        self._is_newest(first)
        return first, second

    @rule(limit=st.integers(1, 3), wait_s=st.none() | st.sampled_from([0, 5, 30]))
    def offer(self, limit: int, wait_s: float | None) -> None:
        offer_at = None if wait_s is None else self.clock.now() + timedelta(seconds=wait_s)
        seen = []
        for store in self._stores():
            with store.transaction() as tx:
                due = tx.tasks.due_offers(self.clock.now(), limit)
                seen.append(due)
                for task in due:
                    assert tx.tasks.put_offers(task.id, {"asked": [task.id]}, offer_at)
        assert seen[0] == seen[1]
        assert all(task.state is TaskState.QUEUED and task.route is not None for task in seen[0])

    @rule()
    def hurry(self) -> None:
        counts = []
        for store in self._stores():
            with store.transaction() as tx:
                counts.append(tx.tasks.hurry_offers("acct", self.clock.now()))
        assert counts[0] == counts[1]

    @rule(task_id=tasks)
    def give_up(self, task_id: str) -> None:
        rows = []
        for queue, store in self._both():
            with store.transaction() as tx:
                rows.append(queue.give_up(tx, task_id, {"code": "nobody"}))
        assert rows[0] == rows[1]

    @rule(pair=leases, document=st.sampled_from([{}, {"done": [1]}]))
    def checkpoint(self, pair: tuple[Lease, Lease], document: dict[str, object]) -> None:
        def kept(number: int) -> bool:
            try:
                with self._stores()[number].transaction() as tx:
                    self.queues[number].checkpoint(tx, pair[number], document)
            except StaleLeaseError:
                return False
            return True

        assert kept(0) == kept(1)

    @rule(pair=leases)
    def renew(self, pair: tuple[Lease, Lease]) -> None:
        def renewed(number: int) -> Lease | None:
            try:
                return self.queues[number].renew(pair[number])
            except StaleLeaseError:
                return None

        assert renewed(0) == renewed(1)

    @rule(
        pair=leases,
        state=st.sampled_from([TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED]),
        documents=st.tuples(*(st.none() | st.just({"code": "x"}) for _ in range(2))),
    )
    def finish(
        self, pair: tuple[Lease, Lease], state: TaskState, documents: tuple[dict[str, object] | None, ...]
    ) -> None:
        def end(number: int) -> bool:
            try:
                with self._stores()[number].transaction() as tx:
                    self.queues[number].finish(tx, pair[number], state, *documents)
            except StaleLeaseError:
                return False
            with self._stores()[number].transaction() as tx:
                assert self.queues[number].is_ended_by(tx, pair[number].id, pair[number].owner, pair[number].fence)
            return True

        done = end(0)
        assert end(1) == done
        if done:  # nobody has leased it since, or the fence would have refused
            assert pair[0].fence == self.fences[pair[0].id]

    @rule(pair=leases, is_declined=st.booleans())
    def release(self, pair: tuple[Lease, Lease], is_declined: bool) -> None:
        def back(number: int) -> bool:
            try:
                with self._stores()[number].transaction() as tx:
                    self.queues[number].release(tx, pair[number], is_declined=is_declined)
            except StaleLeaseError:
                return False
            return True

        assert back(0) == back(1)

    @rule(task_id=tasks, owner=OWNERS, times=st.integers(1, 8))
    def take_and_give_back(self, task_id: str, owner: str, times: int) -> None:
        """As a delegate might for ever, without being any use."""
        for _ in range(times):
            rows = []
            for number, (queue, store) in enumerate(self._both()):
                lease = self._acquired(number, task_id, owner)
                with store.transaction() as tx:
                    if lease is not None:
                        self.fences[task_id] = max(self.fences.get(task_id, 0), lease.fence)
                        queue.release(tx, lease)
                    rows.append(tx.tasks.find(task_id))
            assert rows[0] == rows[1]

    @rule(pair=leases)
    def check(self, pair: tuple[Lease, Lease]) -> None:
        answers = []
        for store, lease in zip(self._stores(), pair, strict=True):
            name = (lease.id, lease.owner, lease.fence)
            with store.transaction() as tx:
                answers.append((tx.tasks.holds(*name), self.queues[0].is_ended_by(tx, *name)))
        assert answers[0] == answers[1]
        assert answers[0] != (True, True)

    @rule(task_id=tasks)
    def cancel(self, task_id: str) -> None:
        rows: list[TaskRow] = []
        for queue, store in self._both():
            with store.transaction() as tx:
                rows.append(queue.cancel(tx, task_id))
        assert rows[0] == rows[1]

    @rule()
    def sweep(self) -> None:
        first, second = [queue.sweep() for queue in self.queues]
        assert first == second

    @rule(owner=OWNERS)
    def reclaim(self, owner: str) -> None:
        rows = []
        for queue, store in self._both():
            with store.transaction() as tx:
                rows.append(queue.reclaim_in(tx, owner))
        assert rows[0] == rows[1]

    @rule(seconds=st.sampled_from([1, 5, 10, 11]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @invariant()
    def stores_hold_the_same_and_ends_are_final(self) -> None:
        if not hasattr(self, "memory"):
            return
        pages, waits, held = [], [], []
        for store in self._stores():
            with store.snapshot() as tx:
                pages.append(tx.tasks.page("acct", (), PageRequest(0, 1000)))
                waits.append(tx.tasks.next_offer_at())
                held.append(dict(tx.tasks.leased_by(["a", "b", "c"])))
        assert pages[0] == pages[1]
        assert waits[0] == waits[1]
        assert held[0] == held[1]
        for task in pages[0].items:
            assert self.ended.get(task.id, task.state) is task.state
            assert task.attempts <= task.max_attempts
            assert task.attempts <= task.fence
            if task.state in FINAL_STATES:
                self.ended[task.id] = task.state

    def _stores(self) -> tuple[MemoryStore, SqlStore]:
        return self.memory, self.sql

    def _both(self) -> list[tuple[TaskQueue, MemoryStore | SqlStore]]:
        return list(zip(self.queues, self._stores(), strict=True))

    def _acquired(self, number: int, task_id: str, owner: str) -> Lease | None:
        with self._stores()[number].transaction() as tx:
            return self.queues[number].acquire(tx, task_id, owner)

    def _is_newest(self, lease: Lease) -> None:
        assert lease.fence > self.fences.get(lease.id, 0)  # fences only grow
        self.fences[lease.id] = lease.fence


def test_the_queue_on_sqlite_behaves_like_the_one_in_memory(tmp_path: Path) -> None:
    _behaves_alike(tmp_path / "store.db", SETTINGS)


@pytest.mark.usefixtures("postgres")
def test_the_queue_on_postgresql_behaves_like_the_one_in_memory(new_database: Callable[[], str]) -> None:
    _behaves_alike(new_database(), SETTINGS)


@pytest.mark.faults
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_queue_behaves_like_the_one_in_memory_for_long(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    where = tmp_path / "store.db" if kind == "sqlite" else request.getfixturevalue("database")
    _behaves_alike(where, LONG)


def _behaves_alike(where: str | Path, effort: settings) -> None:
    store = SqlStore(where)
    engine = make_engines(where).writer

    def machine() -> Queues:
        with engine.begin() as connection:
            connection.execute(sa.delete(tasks))
        return Queues(store)

    run_state_machine_as_test(machine, settings=effort)
    engine.dispose()
    store.close()
