"""A delegate is shown the secrets of its own scope and below, and no others: not by tags, and not by an old queue."""

from collections.abc import Callable
from typing import Any

import pytest

from pierhead.control.connectors import parse_connector
from pierhead.control.delegates import Route
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretDraft
from pierhead.control.tasks import TaskState
from pierhead.kit.redact import SecretValue
from pierhead.server.jobs.unsaved_test import unsaved_payload
from pierhead.server.jobs.wishes import Wanted
from pierhead.testing.application import MemoryApplication
from pierhead.testing.places import make_place

from .conftest import enlisting, token_of

PASSWORD = "dckr_pat_of_the_account"
OWN = "dckr_pat_of_the_project"
PIPELINE = b"""
pipeline:
  identifier: demo
  delegateSelectors: [vault]
  stages:
    - stage:
        identifier: build
        type: CI
        spec:
          infrastructure: {type: KubernetesDirect, spec: {connectorRef: account.cluster, namespace: builds}}
          execution: {steps: [{step: {identifier: t, type: Run, spec: {command: x}}}]}
"""
REASON = "belongs to project o/p, and the connector's secret to the account: it may not see it"
Enlist = Callable[..., Any]


@pytest.fixture
def account(application: MemoryApplication) -> Scope:
    return Scope(application.account.id)


@pytest.fixture
def project(application: MemoryApplication, account: Scope) -> Scope:
    return make_place(application.store, Scope(account.account, "o", "p"))


@pytest.fixture
def closed(application: MemoryApplication, account: Scope, project: Scope) -> None:
    """The account's own connector has a password of the account; ``own`` in the project one of the project."""
    keep(application, account, "pw", PASSWORD)
    keep(application, project, "pw", OWN)
    save(application, account, "harnessImage", "account.pw")
    save(application, project, "own", "pw")


def keep(application: MemoryApplication, scope: Scope, name: str, value: str) -> None:
    application.secrets.create(SecretDraft(scope, name, name, SecretValue(value)))


def save(application: MemoryApplication, scope: Scope, name: str, password: str = "", **more: object) -> None:
    auth: dict[str, object] = {"type": "Anonymous"}
    if password:
        auth = {"type": "UsernamePassword", "spec": {"username": "ci", "passwordRef": password}}
    spec = {"dockerRegistryUrl": "https://r.example", "providerType": "Other", "auth": auth, **more}
    place = {"orgIdentifier": scope.org, "projectIdentifier": scope.project}
    document = {"identifier": name, "name": name, "type": "DockerRegistry", "spec": spec, **place}
    draft = parse_connector({"connector": document}, scope.account)
    with application.store.snapshot() as tx:
        is_there = tx.connectors.find(scope, name) is not None
    (application.connectors.update if is_there else application.connectors.create)(draft)


@pytest.fixture
def insider(application: MemoryApplication, client: Any, project: Scope) -> Any:
    """A delegate of the project that says it has the tag of a trusted one."""
    return enlisting(application, client, token_of(application, project))(name="evil", tags=("vault",)).join()


@pytest.fixture
def trusted(newcomer: Enlist) -> Any:
    return newcomer(name="trusted", host_name="trusted-1", tags=("vault",)).join()


def offered(delegate: Any) -> list[str]:
    return [offer["task"] for offer in delegate.poll().body["offers"]]


def start(application: MemoryApplication, project: Scope, pipeline: bytes = PIPELINE) -> Any:
    run = application.runs.initialize(pipeline, project, "ada")
    application.dispatcher.dispatch()
    return run


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("selector", [b"vault", b"evil", b"probe-1"])
def test_a_delegate_of_the_project_never_gets_the_password_of_the_account(
    application: MemoryApplication, project: Scope, insider: Any, selector: bytes
) -> None:
    insider.poll()
    run = start(application, project, PIPELINE.replace(b"vault", selector))
    assert offered(insider) == []
    for task_id in run.task_ids:
        answer = insider.acquire(task_id)
        assert "order" not in answer.body
        assert PASSWORD not in str(answer.body)
        row = application.queue.get(project.account, task_id)
        assert (row.state, row.error["code"]) == (TaskState.DEAD, "no-eligible-delegates")
        assert REASON in row.error["hint"]
        assert "take a delegate of the account, or a connector and a secret of project o/p" in row.error["hint"]
    failures = {image.facts.failure.code for image in application.runs.get(run.account, run.id).images}
    assert failures == {"no-eligible-delegates"}


