"""The use cases of runs: explain a pipeline, initialize one, follow it, and take in what its worker reports.

Decides nothing about images (``resolution`` does) and moves no bytes: it writes what was decided and what was
reported, the latter only under the lease that allows it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from pierhead.control.catalogue import Catalogue, Infra, Pin
from pierhead.control.connectors import Connector
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.control.tasks import Bell, Lease, TaskQueue, TaskRow, TaskState
from pierhead.kit.clock import Clock
from pierhead.kit.ids import IdSource
from pierhead.kit.limits import KIB
from pierhead.kit.paging import Page, PageRequest

from .document import parse_pipeline
from .errors import RunNotFoundError
from .model import Pipeline
from .plan import Plan
from .planning import plan_run
from .ports import RunStore, RunTransaction
from .resolution import resolve
from .runs import ImageFacts, ImageFailure, ImageState, Run, RunState

PULL_KIND = "pull"
# The same text comes again with every push, so reading it again is the larger half of explaining it.
_REMEMBERED_TEXTS = 64
_REMEMBERED_BYTES = 64 * KIB


class RunService:
    """``release_line`` says whose defaults apply; None means the catalogue's newest."""

    def __init__(
        self,
        store: RunStore,
        queue: TaskQueue,
        catalogue: Catalogue,
        clock: Clock,
        new_id: IdSource,
        release_line: str | None = None,
    ) -> None:
        self._store = store
        self._queue = queue
        self._catalogue = catalogue
        self._clock = clock
        self._new_id = new_id
        self._release_line = release_line
        self._changes = Bell()

    def explain(self, raw: bytes, scope: Scope, stages: tuple[str, ...] = ()) -> Plan:
        """What each stage would get and why; changes nothing. Raises InvalidInputError for a bad pipeline."""
        with self._store.snapshot() as tx:
            return self._plan(tx, raw, scope, stages)

    def initialize(self, raw: bytes, scope: Scope, requested_by: str, stages: tuple[str, ...] = ()) -> Run:
        """Records a run of the pipeline and queues its work; the run is final at once when there is none."""
        with self._store.transaction() as tx:
            plan = self._plan(tx, raw, scope, stages)
            run = plan_run(plan, scope, self._new_id(), raw, requested_by, self._clock.now())
            if run.outcome() is RunState.RUNNING:
                task = self._queue.enqueue(tx, scope.account, PULL_KIND, {"runId": run.id})
                run = replace(run, task_id=task.id)
            else:
                run = replace(run, state=run.outcome(), finished_at=run.created_at)
            tx.runs.add(run)
        return run

    def get(self, account: str, run_id: str) -> Run:
        with self._store.snapshot() as tx:
            return _found(tx, account, run_id)

    def list(self, account: str, request: PageRequest) -> Page[Run]:
        with self._store.snapshot() as tx:
            return tx.runs.page(account, request)

    def cancel(self, account: str, run_id: str) -> Run:
        """Ends a run; its worker is told to stop. A final run stays as it is."""
        with self._store.transaction() as tx:
            run = _found(tx, account, run_id)
            if not run.state.is_final:
                if run.task_id is not None:
                    self._queue.cancel(tx, run.task_id)
                tx.runs.set_state(run_id, RunState.CANCELLED, self._clock.now())
                tx.after_commit(self._changes.ring)
            return _found(tx, account, run_id)

    def wait_for_change(self, seen: int, timeout_s: float) -> int:
        """Waits until a run in this process changed since ``seen`` (0 to begin with); gives the new count."""
        self._changes.wait(seen, timeout_s)
        return self._changes.count

    def leased(self, lease: Lease) -> tuple[Run, Mapping[str, Connector]]:
        """The run a lease is for, and its connectors by the reference the images name; gone ones are left out."""
        with self._store.snapshot() as tx:
            run = tx.runs.find_by_task(lease.task.id)
            if run is None:
                raise RunNotFoundError(str(lease.task.payload.get("runId")))
            return run, self._connectors_of(tx, run)

    def record(self, lease: Lease, facts: Iterable[tuple[str, ImageFacts]]) -> None:
        """Writes reported facts. Raises StaleLeaseError when the lease is lost."""
        with self._store.transaction() as tx:
            self._queue.check(tx, lease)
            tx.runs.put_facts(_run_id(lease), facts)
            tx.after_commit(self._changes.ring)

    def finish(self, lease: Lease, facts: Iterable[tuple[str, ImageFacts]]) -> None:
        """Writes the last facts, ends the task and the run, in one step. Raises StaleLeaseError."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            tx.runs.put_facts(_run_id(lease), facts)
            run = tx.runs.find_by_task(lease.task.id)
            state = run.outcome() if run else RunState.FAILED
            if state is RunState.RUNNING:  # the worker left an image without an outcome
                state = RunState.FAILED
            done = TaskState.SUCCEEDED if state is RunState.SUCCEEDED else TaskState.FAILED
            self._queue.finish(tx, lease, done)
            tx.runs.set_state(_run_id(lease), state, now)
            tx.after_commit(self._changes.ring)

    def give_back(self, lease: Lease) -> None:
        """For a worker that has to stop: the task is queued again, what was recorded stays. Raises StaleLeaseError."""
        with self._store.transaction() as tx:
            self._queue.release(tx, lease)

    def sweep(self) -> None:
        """Requeues work whose worker went silent, and ends the runs of work that was given up."""
        with self._store.transaction() as tx:
            self._end_runs(tx, self._queue.sweep_in(tx))

    def reclaim(self, owner: str) -> None:
        """``sweep`` after a restart: ``owner`` was this program's earlier life and works on nothing any more."""
        with self._store.transaction() as tx:
            self._end_runs(tx, self._queue.reclaim_in(tx, owner))

    def _end_runs(self, tx: RunTransaction, tasks: Iterable[TaskRow]) -> None:
        for task in tasks:
            run = tx.runs.find_by_task(task.id) if task.kind == PULL_KIND and task.state.is_final else None
            if run is None:
                continue
            failed = ImageFacts(ImageState.FAILED, failure=_given_up(task))
            open_keys = {image.pull_key for image in run.images if not image.facts.state.is_final}
            tx.runs.put_facts(run.id, [(key, failed) for key in sorted(open_keys)])
            state = RunState.CANCELLED if task.state is TaskState.CANCELLED else RunState.FAILED
            tx.runs.set_state(run.id, state, self._clock.now())
            tx.after_commit(self._changes.ring)

    def _plan(self, tx: RunTransaction, raw: bytes, scope: Scope, stages: tuple[str, ...]) -> Plan:
        pins: dict[Infra, tuple[Pin, ...]] = {infra: tx.pins.all(scope.account, infra) for infra in Infra}
        return resolve(
            _parsed(raw),
            scope=scope,
            find_connector=_remembered(tx.connectors.find),
            catalogue=self._catalogue,
            pins=pins,
            stages=stages,
            line=self._release_line,
        )

    def _connectors_of(self, tx: RunTransaction, run: Run) -> dict[str, Connector]:
        user = Scope(run.account, run.org, run.project)
        wanted = {image.connector for image in run.images if image.connector}
        found = {text: tx.connectors.find(*ScopedReference.parse(text).resolve(user)) for text in wanted}
        return {text: connector for text, connector in found.items() if connector is not None}


