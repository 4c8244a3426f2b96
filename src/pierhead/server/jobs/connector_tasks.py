"""What can be asked of registries through connectors: chooses the path, queues, waits, gives the answer.

Through the platform a question is asked at once (ADR 0006); everything else is a task that whoever is on its path
performs. Permissions are asked by the caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from pierhead.control.audit import SYSTEM, Action, Actor, Document, Subject, note
from pierhead.control.connectors import Connector, ConnectorService
from pierhead.control.delegates import Dispatcher, Origin, Path, choose_path
from pierhead.control.scopes import ResourceType, Scope
from pierhead.control.tasks import TaskQueue, TaskRow, TaskState
from pierhead.protocol.tasks import (
    CopyEvent,
    FailedResult,
    RepositoriesResult,
    ResolveResult,
    Result,
    TagsResult,
    Task,
    TestReport,
)
from pierhead.worker.execute import task_failure

from .copy_work import CopyWork, copy_payload
from .errors import TaskFailedError, TaskTimedOutError, failure_in
from .origins import origin_of
from .payloads import COPY_KIND, REPOSITORIES_KIND, RESOLVE_KIND, TAGS_KIND, TEST_KIND, Place
from .platform_delegate import PlatformDelegate
from .question_work import named, repositories_task, resolve_task, tags_task
from .registry_access import RegistrySecrets
from .test_work import failed_report
from .unsaved_test import unsaved_payload
from .work import Work, WorkStore, WorkTransaction, give_up

WITHIN_S = 120.0
_ATTEMPTS_AT_A_QUESTION = 2
_ATTEMPTS_AT_A_COPY = 5  # each goes on where the one before was cut off
R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the audit trail is told of somebody's wish."""

    by: Actor
    action: Action
    after: Document | None = None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A task to queue: ``connectors`` are those whose registries it has to reach."""

    scope: Scope
    kind: str
    payload: Mapping[str, object]
    connectors: tuple[Connector, ...]
    asks: bool
    asked_by: Asked | None = None


@dataclass(frozen=True, slots=True)
class Tested:
    """A connection test that was waited for; ``reason`` says in a sentence why it went the way it went."""

    report: TestReport
    task_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Queued:
    task: TaskRow
    reason: str


class ConnectorTasks:
    """Thread-safe. What waits may wait for ``WITHIN_S`` seconds."""

    def __init__(
        self,
        store: WorkStore,
        queue: TaskQueue,
        dispatcher: Dispatcher,
        connectors: ConnectorService,
        secrets: RegistrySecrets,
        platform: PlatformDelegate,
        works: Mapping[str, Work],
    ) -> None:
        self._store = store
        self._queue = queue
        self._dispatcher = dispatcher
        self._connectors = connectors
        self._secrets = secrets
        self._platform = platform
        self._works = works

    def test_connection(self, scope: Scope, identifier: str) -> TestReport:
        """Tests a saved connector and waits; a failing test is a result. Raises ConnectorMissingError."""
        return self.tested(scope, identifier).report

    def tested(self, scope: Scope, identifier: str, *, by: Actor | None = None) -> Tested:
        """The same, with the task that did it. ``by``: the person who asks; None: the program does, which is not
        audited. Raises ConnectorMissingError."""
        return self._waited(self._start_test(scope, identifier, by))

    def tested_unsaved(self, connector: Connector, *, by: Actor | None = None) -> Tested:
        """Tests a connector that is stored nowhere, and keeps its status nowhere."""
        payload = unsaved_payload(connector)
        asked = None if by is None else Asked(by, Action.TEST, payload)
        wanted = _Wanted(connector.scope, TEST_KIND, payload, (connector,), asks=True, asked_by=asked)
        return self._waited(self._enqueue(wanted, WITHIN_S))

    def start_test(self, scope: Scope, identifier: str) -> str:
        """The same without waiting; gives the id of the task. Raises ConnectorMissingError."""
        return self._start_test(scope, identifier, None).task.id

    def list_tags(self, scope: Scope, identifier: str, repository: str, limit: int) -> TagsResult:
        """At most ``limit`` tags. Raises ConnectorMissingError, TaskFailedError, TaskTimedOutError."""
        connector = self._connectors.get(scope, identifier)
        named(connector, repository)  # what cannot be named is said at once
        payload = {**Place(scope, identifier).to_json(), "repository": repository, "limit": limit}
        if (row := self._asked(_Wanted(scope, TAGS_KIND, payload, (connector,), asks=True))) is None:
            return self._direct(tags_task(connector, repository, limit, self._secrets), TagsResult)
        return _answer(row, TagsResult)

    def list_repositories(self, scope: Scope, identifier: str, limit: int) -> RepositoriesResult:
        """At most ``limit`` of what the registry is willing to list. Raises as ``list_tags``."""
        connector = self._connectors.get(scope, identifier)
        payload = {**Place(scope, identifier).to_json(), "limit": limit}
        if (row := self._asked(_Wanted(scope, REPOSITORIES_KIND, payload, (connector,), asks=True))) is None:
            return self._direct(repositories_task(connector, limit, self._secrets), RepositoriesResult)
        return _answer(row, RepositoriesResult)

    def resolve(self, scope: Scope, identifier: str, image: str) -> ResolveResult:
        """What the image's tag means now, as the connector would name the image. Raises as ``list_tags``."""
        connector = self._connectors.get(scope, identifier)
        named(connector, image)
        payload = {**Place(scope, identifier).to_json(), "image": image}
        if (row := self._asked(_Wanted(scope, RESOLVE_KIND, payload, (connector,), asks=True))) is None:
            return self._direct(resolve_task(connector, image, self._secrets), ResolveResult)
        return _answer(row, ResolveResult)

    def start_copy(
        self,
        scope: Scope,
        source_connector: str,
        source: str,
        target_connector: str,
        target: str,
        digest: str | None = None,
        platforms: tuple[str, ...] = (),
        *,
        by: Actor = SYSTEM,
    ) -> str:
        """Queues the copy of one image; connectors by reference as ``scope`` sees them. Gives the id of the task.

        Raises InvalidReferenceError, ConnectorNotFoundError, InvalidImageReferenceError, ImageNotPlaceableError.
        """
        taken = self._connectors.resolve(source_connector, scope)
        put = self._connectors.resolve(target_connector, scope)
        named(taken, source)
        named(put, target)
        places = Place(taken.scope, taken.identifier), Place(put.scope, put.identifier)
        payload = copy_payload(places[0], source, places[1], target, digest, platforms)
        asked = Asked(by, Action.START, payload)
        return self._enqueue(_Wanted(scope, COPY_KIND, payload, (taken, put), asks=False, asked_by=asked)).task.id

    def copied(self, task_id: str) -> CopyEvent | None:
        """How far a copy is that goes on, as far as this process was told."""
        work = self._works[COPY_KIND]
        return work.latest(task_id) if isinstance(work, CopyWork) else None

    def cancel(self, account: str, task_id: str, *, by: Actor = SYSTEM) -> TaskRow:
        """Ends a waiting task at once, asks the holder of a running one; gives the task afterwards.

        Raises TaskNotFoundError.
        """
        before = self._queue.get(account, task_id)
        with self._store.transaction() as tx:
            task = self._queue.cancel(tx, task_id)
            if not before.state.is_final:
                give_up(tx, self._works, task)
            subject = Subject(task.scope, ResourceType.TASK, task_id, task.kind)
            states = [{"kind": task.kind, "state": one.state.value} for one in (before, task)]
            note(tx, self._queue.now(), by, Action.ABORT, subject, *states)
        return task

    def _start_test(self, scope: Scope, identifier: str, by: Actor | None) -> _Queued:
        connector = self._connectors.get(scope, identifier)
        payload = Place(scope, identifier).to_json()
        asked = None if by is None else Asked(by, Action.TEST)
        return self._enqueue(_Wanted(scope, TEST_KIND, payload, (connector,), asks=True, asked_by=asked), WITHIN_S)

    def _waited(self, queued: _Queued) -> Tested:
        return Tested(self._report(queued.task.id), queued.task.id, queued.reason)

    def _report(self, task_id: str) -> TestReport:
        try:
            row = self._wait(task_id)
        except TaskTimedOutError as error:
            return failed_report(task_failure(error))
        if row.result is None:
            return failed_report(failure_in(row.error))
        return TestReport.model_validate(row.result)

    def _asked(self, wanted: _Wanted) -> TaskRow | None:
        """The ended task of a question that a delegate was asked; None when the platform shall be."""
        if path_of(wanted.connectors).is_platform:
            return None
        with self._store.transaction() as tx:
            queued = self._enqueue_in(tx, wanted, WITHIN_S, is_question=True)
        return None if queued is None else self._wait(queued.task.id)

    def _enqueue(self, wanted: _Wanted, deadline_s: float | None = None) -> _Queued:
        with self._store.transaction() as tx:
            queued = self._enqueue_in(tx, wanted, deadline_s)
        assert queued is not None
        return queued

    def _enqueue_in(
        self, tx: WorkTransaction, wanted: _Wanted, deadline_s: float | None, *, is_question: bool = False
    ) -> _Queued | None:
        origins = tuple(dict.fromkeys(origin_of(connector) for connector in wanted.connectors))
        secrets = [scope for connector in wanted.connectors for scope in connector.secret_scopes]
        path = path_of(wanted.connectors)
        settled = self._dispatcher.settle(tx, path, wanted.scope, origins, secrets, asks=wanted.asks)
        if settled.route is None and is_question:
            return None
        task = self._queue.enqueue(
            tx,
            wanted.scope.account,
            wanted.kind,
            wanted.payload,
            route=None if settled.route is None else settled.route.to_json(),
            deadline_s=deadline_s,
            max_attempts=_ATTEMPTS_AT_A_QUESTION if wanted.asks else _ATTEMPTS_AT_A_COPY,
            scope=wanted.scope,
        )
        self._tell(tx, wanted, task)
        return _Queued(task, settled.reason)

    def _tell(self, tx: WorkTransaction, wanted: _Wanted, task: TaskRow) -> None:
        """A test is about its connector; a copy, which has two, about itself."""
        asked, connector = wanted.asked_by, wanted.connectors[0]
        if asked is None:
            return
        subject = (
            Subject(connector.scope, ResourceType.CONNECTOR, connector.identifier, connector.name)
            if wanted.kind == TEST_KIND
            else Subject(wanted.scope, ResourceType.TASK, task.id, wanted.kind)
        )
        note(tx, task.created_at, asked.by, asked.action, subject, after={"taskId": task.id, **(asked.after or {})})

    def _wait(self, task_id: str) -> TaskRow:
        row = self._queue.wait_for_end(task_id, WITHIN_S)
        if row is not None:
            return row
        with self._store.transaction() as tx:
            give_up(tx, self._works, self._queue.cancel(tx, task_id))
        raise TaskTimedOutError(WITHIN_S)

    def _direct(self, task: Task, kind: type[R]) -> R:
        result: Result = self._platform.ask(task)
        if isinstance(result, FailedResult):
            raise TaskFailedError(result.error)
        assert isinstance(result, kind)
        return result


def path_of(connectors: tuple[Connector, ...]) -> Path:
    """One connector's own path. Between several registries: by whoever has the selectors of all of them.

    A registry that the platform reaches is not in anybody's way, so one that needs a delegate decides.
    """
    wanting = [connector for connector in connectors if connector.spec.execute_on_delegate]
    selectors = tuple(selector for connector in wanting for selector in connector.spec.delegate_selectors)
    names = " and ".join(dict.fromkeys(str(connector.reference) for connector in wanting or connectors))
    return choose_path({Origin.CONNECTOR: selectors}, connector=names, connector_wants_delegate=bool(wanting))


def _answer(row: TaskRow, kind: type[R]) -> R:
    """Raises TaskFailedError."""
    if row.state is not TaskState.SUCCEEDED or row.result is None:
        raise TaskFailedError(failure_in(row.error))
    return kind.model_validate(row.result)
