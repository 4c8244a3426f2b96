"""``mirror``: the images that a run planned to copy, many in one task; what came of each stands in the run."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import cast

from pierhead.control.connectors import Connector
from pierhead.control.mirroring import Copies, Mirror, MirrorRun, MirrorService, Phase, RunItem, backup_tag
from pierhead.control.tasks import Lease, TaskQueue, TaskRow, TaskState
from pierhead.kit.errors import AppError
from pierhead.protocol.tasks import (
    CopyEvent,
    CopyImage,
    CopyResult,
    CopyState,
    CopyTask,
    FailedResult,
    IndexMode,
    RegistryAccess,
    Result,
    TaskFailure,
)
from pierhead.worker.execute import task_failure

from .errors import clipped
from .mirror_tasks import MIRROR_KIND, MirrorTasks, MirrorWorkStore, MirrorWorkTransaction
from .mirror_wants import named_at, quarantined_in
from .origins import by_host
from .payloads import text_in
from .performer import performer_of
from .registry_access import RegistrySecrets, access_for
from .results import check_keys, expect
from .survey_work import end_run, error_of, origins_of
from .work import Outcome, Report, WorkTransaction

_MOST_LATEST = 20


class MirrorWork:
    def __init__(
        self,
        store: MirrorWorkStore,
        queue: TaskQueue,
        mirrors: MirrorService,
        tasks: MirrorTasks,
        secrets: RegistrySecrets,
    ) -> None:
        self._store = store
        self._queue = queue
        self._mirrors = mirrors
        self._tasks = tasks
        self._secrets = secrets
        self._latest: dict[str, dict[str, CopyEvent]] = {}

    def latest(self, run: MirrorRun) -> dict[str, RunItem]:
        """What was last reported of each image; only what this process was told, and only for people."""
        known = self._latest.get(run.task_id, {})
        planned = {item.plan.name: item for item in _planned(run)}
        return {name: _outcome(planned[name], event) for name, event in [*known.items()] if name in planned}

    def order(self, lease: Lease) -> CopyTask:
        """Every image by the digest that was planned, whatever its tag says by now. Goes on from what an earlier
        attempt left."""
        run, mirror = self._run(lease.task)
        source, target = self._tasks.connectors(mirror)
        secrets = self._secrets.shown_to(performer_of(self._store, lease))
        accesses = access_for(source, secrets), access_for(target, secrets)
        images = [_image(item, run, mirror, (source, target), accesses) for item in self._asked(run)]
        checkpoint = lease.task.checkpoint
        return CopyTask(images=tuple(images), checkpoint=None if checkpoint is None else dict(checkpoint))

    def progress(self, lease: Lease, report: Report) -> None:
        if report.copies:
            known = self._latest.setdefault(lease.id, {})
            known.update({event.key: event for event in report.copies})
            if len(self._latest) > _MOST_LATEST:  # of runs that ended elsewhere
                del self._latest[next(iter(self._latest))]
        if report.checkpoint is not None:
            with self._store.transaction() as tx:
                self._queue.checkpoint(tx, lease, report.checkpoint)

    def finish(self, lease: Lease, result: Result, is_cancelled: bool) -> None:
        self._latest.pop(lease.id, None)
        checked = expect(result, CopyResult, lease.task.kind)
        with self._store.transaction() as tx:
            run = tx.mirror_runs.find(lease.task.account, text_in(lease.task, "runId"))
            failed = isinstance(checked, FailedResult)
            state = TaskState.FAILED if failed else TaskState.SUCCEEDED
            self._queue.finish(tx, lease, TaskState.CANCELLED if is_cancelled else state)
            if run is None or run.state.is_final:
                return
            asked = {item.plan.name: item for item in self._asked(run)}
            if isinstance(checked, FailedResult):
                outcomes = {name: _failed(item, checked.error) for name, item in asked.items()}
            else:
                check_keys((event.key for event in checked.images), asked, lease.task.kind)
                outcomes = {event.key: _ended(asked[event.key], event) for event in checked.images}
            self._go_on(tx, run, outcomes, is_cancelled=is_cancelled)

    def _asked(self, run: MirrorRun) -> list[RunItem]:
        return _overwriting(run) if run.phase is Phase.BACKUP else _planned(run)

    def _go_on(
        self, tx: MirrorWorkTransaction, run: MirrorRun, outcomes: Mapping[str, RunItem], *, is_cancelled: bool
    ) -> None:
        if run.phase is Phase.COPY or is_cancelled:
            came = outcomes if run.phase is Phase.COPY else {}
            self._mirrors.copied(tx, run, came, is_cancelled=is_cancelled)
            return
        mirror = tx.mirrors.find(run.scope, run.mirror)
        assert mirror is not None, "a mirror is not deleted while it runs"
        try:
            ways = self._tasks.connectors(mirror)
        except AppError as error:
            self._mirrors.failed(tx, run, error_of(task_failure(error)))
            return
        if run.phase is Phase.QUARANTINE:
            self._mirrors.quarantined(tx, run, outcomes, lambda: self._tasks.enqueue_check(tx, mirror, run.id))
        else:
            kept = {name: _kept(item, run, mirror) for name, item in outcomes.items()}
            self._mirrors.backed_up(tx, run, kept, lambda: self._tasks.enqueue(tx, mirror, MIRROR_KIND, run.id, ways))

    def given_up(self, tx: WorkTransaction, task: TaskRow) -> None:
        self._latest.pop(task.id, None)
        end_run(self._mirrors, cast(MirrorWorkTransaction, tx), task)

    def outcomes(self, task: TaskRow, result: Result) -> Iterable[Outcome]:
        """A failure is laid to the registry that its exchange was with, for there are two."""
        origins = origins_of(task)
        if isinstance(result, FailedResult):
            return _blamed(origins, [result.error])
        if not isinstance(result, CopyResult):
            return []
        failures = [event.error for event in result.images if event.error is not None]
        if any(event.state in (CopyState.COPIED, CopyState.PRESENT) for event in result.images) or not failures:
            return [(origin, None) for origin in origins]
        return _blamed(origins, failures)

    def _run(self, task: TaskRow) -> tuple[MirrorRun, Mirror]:
        run = self._mirrors.run(task.account, text_in(task, "runId"))
        return run, self._mirrors.get(run.scope, run.mirror)


def _planned(run: MirrorRun) -> list[RunItem]:
    return [item for item in run.items if item.is_planned]


def _overwriting(run: MirrorRun) -> list[RunItem]:
    return [item for item in _planned(run) if item.plan.before]


def _kept(item: RunItem, run: MirrorRun, mirror: Mirror) -> RunItem:
    """After its backup: planned still, unless that failed."""
    if item.state == "failed":
        return item
    tag = backup_tag(mirror.spec.backup, item.plan.tag, run.started_at)
    return replace(item, state="planned", target_digest="", bytes_fetched=0, bytes_mounted=0, backup=tag)


Ways = tuple[Connector, Connector]
Accesses = tuple[RegistryAccess, RegistryAccess]


def _image(item: RunItem, run: MirrorRun, mirror: Mirror, ways: Ways, accesses: Accesses) -> CopyImage:
    """What the run's phase does with an image."""
    repository, tag = item.plan.repository, item.plan.tag
    target, access = ways[1], accesses[1]
    if run.phase is Phase.BACKUP:
        backup = named_at(target, repository, backup_tag(mirror.spec.backup, tag, run.started_at))
        taken = str(named_at(target, repository, tag))
        return CopyImage(key=item.plan.name, source=taken, digest=item.plan.before, target=str(backup),
                         from_registry=access, to_registry=access)  # fmt: skip
    held = named_at(target, quarantined_in(mirror, repository), tag)
    whole = named_at(target, repository, tag)
    if item.quarantined:
        return _copy(item, mirror, (str(held), item.quarantined), str(whole), (access, access))
    put = held if run.phase is Phase.QUARANTINE else whole
    return _copy(item, mirror, (str(named_at(ways[0], repository, tag)), item.plan.digest), str(put), accesses)


