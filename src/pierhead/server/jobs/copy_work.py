"""``copy``: one image from where one connector leads to where another leads; the outcome stands in the task's row."""

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

from .errors import clipped, document_of
from .origins import by_host
from .payloads import Place, place_in, text_in
from .performer import performer_of
from .question_work import named
from .registry_access import RegistrySecrets, access_for_image
from .results import check_keys, document_of_result, expect, kept
from .work import Outcome, Report, WorkStore, WorkTransaction

SOURCE = "source"
TARGET = "target"
_KEY = "image"
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
        self._latest: dict[str, CopyEvent] = {}

    def latest(self, task_id: str) -> CopyEvent | None:
        """What was last reported of a copy that goes on; only what this process was told, and only for people."""
        return self._latest.get(task_id)

    def order(self, lease: Lease) -> CopyTask:
        """Goes on from what an earlier attempt left."""
        source, target = self._connector(lease.task, SOURCE), self._connector(lease.task, TARGET)
        taken, put = named(source, text_in(lease.task, "from")), named(target, text_in(lease.task, "to"))
        digest, platforms = lease.task.payload.get("digest"), lease.task.payload.get("platforms")
        assert isinstance(platforms, list | tuple)
        secrets = self._secrets.shown_to(performer_of(self._store, lease))
        image = CopyImage(
            key=_KEY,
            source=str(taken),
            digest=str(digest) if digest else None,
            target=str(put),
            from_registry=access_for_image(taken, source, secrets),
            to_registry=access_for_image(put, target, secrets),
            platforms=tuple(map(str, platforms)),
        )
        checkpoint = lease.task.checkpoint
        return CopyTask(images=(image,), checkpoint=None if checkpoint is None else dict(checkpoint))

    def progress(self, lease: Lease, report: Report) -> None:
        check_keys((event.key for event in report.copies), (_KEY,), lease.task.kind)
        if report.copies:
            self._latest[lease.id] = report.copies[-1]
            if len(self._latest) > _MOST_LATEST:  # of copies that ended elsewhere
                del self._latest[next(iter(self._latest))]
        if report.checkpoint is not None:
            with self._store.transaction() as tx:
                self._queue.checkpoint(tx, lease, report.checkpoint)

    def finish(self, lease: Lease, result: Result, is_cancelled: bool) -> None:
        self._latest.pop(lease.id, None)
        checked = expect(result, CopyResult, lease.task.kind)
        if isinstance(checked, CopyResult):
            check_keys((event.key for event in checked.images), (_KEY,), lease.task.kind)
            checked = kept(_clipped(checked), lease.task.kind)
        document = None if isinstance(checked, FailedResult) else document_of_result(checked)
        failure = _failure(checked)
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
        failure = _failure(result)
        if failure is None:
            return [(str(origin), None) for origin in origins]
        url = failure.exchange.url if failure.exchange else ""
        asked = url.partition("://")[2].partition("/")[0]
        return [(origin, failure) for host, origin in by_host(map(str, origins)).items() if host == asked]

    def _connector(self, task: TaskRow, key: str) -> Connector:
        place = place_in(task, key)
        return self._connectors.get(place.scope, place.connector)


def copy_payload(
    source: Place, image: str, target: Place, name: str, digest: str | None, platforms: tuple[str, ...]
) -> dict[str, object]:
    places = {SOURCE: source.to_json(), TARGET: target.to_json()}
    return {**places, "from": image, "to": name, "digest": digest, "platforms": list(platforms)}


def _failure(result: CopyResult | FailedResult) -> TaskFailure | None:
    if isinstance(result, FailedResult):
        return result.error
    bad = [event for event in result.images if event.state not in _GOOD]
    if not bad and result.images:
        return None
    said = next((event.error for event in bad if event.error is not None), None)
    return said or TaskFailure(code="no-outcome", category="unavailable", message="the copy ended without an outcome")


def _clipped(result: CopyResult) -> CopyResult:
    return CopyResult(images=tuple(_event(event) for event in result.images[:1]))


def _event(event: CopyEvent) -> CopyEvent:
    return event if event.error is None else event.model_copy(update={"error": clipped(event.error)})