def _parsed(raw: bytes) -> Pipeline:
    return _read_before(raw) if len(raw) <= _REMEMBERED_BYTES else parse_pipeline(raw)


@lru_cache(maxsize=_REMEMBERED_TEXTS)
def _read_before(raw: bytes) -> Pipeline:
    return parse_pipeline(raw)


def _remembered(
    find: Callable[[Scope, str], Connector | None],
) -> Callable[[Scope, str], Connector | None]:
    """Asks the store once for each connector: a pipeline of twenty stages names the same few."""
    seen: dict[tuple[Scope, str], Connector | None] = {}

    def remembered(scope: Scope, identifier: str) -> Connector | None:
        if (scope, identifier) not in seen:
            seen[scope, identifier] = find(scope, identifier)
        return seen[scope, identifier]

    return remembered


def _found(tx: RunTransaction, account: str, run_id: str) -> Run:
    run = tx.runs.find(account, run_id)
    if run is None:
        raise RunNotFoundError(run_id)
    return run


def _given_up(task: TaskRow) -> ImageFailure:
    error = task.error or {}
    return ImageFailure(
        code=str(error.get("code", "task-cancelled")),
        category=str(error.get("category", "conflict")),
        message=str(error.get("message", "the run was cancelled")),
        hint=str(error.get("hint", "")),
    )


def _run_id(lease: Lease) -> str:
    return str(lease.task.payload["runId"])