def _copy(item: RunItem, mirror: Mirror, taken: tuple[str, str], put: str, accesses: Accesses) -> CopyImage:
    """What comes out of quarantine has its platforms chosen already; only an index with members missing says so."""
    is_chosen = bool(item.quarantined) and mirror.spec.copies is not Copies.SPARSE
    return CopyImage(
        key=item.plan.name,
        source=taken[0],
        digest=taken[1],
        target=put,
        from_registry=accesses[0],
        to_registry=accesses[1],
        platforms=() if is_chosen else mirror.spec.platforms,
        index=IndexMode.WHOLE if is_chosen else IndexMode(mirror.spec.copies.value),
        referrers=mirror.spec.has_evidence,
    )


def _outcome(item: RunItem, event: CopyEvent) -> RunItem:
    if event.error is not None:
        return _failed(item, clipped(event.error))
    return replace(
        item,
        state=event.state.value,
        target_digest=event.digest or "",
        bytes_fetched=event.bytes_fetched or 0,
        bytes_mounted=event.bytes_mounted or 0,
        referrers=event.referrers or 0,
    )


def _ended(item: RunItem, event: CopyEvent) -> RunItem:
    """The last word about it."""
    outcome = _outcome(item, event)
    if event.state in (CopyState.COPIED, CopyState.PRESENT) or outcome.state == "failed":
        return outcome
    return replace(item, state="failed", code="no-outcome", message="the copy ended without an outcome")


def _failed(item: RunItem, failure: TaskFailure) -> RunItem:
    return replace(item, state="failed", code=failure.code, message=failure.message, hint=failure.hint)


def _blamed(origins: Iterable[str], failures: Iterable[TaskFailure]) -> list[Outcome]:
    hosts = by_host(origins)
    found: list[Outcome] = []
    for failure in failures:
        asked = failure.exchange.url.partition("://")[2].partition("/")[0] if failure.exchange else ""
        found += [(origin, failure) for host, origin in hosts.items() if host == asked]
    return found
