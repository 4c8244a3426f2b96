"""The queue in memory and the queue on SQL, driven side by side by random steps: they must never differ."""

import tempfile
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from pierhead.adapters.sql import SqlStore
from pierhead.control.tasks import FINAL_STATES, OPEN_STATES, Lease, StaleLeaseError, TaskQueue, TaskRow, TaskState
from pierhead.kit.paging import PageRequest
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

OWNERS = st.sampled_from(["a", "b", "c"])
KINDS = st.sampled_from(["pull", "test"])


class Queues(RuleBasedStateMachine):
    leases: Bundle[tuple[Lease, Lease]] = Bundle("leases")
    tasks: Bundle[str] = Bundle("tasks")

    @initialize()
    def open(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.memory = MemoryStore()
        self.sql = SqlStore(Path(self.directory.name) / "store.db")
        self.clock = FakeClock()
        self.queues = [
            TaskQueue(store, self.clock, lambda: f"task {self.count}", lease_s=10) for store in (self.memory, self.sql)
        ]
        self.count = 0
        self.fences: dict[str, int] = {}
        self.ended: dict[str, TaskState] = {}

    def teardown(self) -> None:
        if not hasattr(self, "sql"):
            return
        self._nothing_is_stuck()
        self.sql.close()
        self.directory.cleanup()

    def _nothing_is_stuck(self) -> None:
        """However it was left: if all workers vanish, a task ends after as many sweeps as it has attempts."""
        for _ in range(4):
            self.sweep()
            for queue in self.queues:
                while queue.lease("vanishing", ["pull", "test"]):
                    pass
            self.clock.advance(10)
        with self.memory.snapshot() as tx:
            assert tx.tasks.page("acct", OPEN_STATES, PageRequest()).total == 0
        self.stores_hold_the_same_and_ends_are_final()

    @rule(
        target=tasks,
        kind=KINDS,
        attempts=st.integers(1, 3),
        deadline_s=st.none() | st.sampled_from([0, 5, 10, 30]),
    )
    def enqueue(self, kind: str, attempts: int, deadline_s: float | None) -> str:
        self.count += 1
        for queue, store in self._both():
            with store.transaction() as tx:
                queue.enqueue(tx, "acct", kind, {"n": 1}, deadline_s=deadline_s, max_attempts=attempts)
        return f"task {self.count}"

    @rule(target=leases, owner=OWNERS, kinds=st.sets(KINDS, max_size=2))
    def lease(self, owner: str, kinds: set[str]) -> object:
        first, second = [queue.lease(owner, kinds) for queue in self.queues]
        assert first == second
        if first is None or second is None:
            return multiple()
        assert first.fence > self.fences.get(first.id, 0)  # fences only grow
        self.fences[first.id] = first.fence
        return first, second

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
        error=st.none() | st.just({"code": "x"}),
    )
    def finish(self, pair: tuple[Lease, Lease], state: TaskState, error: dict[str, object] | None) -> None:
        def end(number: int) -> bool:
            try:
                with self._stores()[number].transaction() as tx:
                    self.queues[number].finish(tx, pair[number], state, error)
            except StaleLeaseError:
                return False
            return True

        done = end(0)
        assert end(1) == done
        if done:  # nobody has leased it since, or the fence would have refused
            assert pair[0].fence == self.fences[pair[0].id]

    @rule(pair=leases)
    def release(self, pair: tuple[Lease, Lease]) -> None:
        def back(number: int) -> bool:
            try:
                with self._stores()[number].transaction() as tx:
                    self.queues[number].release(tx, pair[number])
            except StaleLeaseError:
                return False
            return True

        assert back(0) == back(1)

    @rule(pair=leases)
    def check(self, pair: tuple[Lease, Lease]) -> None:
        answers = []
        for store, lease in zip(self._stores(), pair, strict=True):
            with store.transaction() as tx:
                answers.append(tx.tasks.holds(lease.id, lease.owner, lease.fence))
        assert answers[0] == answers[1]

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
        if not hasattr(self, "sql"):
            return
        pages = []
        for store in self._stores():
            with store.snapshot() as tx:
                pages.append(tx.tasks.page("acct", (), PageRequest(0, 1000)))
        assert pages[0] == pages[1]
        for task in pages[0].items:
            assert self.ended.get(task.id, task.state) is task.state
            assert task.attempts <= task.max_attempts
            if task.state in FINAL_STATES:
                self.ended[task.id] = task.state

    def _stores(self) -> tuple[MemoryStore, SqlStore]:
        return self.memory, self.sql

    def _both(self) -> list[tuple[TaskQueue, MemoryStore | SqlStore]]:
        return list(zip(self.queues, self._stores(), strict=True))


Queues.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestQueuesBehaveAlike = Queues.TestCase
