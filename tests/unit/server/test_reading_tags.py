"""What tags mean, asked of a delegate: the order it gets, and how its answer comes back."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pierhead.control.connectors import parse_connector
from pierhead.control.delegates import DelegateState
from pierhead.control.scopes import Scope
from pierhead.control.tasks import TaskState
from pierhead.kit.errors import AppError
from pierhead.kit.paging import PageRequest
from pierhead.kit.signals import Topic
from pierhead.protocol.tasks import (
    FailedResult,
    ReadTagsTask,
    Result,
    TagFacts,
    TagFactsResult,
    TagsResult,
    TaskFailure,
)
from pierhead.server.jobs.errors import TaskFailedError
from pierhead.testing.application import MemoryApplication, memory_application
from pierhead.testing.enrolled import enrol


@pytest.fixture
def application(tmp_path: Path) -> Iterator[MemoryApplication]:
    made = memory_application(tmp_path)
    spec = {"dockerRegistryUrl": "https://c.example", "providerType": "Other", "auth": {"type": "Anonymous"}}
    document = {"identifier": "c", "name": "c", "type": "DockerRegistry", "spec": {**spec, "executeOnDelegate": True}}
    made.connectors.create(parse_connector({"connector": document}, made.account.id))
    yield made
    made.close()


def answered_with(application: MemoryApplication, result: Result) -> list[object]:
    """A delegate that takes the next task gives that result; the list gets its order."""
    delegate = enrol(application, Scope(application.account.id), "one", state=DelegateState.ENABLED).id
    orders: list[object] = []

    def perform(_: object) -> None:
        [task] = application.queue.page(application.account.id, (TaskState.QUEUED,), PageRequest()).items
        with application.store.transaction() as tx:
            lease = application.queue.acquire(tx, task.id, delegate)
        assert lease is not None
        orders.append(application.works[task.kind].order(lease))
        application.works[task.kind].finish(lease, result, is_cancelled=False)

    def start(signal: object) -> None:
        threading.Thread(target=perform, args=(signal,), daemon=True).start()

    application.store.signals.on(Topic.TASK_WAITS, start)
    return orders


def test_a_delegate_is_asked_for_the_tags_and_answers_for_each(application: MemoryApplication) -> None:
    facts = (TagFacts(tag="1", digest="sha256:" + "0" * 64), TagFacts(tag="2", problem="gone"))
    orders = answered_with(application, TagFactsResult(name="a/b", tags=facts))
    tasks, scope = application.connector_tasks.real, Scope(application.account.id)
    assert tasks.read_tags(scope, "c", "a/b", ("1", "2"), with_configs=True).tags == facts
    [order] = orders
    assert isinstance(order, ReadTagsTask)
    assert (order.repository, order.tags, order.with_configs) == ("a/b", ("1", "2"), True)
    assert order.registry.url == "https://c.example"


def test_a_delegates_failure_is_raised_here(application: MemoryApplication) -> None:
    answered_with(application, FailedResult(error=TaskFailure(code="x", category="denied", message="no")))
    with pytest.raises(TaskFailedError, match="no"):
        application.connector_tasks.real.read_tags(Scope(application.account.id), "c", "a/b", ("1",))


def test_a_delegates_list_comes_as_one_page(application: MemoryApplication) -> None:
    answered_with(application, TagsResult(name="a/b", tags=("1", "2"), truncated=True))
    found = list(application.connector_tasks.real.tag_pages(Scope(application.account.id), "c", "a/b", 2))
    assert [(page.tags, page.truncated) for page in found] == [(("1", "2"), True)]


def test_an_image_that_cannot_be_named_is_said_before_anybody_is_asked(application: MemoryApplication) -> None:
    with pytest.raises(AppError, match="NO IMAGE"):
        application.connector_tasks.real.read_tags(Scope(application.account.id), "c", "NO IMAGE", ("1",))
