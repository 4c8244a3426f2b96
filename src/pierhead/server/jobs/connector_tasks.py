"""What can be asked of registries through connectors: chooses the path, queues, waits, gives the answer.

Through the platform a question is asked at once (ADR 0006); everything else is a task that whoever is on its path
performs. Permissions are asked by the caller.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel

from pierhead.control.audit import SYSTEM, Action, Actor, Subject, note
from pierhead.control.connectors import Connector, ConnectorService
from pierhead.control.delegates import Dispatcher
from pierhead.control.scopes import ResourceType, Scope
from pierhead.control.tasks import TaskQueue, TaskRow, TaskState
from pierhead.protocol.tasks import (
    CopyEvent,
    FailedResult,
    InspectResult,
    RepositoriesResult,
    ResolveResult,
    Result,
    TagFactsResult,
    TagsResult,
    Task,
    TestReport,
)
from pierhead.worker.execute import task_failure

from .copy_wishes import CopyAsked, CopyWish, payload_of
from .copy_work import CopyWork
from .errors import TaskFailedError, TaskTimedOutError, failure_in
from .inspecting import InspectWish, inspect_task, wanted_inspection
from .origins import origin_of
from .paths import path_of as path_of
from .payloads import COPY_KIND, READ_TAGS_KIND, REPOSITORIES_KIND, RESOLVE_KIND, TAGS_KIND, TEST_KIND, Place
from .platform_delegate import PlatformDelegate
from .question_work import named, read_tags_task, repositories_task, resolve_task, tags_task
from .registry_access import RegistrySecrets
from .test_work import failed_report
from .unsaved_test import unsaved_payload
from .wishes import Asked, Queued, Wanted
from .wishes import Tested as Tested
from .work import Work, WorkStore, WorkTransaction, give_up

WITHIN_S = 120.0
_ATTEMPTS_AT_A_QUESTION = 2
_ATTEMPTS_AT_A_COPY = 5  # each goes on where the one before was cut off
R = TypeVar("R", bound=BaseModel)


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
        wanted = Wanted(connector.scope, TEST_KIND, payload, (connector,), asks=True, asked_by=asked)
        return self._waited(self._enqueue(wanted, WITHIN_S))

    def start_test(self, scope: Scope, identifier: str) -> str:
        """The same without waiting; gives the id of the task. Raises ConnectorMissingError."""
        return self._start_test(scope, identifier, None).task.id

    def list_tags(self, scope: Scope, identifier: str, repository: str, limit: int) -> TagsResult:
        """At most ``limit`` tags. Raises ConnectorMissingError, TaskFailedError, TaskTimedOutError."""
        connector = self._connectors.get(scope, identifier)
        named(connector, repository)  # what cannot be named is said at once
        payload = {**Place(scope, identifier).to_json(), "repository": repository, "limit": limit}
        wanted = Wanted(scope, TAGS_KIND, payload, (connector,), asks=True)
        return self._answered(wanted, lambda: tags_task(connector, repository, limit, self._secrets), TagsResult)

    def tag_pages(self, scope: Scope, identifier: str, repository: str, limit: int) -> Iterator[TagsResult]:
        """The same as its pages arrive, where the platform asks; a delegate gives all at once."""
        connector = self._connectors.get(scope, identifier)
        if not path_of((connector,)).is_platform:
            yield self.list_tags(scope, identifier, repository, limit)
            return
        for page in self._platform.ask_pages(tags_task(connector, repository, limit, self._secrets)):
            yield _good(page, TagsResult)

    def list_repositories(self, scope: Scope, identifier: str, limit: int) -> RepositoriesResult:
        """At most ``limit`` of what the registry is willing to list. Raises as ``list_tags``."""
        connector = self._connectors.get(scope, identifier)
        payload = {**Place(scope, identifier).to_json(), "limit": limit}
        wanted = Wanted(scope, REPOSITORIES_KIND, payload, (connector,), asks=True)
        return self._answered(wanted, lambda: repositories_task(connector, limit, self._secrets), RepositoriesResult)

    def resolve(self, scope: Scope, identifier: str, image: str) -> ResolveResult:
        """What the image's tag means now, as the connector would name the image. Raises as ``list_tags``."""
        return self.resolve_at(self._connectors.get(scope, identifier), image)

    def resolve_at(self, connector: Connector, image: str) -> ResolveResult:
        """The same at a connector that may be stored nowhere: the built-in one."""
        named(connector, image)
        payload = {**Place(connector.scope, connector.identifier).to_json(), "image": image}
        wanted = Wanted(connector.scope, RESOLVE_KIND, payload, (connector,), asks=True)
        return self._answered(wanted, lambda: resolve_task(connector, image, self._secrets), ResolveResult)

    def read_tags(
        self, scope: Scope, identifier: str, repository: str, tags: Sequence[str], *, with_configs: bool = False
    ) -> TagFactsResult:
        """Digests of up to 1,000 tags; with configs, dates and labels of the first 100. Raises as ``list_tags``."""
        connector = self._connectors.get(scope, identifier)
        named(connector, repository)
        asked = {"repository": repository, "tags": list(tags), "withConfigs": with_configs}
        payload = {**Place(scope, identifier).to_json(), **asked}
        wanted = Wanted(scope, READ_TAGS_KIND, payload, (connector,), asks=True)
        return self._answered(
            wanted,
            lambda: read_tags_task(connector, repository, tags, self._secrets, with_configs=with_configs),
            TagFactsResult,
        )

    def inspect(self, connector: Connector, wish: InspectWish) -> InspectResult:
        """Finds out what gates want to know of an image. Raises as ``list_tags``."""
        wanted = wanted_inspection(connector, wish)
        return self._answered(wanted, lambda: inspect_task(connector, wish, self._secrets), InspectResult)

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
        one = CopyAsked(source_connector, source, target_connector, target, digest, platforms)
        return self.start_copies(scope, (one,), by=by)

    def start_copies(self, scope: Scope, images: Sequence[CopyAsked], *, by: Actor = SYSTEM) -> str:
        """The same of several images in one task, each with connectors of its own.

        Raises TooManyCopiesError and SameTargetError as well.
        """
        wishes, reached = [], dict[Place, Connector]()
        for each in images:
            taken = self._connectors.resolve(each.source_connector, scope)
            put = self._connectors.resolve(each.target_connector, scope)
            named(taken, each.source)
            named(put, each.target)
            places = Place(taken.scope, taken.identifier), Place(put.scope, put.identifier)
            reached |= zip(places, (taken, put), strict=True)
            more = each.digest, each.platforms, each.index, each.referrers
            wishes.append(CopyWish(places[0], each.source, places[1], each.target, *more))
        payload, connectors = payload_of(wishes), tuple(reached.values())
        asked = Asked(by, Action.START, payload)
        return self._enqueue(Wanted(scope, COPY_KIND, payload, connectors, asks=False, asked_by=asked)).task.id

    def copied(self, task_id: str) -> tuple[CopyEvent, ...]:
        """How far each image of a copy is that goes on, as far as this process was told."""
        work = self._works[COPY_KIND]
        return work.latest(task_id) if isinstance(work, CopyWork) else ()

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

    def _start_test(self, scope: Scope, identifier: str, by: Actor | None) -> Queued:
        connector = self._connectors.get(scope, identifier)
        payload = Place(scope, identifier).to_json()
        asked = None if by is None else Asked(by, Action.TEST)
        return self._enqueue(Wanted(scope, TEST_KIND, payload, (connector,), asks=True, asked_by=asked), WITHIN_S)

    def _waited(self, queued: Queued) -> Tested:
        return Tested(self._report(queued.task.id), queued.task.id, queued.reason)

    def _report(self, task_id: str) -> TestReport:
        try:
            row = self._wait(task_id)
        except TaskTimedOutError as error:
            return failed_report(task_failure(error))
        if row.result is None:
            return failed_report(failure_in(row.error))
        return TestReport.model_validate(row.result)

    def _asked(self, wanted: Wanted) -> TaskRow | None:
        """The ended task of a question that a delegate was asked; None when the platform shall be."""
        if path_of(wanted.connectors).is_platform:
            return None
        with self._store.transaction() as tx:
            queued = self._enqueue_in(tx, wanted, WITHIN_S, is_question=True)
        return None if queued is None else self._wait(queued.task.id)

    def _enqueue(self, wanted: Wanted, deadline_s: float | None = None) -> Queued:
        with self._store.transaction() as tx:
            queued = self._enqueue_in(tx, wanted, deadline_s)
        assert queued is not None
        return queued

    def _enqueue_in(
        self, tx: WorkTransaction, wanted: Wanted, deadline_s: float | None, *, is_question: bool = False
    ) -> Queued | None:
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
        return Queued(task, settled.reason)

    def _tell(self, tx: WorkTransaction, wanted: Wanted, task: TaskRow) -> None:
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

    def _answered(self, wanted: Wanted, task: Callable[[], Task], kind: type[R]) -> R:
        """What a delegate answers, else the platform, with the task made only then."""
        if (row := self._asked(wanted)) is not None:
            return _answer(row, kind)
        return _good(self._platform.ask(task()), kind)


def _good(result: Result, kind: type[R]) -> R:
    """Raises TaskFailedError."""
    if isinstance(result, FailedResult):
        raise TaskFailedError(result.error)
    assert isinstance(result, kind)
    return result


def _answer(row: TaskRow, kind: type[R]) -> R:
    """Raises TaskFailedError."""
    if row.state is not TaskState.SUCCEEDED or row.result is None:
        raise TaskFailedError(failure_in(row.error))
    return kind.model_validate(row.result)
