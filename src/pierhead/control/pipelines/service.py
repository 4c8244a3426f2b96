"""The use cases of runs: explain a pipeline, initialize one, follow it, and take in what its worker reports.

Decides nothing about images (``resolution`` does) and moves no bytes: it writes what was decided and what was
reported, the latter only under the lease that allows it.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import lru_cache

from pierhead.control.audit import SYSTEM, Action, Actor, note
from pierhead.control.catalogue import Catalogue, Infra, Pin
from pierhead.control.connectors import Connector
from pierhead.control.delegates import Path, Route
from pierhead.control.organizations import check_place
from pierhead.control.scopes import Areas, Scope, ScopedReference
from pierhead.control.tasks import Bell, Bells, Lease, StaleLeaseError, TaskQueue, TaskRow
from pierhead.kit.clock import Clock
from pierhead.kit.ids import IdSource
from pierhead.kit.limits import KIB
from pierhead.kit.paging import Page, PageRequest
from pierhead.kit.signals import Signal, Topic

from .document import parse_pipeline
from .errors import RunNotFoundError
from .model import Pipeline
from .outcomes import CANCELLED, LEFT_OUT, end_of_run, end_of_task, failure_of_task, last_facts, part_of
from .plan import Plan
from .planning import plan_run, ways_of
from .ports import PathSettler, RunStore, RunTransaction, SettledPath
from .records import about_run, run_document
from .resolution import MayName, any_connector, resolve
from .runs import ImageFacts, Run, RunState
from .seen import remembered
from .ways import with_tasks

PULL_KIND = "pull"
# The same text comes again with every push, so reading it again is the larger half of explaining it.
_REMEMBERED_TEXTS = 64
_REMEMBERED_BYTES = 64 * KIB


class RunService:
    """``release_line`` says whose defaults apply, None: the catalogue's newest. ``dispatcher`` knows the delegates."""

    def __init__(
        self,
        store: RunStore,
        queue: TaskQueue,
        catalogue: Catalogue,
        clock: Clock,
        new_id: IdSource,
        release_line: str | None = None,
        *,
        dispatcher: PathSettler,
    ) -> None:
        self._store = store
        self._queue = queue
        self._dispatcher = dispatcher
        self._catalogue = catalogue
        self._clock = clock
        self._new_id = new_id
        self._release_line = release_line
        self._changes = Bells()
        store.signals.on(Topic.RUN, self._changes.ring)

    def explain(
        self, raw: bytes, scope: Scope, stages: tuple[str, ...] = (), may_name: MayName = any_connector
    ) -> Plan:
        """What each stage would get and why; changes nothing. Raises InvalidInputError for a bad pipeline.

        A connector that the caller may not name is answered as one that is not there.
        """
        with self._store.snapshot() as tx:
            check_place(tx, scope)
            return self._plan(tx, raw, scope, stages, may_name)

    def initialize(
        self,
        raw: bytes,
        scope: Scope,
        requested_by: str,
        stages: tuple[str, ...] = (),
        may_name: MayName = any_connector,
        *,
        by: Actor = SYSTEM,
    ) -> Run:
        """Records a run of the pipeline and queues its work; the run is final at once when there is none."""
        with self._store.transaction() as tx:
            check_place(tx, scope)
            plan = self._plan(tx, raw, scope, stages, may_name)
            run = plan_run(plan, scope, self._new_id(), raw, requested_by, self._clock.now())
            if run.outcome() is RunState.RUNNING:
                run = self._with_tasks(tx, run, plan, scope)
            else:
                run = replace(run, state=run.outcome(), finished_at=run.created_at)
            tx.runs.add(run)
            note(tx, run.created_at, by, Action.START, about_run(run), after=run_document(run, run.state))
        return run

    def get(self, account: str, run_id: str) -> Run:
        with self._store.snapshot() as tx:
            return _found(tx, account, run_id)

    def list(self, account: str, request: PageRequest, areas: Areas = None) -> Page[Run]:
        """Newest first, of these areas."""
        with self._store.snapshot() as tx:
            return tx.runs.page(account, request, areas)

    def cancel(self, account: str, run_id: str, *, by: Actor = SYSTEM) -> Run:
        """Ends a run; who works on it is told to stop. A final run stays as it is."""
        with self._store.transaction() as tx:
            run = _found(tx, account, run_id)
            after = run.state if run.state.is_final else RunState.CANCELLED
            documents = run_document(run, run.state), run_document(run, after)
            note(tx, self._clock.now(), by, Action.ABORT, about_run(run), *documents)
            if not run.state.is_final:
                for task_id in run.task_ids:
                    self._end_images(tx, run, self._queue.cancel(tx, task_id))
                tx.runs.set_state(run_id, RunState.CANCELLED, self._clock.now())
                _announce(tx, run_id)
            return _found(tx, account, run_id)

    def changes(self, run_id: str) -> AbstractContextManager[Bell]:
        """A bell that rings when the run changes, whichever server changes it; sometimes for nothing."""
        return self._changes.at(run_id)

    def leased(self, lease: Lease) -> tuple[Run, Mapping[str, Connector]]:
        """The run with the images a lease is for, and their connectors by reference; gone ones are left out."""
        with self._store.snapshot() as tx:
            run = part_of(_found_by(tx, lease), lease.id)
            return run, self._connectors_of(tx, run)

    def pull_keys(self, lease: Lease) -> frozenset[str]:
        """Those of the images a lease is for."""
        with self._store.snapshot() as tx:
            return frozenset(image.pull_key for image in part_of(_found_by(tx, lease), lease.id).images)

    def begin(self, lease: Lease, performer: str, delegate: str) -> tuple[Run, Mapping[str, Connector]]:
        """As ``leased``, once it is written who performs it: an id and a name. Raises StaleLeaseError.

        What another performer has resolved is forgotten by then.
        """
        with self._store.transaction() as tx:
            self._queue.check(tx, lease)
            tx.runs.set_performer(_run_id(lease), lease.id, performer, delegate)
            _announce(tx, _run_id(lease))
            run = part_of(_found_by(tx, lease), lease.id)
            return run, self._connectors_of(tx, run)

    def record(self, lease: Lease, facts: Iterable[tuple[str, ImageFacts]]) -> None:
        """Writes facts about images of the lease. Raises StaleLeaseError."""
        with self._store.transaction() as tx:
            self._queue.check(tx, lease)
            tx.runs.put_facts(_run_id(lease), facts)
            _announce(tx, _run_id(lease))

    def finish(self, lease: Lease, facts: Iterable[tuple[str, ImageFacts]]) -> None:
        """Writes the last facts, ends the task, and the run when it was the last one of it, in one step.

        Once more under the same lease changes nothing. Raises StaleLeaseError.
        """
        with self._store.transaction() as tx:
            try:
                self._queue.check(tx, lease)
            except StaleLeaseError:
                if self._queue.is_ended_by(tx, lease.id, lease.owner, lease.fence):
                    return
                raise
            self._finish(tx, lease, facts)

    def sweep(self) -> None:
        """Requeues work whose worker went silent, and ends what waits for work that was given up."""
        with self._store.transaction() as tx:
            for task in self._queue.sweep_in(tx):
                self.task_given_up(tx, task)

    def reclaim(self, owner: str) -> None:
        """``sweep`` after a restart: ``owner`` was this program's earlier life and works on nothing any more.

        There was no other server meanwhile: whoever else works on something has time to say so.
        """
        with self._store.transaction() as tx:
            self._queue.spare_in(tx, owner)
            for task in self._queue.reclaim_in(tx, owner):
                self.task_given_up(tx, task)

    def task_given_up(self, tx: RunTransaction, task: TaskRow) -> None:
        """Fails the images of a task that ended without being performed; the run ends when no other is left open.

        Passes over a task that is not for a run, or goes on.
        """
        run = tx.runs.find_by_task(task.id) if task.kind == PULL_KIND and task.state.is_final else None
        if run is not None:
            self._end_images(tx, run, task)
            self._end_run(tx, task.id, run.id)

    def _with_tasks(self, tx: RunTransaction, run: Run, plan: Plan, scope: Scope) -> Run:
        def settle(path: Path, origins: Iterable[str], secrets: Iterable[Scope]) -> SettledPath:
            return self._dispatcher.settle(tx, path, scope, origins, secrets)

        def enqueue(route: Route | None) -> str:
            document = None if route is None else route.to_json()
            payload = {"runId": run.id}
            return self._queue.enqueue(tx, scope.account, PULL_KIND, payload, route=document, scope=scope).id

        return with_tasks(run, ways_of(plan, run), settle, enqueue)

    def _finish(self, tx: RunTransaction, lease: Lease, facts: Iterable[tuple[str, ImageFacts]]) -> None:
        run = _found_by(tx, lease)
        now_is = tx.tasks.find(lease.id)
        is_cancelled = now_is is not None and now_is.is_cancel_requested
        otherwise = CANCELLED if is_cancelled else LEFT_OUT
        images = part_of(run, lease.id).images
        last = last_facts(images, facts, otherwise)
        tx.runs.put_facts(run.id, last.items())
        ended = [replace(image, facts=last.get(image.pull_key, image.facts)) for image in images]
        self._queue.finish(tx, lease, *end_of_task(ended, is_cancelled=is_cancelled))
        self._end_run(tx, lease.id, run.id)

    def _end_images(self, tx: RunTransaction, run: Run, task: TaskRow) -> None:
        """Of a task that nobody works on."""
        if task.state.is_final:
            tx.runs.put_facts(run.id, last_facts(part_of(run, task.id).images, (), failure_of_task(task)).items())

    def _end_run(self, tx: RunTransaction, task_id: str, run_id: str) -> None:
        """Ends the run when all its images have an outcome."""
        _announce(tx, run_id)
        # Said first, though it says nothing new: two tasks that end at once must look at the images one after the
        # other, or each would see those of the other still open and nobody would end the run.
        if tx.runs.set_state(run_id, RunState.RUNNING, None):
            run = tx.runs.find_by_task(task_id)
            state = end_of_run(run) if run else RunState.FAILED
            if state.is_final:
                tx.runs.set_state(run_id, state, self._clock.now())

    def _plan(self, tx: RunTransaction, raw: bytes, scope: Scope, stages: tuple[str, ...], may_name: MayName) -> Plan:
        pins: dict[Infra, tuple[Pin, ...]] = {infra: tx.pins.along(scope, infra) for infra in Infra}
        return resolve(
            _parsed(raw),
            scope=scope,
            find_connector=remembered(tx.connectors.find),
            may_name=may_name,
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


def _found(tx: RunTransaction, account: str, run_id: str) -> Run:
    run = tx.runs.find(account, run_id)
    if run is None:
        raise RunNotFoundError(run_id)
    return run


def _found_by(tx: RunTransaction, lease: Lease) -> Run:
    run = tx.runs.find_by_task(lease.id)
    if run is None:
        raise RunNotFoundError(_run_id(lease))
    return run


def _announce(tx: RunTransaction, run_id: str) -> None:
    tx.announce(Signal(Topic.RUN, run_id))


def _run_id(lease: Lease) -> str:
    return str(lease.task.payload["runId"])
