"""Examinations and migrations over HTTP: what is found, who hears of what, and what a migration may do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.access import Permission as P
from pierhead.control.access import ResourceSelector
from pierhead.control.audit import Action, AuditFilter
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.paging import PageRequest
from pierhead.protocol.tasks import TaskFailure, TestReport
from pierhead.testing.application import MemoryApplication
from pierhead.testing.enrolled import enrol

URL, CONNECTORS = "/pierhead/v1/doctor", "/ng/api/connectors"
DEAD, HUB = "https://app.harness.io/registry", "https://index.docker.io/v2/"
EDITOR = (P.CONNECTOR_VIEW, P.CONNECTOR_EDIT, P.CONNECTOR_ACCESS)
LOGIN = {"type": "UsernamePassword", "spec": {"username": "u", "passwordRef": "account.pw"}}
PIPELINE = """
pipeline:
  identifier: demo
  stages:
    - stage:
        identifier: build
        type: CI
        spec:
          infrastructure:
            type: KubernetesDirect
            spec: {connectorRef: account.cluster, namespace: builds, harnessImageConnectorRef: account.old}
          execution:
            steps:
              - step: {identifier: t, type: Run, spec: {command: x, image: "app.harness.io/registry/team/tool:1"}}
              - step: {identifier: u, type: Run, spec: {command: x, image: "a/b:1", connectorRef: account.none}}
