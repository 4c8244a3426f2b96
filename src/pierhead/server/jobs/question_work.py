"""Questions to a registry that leave nothing behind but their answer: tags, repositories, what a tag means now."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from pydantic import BaseModel

from pierhead.control.connectors import Connector, ConnectorService, image_name, normalise_url
from pierhead.control.tasks import Lease, TaskQueue, TaskRow, TaskState
from pierhead.oci.reference import Reference
from pierhead.protocol.tasks import (
    FailedResult,
    ListRepositoriesTask,
    ListTagsTask,
    ReadTagsTask,
    RepositoriesResult,
    ResolveResult,
    ResolveTask,
    Result,
    TagFactsResult,
    TagsResult,
    Task,
)

from .errors import document_of
from .payloads import (
    READ_TAGS_KIND,
    REPOSITORIES_KIND,
    RESOLVE_KIND,
    TAGS_KIND,
    limit_in,
    place_in,
    text_in,
    texts_in,
)
from .performer import performer_of
from .registry_access import RegistrySecrets, access_for, access_for_image
from .results import document_of_result, expect, kept
from .work import Outcome, Report, WorkStore, WorkTransaction


class Question(Protocol):
    """One kind of question: the task for it, and what a good answer is."""

    @property
    def answer(self) -> type[BaseModel]: ...

    def task(self, row: TaskRow, connector: Connector, secrets: RegistrySecrets) -> Task: ...


class Tags:
    answer = TagsResult

    def task(self, row: TaskRow, connector: Connector, secrets: RegistrySecrets) -> Task:
        return tags_task(connector, text_in(row, "repository"), limit_in(row), secrets)


class Repositories:
    answer = RepositoriesResult

    def task(self, row: TaskRow, connector: Connector, secrets: RegistrySecrets) -> Task:
        return repositories_task(connector, limit_in(row), secrets)


class Resolution:
    answer = ResolveResult

    def task(self, row: TaskRow, connector: Connector, secrets: RegistrySecrets) -> Task:
        return resolve_task(connector, text_in(row, "image"), secrets)


class Facts:
    answer = TagFactsResult

    def task(self, row: TaskRow, connector: Connector, secrets: RegistrySecrets) -> Task:
        tags = texts_in(row, "tags")
        return read_tags_task(connector, text_in(row, "repository"), tags, secrets, with_configs=_configs_in(row))


QUESTIONS: dict[str, Question] = {
    TAGS_KIND: Tags(),
    REPOSITORIES_KIND: Repositories(),
    RESOLVE_KIND: Resolution(),
    READ_TAGS_KIND: Facts(),
}


class QuestionWork:
    """The answer stands in the task's row, for whoever waits for its end."""

    def __init__(
        self,
        store: WorkStore,
        queue: TaskQueue,
        connectors: ConnectorService,
        secrets: RegistrySecrets,
        kind: str,
        question: Question | None = None,
    ) -> None:
        self._store = store
        self._queue = queue
        self._connectors = connectors
        self._secrets = secrets
        self._question = question or QUESTIONS[kind]

    def order(self, lease: Lease) -> Task:
        place = place_in(lease.task)
        connector = self._connectors.get(place.scope, place.connector)
        secrets = self._secrets.shown_to(performer_of(self._store, lease))
        return self._question.task(lease.task, connector, secrets)

    def progress(self, lease: Lease, report: Report) -> None:
        """A question has no progress."""

    def finish(self, lease: Lease, result: Result, is_cancelled: bool) -> None:
        checked = kept(expect(result, self._question.answer, lease.task.kind), lease.task.kind)
        with self._store.transaction() as tx:
            if is_cancelled:
                self._queue.finish(tx, lease, TaskState.CANCELLED)
            elif isinstance(checked, FailedResult):
                self._queue.finish(tx, lease, TaskState.FAILED, document_of(checked.error))
            else:
                self._queue.finish(tx, lease, TaskState.SUCCEEDED, result=document_of_result(checked))

    def given_up(self, tx: WorkTransaction, task: TaskRow) -> None:
        """Whoever waits for the answer finds the error in the row."""

    def outcomes(self, task: TaskRow, result: Result) -> Iterable[Outcome]:
        origins = (task.route or {}).get("origins", ())
        assert isinstance(origins, list | tuple)
        failure = result.error if isinstance(result, FailedResult) else None
        return [(str(origin), failure) for origin in origins]


def tags_task(connector: Connector, repository: str, limit: int, secrets: RegistrySecrets) -> ListTagsTask:
    """Raises InvalidImageReferenceError, ImageNotPlaceableError."""
    reference = named(connector, repository)
    access = access_for_image(reference, connector, secrets)
    return ListTagsTask(registry=access, repository=reference.repository, limit=limit)


def repositories_task(connector: Connector, limit: int, secrets: RegistrySecrets) -> ListRepositoriesTask:
    return ListRepositoriesTask(registry=access_for(connector, secrets), limit=limit)


def resolve_task(connector: Connector, image: str, secrets: RegistrySecrets) -> ResolveTask:
    """Raises InvalidImageReferenceError, ImageNotPlaceableError."""
    reference = named(connector, image)
    return ResolveTask(registry=access_for_image(reference, connector, secrets), reference=str(reference))


def read_tags_task(
    connector: Connector, repository: str, tags: Sequence[str], secrets: RegistrySecrets, *, with_configs: bool
) -> ReadTagsTask:
    """Raises InvalidImageReferenceError, ImageNotPlaceableError."""
    reference = named(connector, repository)
    access = access_for_image(reference, connector, secrets)
    return ReadTagsTask(registry=access, repository=reference.repository, tags=tuple(tags), with_configs=with_configs)


def _configs_in(row: TaskRow) -> bool:
    return row.payload["withConfigs"] is True


def named(connector: Connector, image: str) -> Reference:
    """The image as the connector would name it."""
    address = normalise_url(connector.spec.url, connector.spec.provider_type)
    return image_name(address, image).reference
