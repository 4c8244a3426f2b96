"""``copy``: images from where connectors lead to where others lead; the outcome of each stands in the task's row."""

from collections.abc import Iterable

from pierhead.control.connectors import Connector, ConnectorService
from pierhead.control.tasks import Lease, TaskQueue, TaskRow, TaskState
from pierhead.protocol.tasks import (
    CopyEvent,
    CopyImage,
    CopyResult,
    CopyState,
    CopyTask,
    FailedResult,
    Result,
    TaskFailure,
)

from .copy_wishes import CopyWish, wishes_in
from .errors import clipped, document_of
from .origins import by_host
from .payloads import Place
from .performer import performer_of
from .question_work import named
from .registry_access import RegistrySecrets, access_for_image
from .results import check_keys, document_of_result, expect, kept
from .work import Outcome, Report, WorkStore, WorkTransaction

_MOST_LATEST = 1000
_GOOD = (CopyState.COPIED, CopyState.PRESENT)


class CopyWork:
    def __init__(
        self, store: WorkStore, queue: TaskQueue, connectors: ConnectorService, secrets: RegistrySecrets
    ) -> None:
        self._store = store
        self._queue = queue
        self._connectors = connectors
        self._secrets = secrets
        self._latest: dict[str, dict[str, CopyEvent]] = {}

    def latest(self, task_id: str) -> tuple[CopyEvent, ...]:
        """What was last reported of each image of a copy that goes on; only what this process was told, and only for
        people."""
        return tuple(self._latest.get(task_id, {}).values())

    def order(self, lease: Lease) -> CopyTask:
        """Goes on from what an earlier attempt left."""
        secrets = self._secrets.shown_to(performer_of(self._store, lease))
        images = tuple(self._image(key, wish, secrets) for key, wish in wishes_in(lease.task).items())
        checkpoint = lease.task.checkpoint
        return CopyTask(images=images, checkpoint=None if checkpoint is None else dict(checkpoint))

    def progress(self, lease: Lease, report: Report) -> None:
        check_keys((event.key for event in report.copies), wishes_in(lease.task), lease.task.kind)
        if report.copies:
            self._latest.setdefault(lease.id, {}).update({event.key: event for event in report.copies})
            if len(self._latest) > _MOST_LATEST:  # of copies that ended elsewhere
                del self._latest[next(iter(self._latest))]
        if report.checkpoint is not None:
            with self._store.transaction() as tx:
                self._queue.checkpoint(tx, lease, report.checkpoint)

    def finish(self, lease: Lease, result: Result, is_cancelled: bool) -> None:
        self._latest.pop(lease.id, None)
        checked = expect(result, CopyResult, lease.task.kind)
        keys = wishes_in(lease.task)
        if isinstance(checked, CopyResult):
            check_keys((event.key for event in checked.images), keys, lease.task.kind)
            checked = kept(_clipped(checked), lease.task.kind)
        document = None if isinstance(checked, FailedResult) else document_of_result(checked)
        failure = _failure(checked, len(keys))
        state = TaskState.SUCCEEDED if failure is None else TaskState.FAILED
        with self._store.transaction() as tx:
            if is_cancelled and failure is not None:
                self._queue.finish(tx, lease, TaskState.CANCELLED, result=document)
            else:
                error = None if failure is None else document_of(failure)
                self._queue.finish(tx, lease, state, error, result=document)

    def given_up(self, tx: WorkTransaction, task: TaskRow) -> None:
        """Who looks at the task finds the error in its row."""
        del tx
        self._latest.pop(task.id, None)

    def outcomes(self, task: TaskRow, result: Result) -> Iterable[Outcome]:
        """A failure is laid to the registry that its exchange was with, for there are two."""
        origins = (task.route or {}).get("origins", ())
        assert isinstance(origins, list | tuple)
        if not isinstance(result, CopyResult | FailedResult):
            return []
        if isinstance(result, CopyResult):
            failures = [event.error for event in result.images if event.state not in _GOOD and event.error]
        else:
            failures = [result.error]
        if not failures:
            return [(str(origin), None) for origin in origins]
        hosts = by_host(map(str, origins))
        asked = {_host(failure): failure for failure in reversed(failures)}
        return [(origin, asked[host]) for host, origin in hosts.items() if host in asked]

    def _image(self, key: str, wish: CopyWish, secrets: RegistrySecrets) -> CopyImage:
        source, target = self._connector(wish.source), self._connector(wish.target)
        taken, put = named(source, wish.image), named(target, wish.name)
        return CopyImage(
            key=key,
            source=str(taken),
            digest=wish.digest,
            target=str(put),
            from_registry=access_for_image(taken, source, secrets),
            to_registry=access_for_image(put, target, secrets),
            platforms=wish.platforms,
            index=wish.index,
            referrers=wish.referrers,
        )

    def _connector(self, place: Place) -> Connector:
        return self._connectors.get(place.scope, place.connector)


def _host(failure: TaskFailure) -> str:
    url = failure.exchange.url if failure.exchange else ""
    return url.partition("://")[2].partition("/")[0]


def _failure(result: CopyResult | FailedResult, count: int) -> TaskFailure | None:
    """That of the first image that failed, said of all when there are several."""
    if isinstance(result, FailedResult):
        return result.error
    bad = [event for event in result.images if event.state not in _GOOD]
    missing = count - len({event.key for event in result.images})
    if not bad and not missing:
        return None
    said = next((event.error for event in bad if event.error is not None), None)
    if said is None:
        return TaskFailure(code="no-outcome", category="unavailable", message="the copy ended without an outcome")
    if count == 1:
        return said
    failed = len(bad) + missing
    return said.model_copy(update={"message": f"{failed} of {count} images were not copied; the first: {said.message}"})


def _clipped(result: CopyResult) -> CopyResult:
    """The last event of each image."""
    return CopyResult(images=tuple(_event(event) for event in {each.key: each for each in result.images}.values()))


def _event(event: CopyEvent) -> CopyEvent:
    return event if event.error is None else event.model_copy(update={"error": clipped(event.error)})