"""
Someone = Callable[..., TestClient]


def connector(identifier: str = "old", url: str = DEAD, place: dict[str, str] | None = None, **spec: Any) -> Any:
    full = {"dockerRegistryUrl": url, "providerType": "Other", "auth": {"type": "Anonymous"}, **spec}
    made = {"name": identifier, "identifier": identifier, "type": "DockerRegistry", "spec": full}
    return {"connector": made | (place or {})}


def store(client: TestClient, **given: Any) -> None:
    answer = client.post(CONNECTORS, json=connector(**given))
    assert answer.status_code == 200, answer.text


def store_secret(client: TestClient) -> None:
    spec = {"secretManagerIdentifier": "harnessSecretManager", "valueType": "Inline", "value": "p"}
    body = {"secret": {"type": "SecretText", "name": "pw", "identifier": "pw", "spec": spec}}
    assert client.post("/ng/api/v2/secrets", json=body).status_code == 200


def examine(client: TestClient, pipelines: list[dict[str, str]] | None = None, **place: str) -> dict[str, Any]:
    if pipelines is None:
        answer = client.get(URL, params=place)
    else:
        answer = client.post(URL, params=place, json={"pipelines": pipelines})
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def codes(data: dict[str, Any]) -> set[tuple[str, str]]:
    return {(each["code"], each["thing"]["identifier"]) for each in data["findings"]}


def migrate(client: TestClient, **body: Any) -> list[dict[str, Any]]:
    answer = client.post(f"{URL}/migrate", json={"all": True, **body} if "ids" not in body else body)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["data"]["items"]
    return items


def url_of(client: TestClient, identifier: str = "old") -> str:
    found = client.get(f"{CONNECTORS}/{identifier}").json()["data"]["connector"]
    url: str = found["spec"]["dockerRegistryUrl"]
    return url


def changes(application: MemoryApplication) -> int:
    found = application.audit.list(application.account.id, AuditFilter(actions=(Action.UPDATE,)), PageRequest(0, 100))
    return len(found.items)


def test_a_connector_at_a_dead_host_is_found_with_what_it_becomes(client: TestClient) -> None:
    store(client)
    data = examine(client)
    [finding] = [each for each in data["findings"] if each["code"] == "host-retired"]
    assert (finding["severity"], finding["thing"]["identifier"]) == ("broken", "old")
    assert finding["migration"] == {"before": DEAD, "after": HUB, "movesCredentials": False}
    assert data["counts"]["broken"] == 1
    assert data["examined"]["connectors"] == 2
    assert data["leftOut"] == []


def test_a_pipeline_is_examined_with_the_connectors_that_it_names(client: TestClient) -> None:
    store(client)
    data = examine(client, [{"file": "ci.yml", "text": PIPELINE}, {"file": "bad.yml", "text": "a: [b"}])
    assert {("connector-missing", "ci.yml"), ("host-retired", "ci.yml"), ("pipeline-unreadable", "bad.yml")} <= codes(
        data
    )
    [dead] = [each for each in data["findings"] if each["thing"]["identifier"] == "old"]
    assert dead["affects"] == ["ci.yml: stage build, its image connector"]
    [image] = [
        each for each in data["findings"] if (each["code"], each["thing"]["identifier"]) == ("host-retired", "ci.yml")
    ]
    assert image["remedy"] == "write docker.io/team/tool:1 there"


def test_pins_mirrors_and_watches_are_examined(client: TestClient) -> None:
    store(client)
    pin = [{"field": "addonTag", "value": "app.harness.io/registry/harness/ci-addon:1.0.0"}]
    assert client.post("/ci/execution-config/update-config", params={"infra": "K8"}, json=pin).status_code == 200
    spec = {"sourceRef": "account.old", "targetRef": "account.harnessImage", "preset": "ci-images"}
    assert client.post("/pierhead/v1/mirrors", json={"identifier": "m", "name": "m", "spec": spec}).status_code == 200
    watch = {"identifier": "w", "connectorRef": "harnessImage", "image": "gcr.io/gcr-prod/x", "tag": "1"}
    assert client.post("/pierhead/v1/watches", json=watch).status_code == 200
    data = examine(client)
    assert {("host-retired", "addonTag"), ("pin-unsupported", "addonTag"), ("host-retired", "w")} <= codes(data)
    [dead] = [each for each in data["findings"] if each["thing"]["identifier"] == "old"]
    assert dead["affects"] == ["mirror m (source)"]


def test_a_secret_that_is_gone_is_found_by_whoever_may_see_secrets(client: TestClient, someone: Someone) -> None:
    store_secret(client)
    store(client, url="https://registry.example", auth=LOGIN)
    assert client.delete("/ng/api/v2/secrets/pw", params={"forceDelete": True}).status_code == 200
    assert ("secret-missing", "old") in codes(examine(client))
    assert ("secret-missing", "old") not in codes(examine(someone(P.CONNECTOR_VIEW)))
    assert ("secret-missing", "old") in codes(examine(someone(P.CONNECTOR_VIEW, P.SECRET_VIEW)))


def test_a_connector_whose_delegates_are_offline_is_found(client: TestClient, application: MemoryApplication) -> None:
    store(client, url="https://registry.example", delegateSelectors=["gpu"])
    assert ("delegate-missing", "old") in codes(examine(client))
    enrol(application, Scope(application.account.id), "gpu")
    assert ("delegate-missing", "old") not in codes(examine(client))


def test_a_default_connector_that_is_gone_is_found(client: TestClient) -> None:
    assert client.delete(f"{CONNECTORS}/harnessImage", params={"forceDelete": True}).status_code == 200
    assert ("default-connector-missing", "harnessImage") in codes(examine(client))


def test_a_key_of_the_callers_own_that_ends_soon_is_found_and_nobody_elses(
    client: TestClient, application: MemoryApplication, someone: Someone
) -> None:
    end = application.clock.now() + timedelta(days=5)
    own = {"apiKeyType": "USER", "apiKeyIdentifier": "admin", "identifier": "short", "name": "short"}
    body = own | {"validTo": int(end.timestamp() * 1000)}
    assert client.post("/ng/api/token", json=body).status_code == 200
    assert ("key-expiring", "admin/short") in codes(examine(client))
    assert not [code for code, _ in codes(examine(someone(P.CONNECTOR_VIEW))) if code == "key-expiring"]


def test_nobody_hears_of_what_he_may_not_see(
    client: TestClient, application: MemoryApplication, someone: Someone
) -> None:
    place = {"orgIdentifier": "o", "projectIdentifier": "p"}
    application.place("o")
    application.place("o", "p")
    store(client, place=place)
    store(client, identifier="top")
    assert {("host-retired", "old"), ("host-retired", "top")} <= codes(examine(client))
    assert ("host-retired", "old") in codes(examine(client, **place))
    blind, named = (
        someone(),
        someone(P.CONNECTOR_VIEW, only=(ResourceSelector(ResourceType.CONNECTOR, frozenset({"top"})),)),
    )
    assert codes(examine(blind)) == set()
    assert codes(examine(named)) == {("host-retired", "top")}
    assert "core_account_view" in examine(named)["leftOut"][0]
    seen = codes(examine(blind, [{"file": "ci.yml", "text": PIPELINE.replace("account.old", "account.top")}]))
    assert ("connector-missing", "ci.yml") in seen
    assert ("host-retired", "top") not in seen


def test_a_place_that_is_not_there_is_not_examined(client: TestClient) -> None:
    assert client.get(URL, params={"orgIdentifier": "none"}).status_code == 404


def test_a_migration_changes_the_url_alone_tests_it_and_is_done_once(
    client: TestClient, application: MemoryApplication
) -> None:
    store(client, trustedRealmHosts=["auth.example"])
    before = client.get(f"{CONNECTORS}/old").json()["data"]["connector"]
    [item] = migrate(client)
    assert (item["outcome"], item["test"]) == ("migrated", "SUCCESS")
    after = client.get(f"{CONNECTORS}/old").json()["data"]["connector"]
    spec = before["spec"] | {"dockerRegistryUrl": HUB, "providerType": "DockerHub"}
    assert after == before | {"spec": spec}
    assert changes(application) == 1
    assert migrate(client) == []
    [again] = migrate(client, ids=[item["id"]])
    assert again["outcome"] == "nothing-to-do"
    assert changes(application) == 1


def test_a_dry_run_changes_nothing(client: TestClient, application: MemoryApplication) -> None:
    store(client)
    assert [item["outcome"] for item in migrate(client, dryRun=True)] == ["planned"]
    assert url_of(client) == DEAD
    assert changes(application) == 0


def test_a_test_that_fails_afterwards_is_told_and_the_change_stays(
    client: TestClient, application: MemoryApplication
) -> None:
    store(client)
    failure = TaskFailure(code="name-not-resolved", category="unavailable", message="no such name")
    application.connector_tasks.report = TestReport(outcome="failure", steps=(), error=failure)
    [item] = migrate(client)
    assert (item["outcome"], item["test"], item["testMessage"]) == ("migrated", "FAILURE", "no such name")
    assert url_of(client) == HUB


def test_a_password_goes_to_another_registry_only_when_that_is_said(client: TestClient) -> None:
    store_secret(client)
    store(client, auth=LOGIN)
    [item] = migrate(client)
    assert item["outcome"] == "skipped"
    [named] = migrate(client, ids=[item["id"]])
    assert (named["outcome"], url_of(client)) == ("skipped", DEAD)
    [moved] = migrate(client, withCredentials=True)
    assert (moved["outcome"], url_of(client)) == ("migrated", HUB)
    assert "credentials" in moved["message"]


def test_whoever_may_not_use_the_secret_may_not_send_it_elsewhere(
    client: TestClient, application: MemoryApplication, someone: Someone
) -> None:
    store_secret(client)
    store(client, auth=LOGIN)
    [item] = migrate(someone(*EDITOR, P.SECRET_VIEW), withCredentials=True)
    assert item["outcome"] == "denied"
    assert "secret" in item["message"]
    assert (url_of(client), changes(application)) == (DEAD, 0)


def test_a_web_page_is_left_without_the_right_to_the_secret_and_without_a_test(
    client: TestClient, someone: Someone
) -> None:
    store_secret(client)
    store(client, url="https://gallery.ecr.aws/acme", auth=LOGIN)
    [item] = migrate(someone(*EDITOR))
    assert (item["outcome"], item["test"]) == ("migrated", None)
    assert "may not use its secrets" in item["testMessage"]
    assert url_of(client) == "https://public.ecr.aws/acme"


def test_whoever_may_see_but_not_edit_is_refused_and_told_which_right_is_missing(
    client: TestClient, someone: Someone
) -> None:
    store(client)
    answer = someone(P.CONNECTOR_VIEW).post(f"{URL}/migrate", json={"all": True})
    assert answer.status_code == 403
    assert answer.json()["failedPermissionChecks"][0]["permission"] == P.CONNECTOR_EDIT
    assert url_of(client) == DEAD


def test_whoever_may_edit_one_connector_migrates_that_one_alone(client: TestClient, someone: Someone) -> None:
    for name in ("mine", "theirs"):
        store(client, identifier=name)
    mine = (ResourceSelector(ResourceType.CONNECTOR, frozenset({"mine"})),)
    items = migrate(someone(*EDITOR, only=mine))
    assert [(item["thing"]["identifier"], item["outcome"]) for item in items] == [("mine", "migrated")]
    assert (url_of(client, "mine"), url_of(client, "theirs")) == (HUB, DEAD)


@pytest.mark.parametrize("body", [{}, {"ids": ["0" * 12], "all": True}, {"ids": ["x"]}, {"all": True, "more": 1}])
def test_what_is_to_be_migrated_has_to_be_said(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post(f"{URL}/migrate", json=body).status_code == 400


def test_the_hosts_that_are_known_are_listed_with_why(client: TestClient) -> None:
    hosts = {each["id"]: each for each in client.get(f"{URL}/hosts").json()["data"]["hosts"]}
    assert hosts["app-harness"]["then"] == "shut-down"
    assert hosts["app-harness"]["ends"] == "2024-05-15"
    assert all(each["why"] and each["use"] for each in hosts.values())