@pytest.mark.usefixtures("closed")
def test_a_delegate_of_the_account_gets_the_task_that_one_of_the_project_may_not_have(
    application: MemoryApplication, project: Scope, insider: Any, trusted: Any
) -> None:
    run = start(application, project)
    (task_id,) = run.task_ids
    assert (offered(insider), offered(trusted)) == ([], [task_id])
    assert "order" not in insider.acquire(task_id).body
    _, task = trusted.take(task_id)
    assert {image.registry.password.get_secret_value() for image in task.images} == {PASSWORD}
    lines = [line.text for line in application.dispatcher.why(task_id).lines]
    assert REASON in lines


@pytest.mark.usefixtures("closed")
def test_a_delegate_of_the_project_works_with_a_secret_of_the_project(
    application: MemoryApplication, project: Scope, insider: Any
) -> None:
    named = PIPELINE.replace(b"namespace: builds", b"namespace: builds, harnessImageConnectorRef: own")
    (task_id,) = start(application, project, named).task_ids
    assert offered(insider) == [task_id]
    _, task = insider.take(task_id)
    assert {image.registry.password.get_secret_value() for image in task.images} == {OWN}


def test_a_delegate_of_the_project_works_where_nothing_is_shown(
    application: MemoryApplication, project: Scope, insider: Any
) -> None:
    (task_id,) = start(application, project).task_ids
    assert offered(insider) == [task_id]
    _, task = insider.take(task_id)
    assert {image.registry.password for image in task.images} == {None}


def test_the_order_looks_at_the_connectors_as_they_are_now(
    application: MemoryApplication, account: Scope, project: Scope, insider: Any
) -> None:
    keep(application, account, "pw", PASSWORD)
    save(application, account, "harnessImage")
    run = start(application, project)
    (task_id,) = run.task_ids
    assert offered(insider) == [task_id]
    assert "secrets" not in application.queue.get(account.account, task_id).route
    save(application, account, "harnessImage", "account.pw")
    answer = insider.acquire(task_id)
    assert "order" not in answer.body
    assert PASSWORD not in str(answer.body)
    images = application.runs.get(run.account, run.id).images
    assert {image.facts.failure.code for image in images} == {"secret-not-shown"}
    assert REASON in images[0].facts.failure.message


def _copy(application: MemoryApplication, project: Scope) -> str:
    tasks = application.connector_tasks.real
    return tasks.start_copy(project, "account.harnessImage", "r.example/a:1", "own", "r.example/b:1")


def _unsaved(application: MemoryApplication, project: Scope) -> str:
    """As ``tested_unsaved`` does before it waits for the answer."""
    connector = application.connectors.get(project, "mine")
    wanted = Wanted(project, "testConnection", unsaved_payload(connector), (connector,), asks=True)
    return application.connector_tasks.real._enqueue(wanted, 60.0).task.id


def _saved(application: MemoryApplication, project: Scope) -> str:
    return application.connector_tasks.real.start_test(project, "mine")


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("begin", [_copy, _saved, _unsaved])
def test_copies_and_tests_are_judged_alike(
    application: MemoryApplication, project: Scope, insider: Any, begin: Callable[..., str]
) -> None:
    save(application, project, "mine", "account.pw", delegateSelectors=["vault"])
    save(application, project, "own", "pw", delegateSelectors=["vault"])
    insider.poll()
    task_id = begin(application, project)
    application.dispatcher.dispatch()
    assert offered(insider) == []
    assert "order" not in insider.acquire(task_id).body
    error = application.queue.get(project.account, task_id).error
    assert error["code"] == "no-eligible-delegates"
    assert "it may not see it" in error["hint"]


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("kind", ["listTags", "listRepositories", "resolve", "readTags", "testConnection", "copy"])
def test_a_route_of_an_earlier_time_gets_no_order_either(
    application: MemoryApplication, project: Scope, insider: Any, kind: str
) -> None:
    """As an older server has queued it: nothing in it says what it shows."""
    place = {"org": None, "project": None, "connector": "harnessImage"}
    more = {
        "repository": "a",
        "image": "a:1",
        "limit": 5,
        "tags": ["1"],
        "withConfigs": True,
        "source": place,
        "target": place,
    }
    payload = {**place, **more, "from": "r.example/a:1", "to": "r.example/b:1", "digest": None, "platforms": []}
    route = Route(project, ("vault",), "connector", ("https://r.example",)).to_json()
    with application.store.transaction() as tx:
        task_id = application.queue.enqueue(tx, project.account, kind, payload, route=route, scope=project).id
    application.dispatcher.dispatch()
    assert offered(insider) == [task_id]
    answer = insider.acquire(task_id)
    assert "order" not in answer.body
    row = application.queue.get(project.account, task_id)
    assert (row.state, row.error["code"]) == (TaskState.FAILED, "secret-not-shown")
