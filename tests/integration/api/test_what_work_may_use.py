"""Only who may use a secret has work done with it, and nobody alone takes all the places there are."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.access import Permission as P
from pierhead.control.access import PrincipalRef
from pierhead.control.scopes import Scope
from pierhead.server.api.slow_calls import SlowCalls
from pierhead.testing.application import MemoryApplication
from pierhead.testing.granted import grant, somebody

URL, INITIALIZE, RUNS = "/ng/api/connectors", "/pierhead/v1/pipelines/initialize", "/pierhead/v1/runs"
YAML = {"Content-Type": "application/yaml"}
PIPELINE = """
pipeline:
  identifier: demo
  stages:
    - stage:
        identifier: build
        type: CI
        spec:
          infrastructure: {type: KubernetesDirect, spec: {connectorRef: account.cluster, namespace: builds}}
          execution: {steps: [{step: {identifier: t, type: Run, spec: {command: x, image: a, connectorRef: NAMED}}}]}
"""
Someone = Callable[..., TestClient]


@pytest.fixture
def account(application: MemoryApplication) -> Scope:
    return Scope(application.account.id)


def connector(identifier: str = "closed", **spec: Any) -> dict[str, Any]:
    login = {"username": "u", "passwordRef": "account.pw"}
    auth = {"type": "UsernamePassword", "spec": login}
    full = {"dockerRegistryUrl": "https://r.example.com", "providerType": "Other", "auth": auth, **spec}
    return {"connector": {"name": identifier, "identifier": identifier, "type": "DockerRegistry", "spec": full}}


@pytest.fixture
def closed(client: TestClient) -> None:
    """A connector with a password, made and tested by the admin."""
    value = {"secretManagerIdentifier": "harnessSecretManager", "valueType": "Inline", "value": "x"}
    secret = {"name": "pw", "identifier": "pw", "type": "SecretText", "spec": value}
    assert client.post("/ng/api/v2/secrets", json={"secret": secret}).status_code == 200
    assert client.post(URL, json=connector()).status_code == 200


def test_to_start_a_pipeline_takes_the_right_to_use_the_secrets_of_what_it_names(
    client: TestClient, application: MemoryApplication, account: Scope, closed: None
) -> None:
    ref, key = somebody(application)
    client.headers["X-API-KEY"] = key.reveal()
    grant(application, ref, account, [P.PIPELINE_VIEW, P.PIPELINE_EXECUTE])

    def start(named: str) -> Any:
        return client.post(INITIALIZE, content=PIPELINE.replace("NAMED", named).encode(), headers=YAML)

    def missing(answer: Any) -> str:
        assert answer.status_code == 403, answer.text
        return str(answer.json()["failedPermissionChecks"][0]["permission"])

    hidden, absent = start("account.closed"), start("account.none")
    assert (hidden.status_code, "not found" in hidden.text, "not found" in absent.text) == (200, True, True)
    grant(application, ref, account, [P.CONNECTOR_VIEW])
    assert missing(start("account.closed")) == "core_connector_access"
    grant(application, ref, account, [P.CONNECTOR_ACCESS])
    refused = start("account.closed")
    assert missing(refused) == "core_secret_access"
    assert "because the pipeline names connector account.closed" in refused.json()["hint"]
    before = client.get(RUNS).json()["data"]["totalItems"]
    grant(application, ref, account, [P.SECRET_ACCESS])
    assert "not found" not in start("account.closed").text
    assert client.get(RUNS).json()["data"]["totalItems"] == before + 1


def test_what_is_saved_without_the_right_to_its_secrets_is_not_tested_at_once(
    client: TestClient, application: MemoryApplication, account: Scope, closed: None, someone: Someone
) -> None:
    tests = application.connector_tasks.started
    status = application.connectors.get(account, "closed").status
    before = len(tests)
    editor = someone(P.CONNECTOR_VIEW, P.CONNECTOR_EDIT, P.CONNECTOR_ACCESS)
    body = connector()
    body["connector"]["description"] = "another"
    saved = editor.put(URL, json=body)
    assert saved.status_code == 200, saved.text
    assert "it was not tested, for you may not use its secrets" in saved.text
    assert len(tests) == before
    assert application.connectors.get(account, "closed").status == status
    told = client.put(URL, json=body)
    assert "was not tested" not in told.text
    assert len(tests) == before + 1


def test_tests_that_begin_with_a_change_come_from_the_loop_when_the_caller_may_not_start_one(
    client: TestClient, application: MemoryApplication, closed: None, someone: Someone
) -> None:
    client.put(URL, json=connector(ignoreTestConnection=True))
    with application.store.transaction() as tx:
        tx.connectors.set_next_test(Scope(application.account.id), "closed", None)
    editor = someone(P.CONNECTOR_VIEW, P.CONNECTOR_EDIT)
    assert editor.put(URL, json=connector()).status_code == 200
    application.clock.advance(1801)
    now = application.clock.now()
    with application.store.transaction() as tx:
        assert "closed" in {name for _, name in tx.connectors.claim_due_tests(now, now, 10)}


def test_nobody_alone_takes_all_the_calls_that_wait_for_registries(
    client: TestClient, application: MemoryApplication, account: Scope
) -> None:
    ref, key = somebody(application)
    grant(application, ref, account, [P.CONNECTOR_ACCESS])
    mine, url = {"X-API-KEY": key.reveal()}, f"{URL}/testConnection/harnessImage"
    with ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(_slow(client).one("calls", _key(account, ref)))
        refused = client.post(url, headers=mine)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        assert client.post(url).status_code == 200
    assert client.post(url, headers=mine).status_code == 200


def _slow(client: TestClient) -> SlowCalls:
    slow: SlowCalls = client.app.state.slow_calls  # type: ignore[attr-defined]
    return slow


def _key(account: Scope, ref: PrincipalRef) -> str:
    return f"{account.account} {ref.key}"
