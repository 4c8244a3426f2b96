"""Runs, tasks, copies and delegates are seen where they belong, by whoever may see what is there."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.access import Permission as P
from pierhead.control.access import PrincipalRef
from pierhead.control.audit import AuditFilter
from pierhead.control.delegates import Conclusion, LoggedLine, LogLine, Route
from pierhead.control.pipelines import Run
from pierhead.control.scopes import ResourceType, Scope
from pierhead.control.tasks import TaskRow
from pierhead.kit.paging import PageRequest
from pierhead.testing.application import MemoryApplication
from pierhead.testing.enrolled import enrol
from pierhead.testing.granted import grant, somebody
from pierhead.testing.places import make_place

RUNS, TASKS, COPIES = "/pierhead/v1/runs", "/pierhead/v1/tasks", "/pierhead/v1/copies"
DELEGATES, PIPELINES = "/pierhead/v1/delegates", "/pierhead/v1/pipelines"
IN_P = "orgIdentifier=o&projectIdentifier=p"
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
            spec: {{connectorRef: account.cluster, namespace: builds{image}}}
          execution: {{steps: [{{step: {{identifier: t, type: Run, spec: {{command: x}}}}}}]}}
"""
YAML = {"Content-Type": "application/yaml"}


def pipeline(named: str | None = None) -> bytes:
    return PIPELINE.format(image=f", harnessImageConnectorRef: {named}" if named else "").encode()


@pytest.fixture
def account(application: MemoryApplication) -> str:
    return application.account.id


@pytest.fixture
def ours(application: MemoryApplication, account: str) -> Scope:
    return make_place(application.store, Scope(account, "o", "p"))


@pytest.fixture
def theirs(application: MemoryApplication, account: str) -> Scope:
    return make_place(application.store, Scope(account, "o", "q"))


@pytest.fixture
def who(application: MemoryApplication, client: TestClient) -> PrincipalRef:
    """From here on the client is somebody who may do nothing."""
    ref, key = somebody(application)
    client.headers["X-API-KEY"] = key.reveal()
    return ref


@pytest.fixture
def runs(application: MemoryApplication, account: str, ours: Scope, theirs: Scope) -> list[Run]:
    places = [Scope(account), ours, theirs, ours]
    return [application.runs.initialize(pipeline(), place, "me") for place in places]


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def ids(answer: Any) -> list[str]:
    return [each["id"] for each in data(answer)["content"]]


def test_lists_of_runs_and_tasks_have_what_the_caller_may_see_and_count_right(
    client: TestClient, application: MemoryApplication, who: PrincipalRef, runs: list[Run], ours: Scope, theirs: Scope
) -> None:
    top, first, other, second = (run.id for run in runs)
    assert ids(client.get(RUNS)) == []
    assert ids(client.get(TASKS)) == []
    grant(application, who, ours, [P.PIPELINE_VIEW])
    page = data(client.get(f"{RUNS}?pageSize=1"))
    assert ([run["id"] for run in page["content"]], page["totalItems"], page["totalPages"]) == ([second], 2, 2)
    assert ids(client.get(f"{RUNS}?{IN_P}")) == [second, first]
    for project in ("q", "absent"):
        assert client.get(f"{RUNS}?orgIdentifier=o&projectIdentifier={project}").status_code == 404
    assert data(client.get(TASKS))["totalItems"] == 2
    grant(application, who, Scope(ours.account, "o"), [P.PIPELINE_VIEW], with_children=True)
    assert ids(client.get(RUNS)) == [second, other, first]
    assert ids(client.get(f"{RUNS}?{IN_P}")) == [second, first]
    grant(application, who, Scope(ours.account), [P.PIPELINE_VIEW])
    assert ids(client.get(RUNS)) == [second, other, first, top]
    assert data(client.get(f"{TASKS}?orgIdentifier=o"))["totalItems"] == 3


def test_a_run_or_task_of_another_place_answers_as_one_that_is_not_there(
    client: TestClient, application: MemoryApplication, who: PrincipalRef, runs: list[Run], ours: Scope
) -> None:
    grant(application, who, ours, [P.PIPELINE_VIEW])
    _, mine, foreign, _ = runs
    assert client.get(f"{RUNS}/{mine.id}").status_code == 200
    assert client.post(f"{RUNS}/{mine.id}/cancel").status_code == 403
    for method, path, named in (
        ("GET", f"{RUNS}/%s", foreign.id),
        ("POST", f"{RUNS}/%s/cancel", foreign.id),
        ("GET", f"{RUNS}/%s/events", foreign.id),
        ("GET", f"{TASKS}/%s", foreign.task_ids[0]),
        ("GET", f"{TASKS}/%s/selection", foreign.task_ids[0]),
        ("POST", f"{TASKS}/%s/cancel", foreign.task_ids[0]),
        ("GET", f"{COPIES}/%s", foreign.task_ids[0]),
    ):
        hidden, absent = client.request(method, path % named), client.request(method, path % "none")
        assert (hidden.status_code, absent.status_code) == (404, 404), path
        assert hidden.json()["message"].replace(named, "none") == absent.json()["message"]


def test_delegates_are_listed_to_whoever_may_see_them(
    client: TestClient, application: MemoryApplication, who: PrincipalRef, ours: Scope, theirs: Scope
) -> None:
    mine, foreign = enrol(application, ours, "mine"), enrol(application, theirs, "foreign")
    enrol(application, Scope(ours.account), "top")
    grant(application, who, ours, [P.DELEGATE_VIEW])
    page = data(client.get(f"{DELEGATES}?all=true"))
    assert ([group["name"] for group in page["content"]], page["totalItems"]) == (["mine"], 1)
    listed = client.post("/ng/api/delegate-setup/listDelegates?all=true", json={}).json()["resource"]
    assert [group["groupName"] for group in listed] == ["mine"]
    assert client.get(f"{DELEGATES}/{mine.id}").status_code == 200
    hidden, absent = client.get(f"{DELEGATES}/{foreign.id}"), client.get(f"{DELEGATES}/none")
    assert hidden.json()["message"].replace(foreign.id, "none") == absent.json()["message"]


def test_the_value_of_a_token_is_for_whoever_may_edit_delegates(
    client: TestClient, application: MemoryApplication, who: PrincipalRef, ours: Scope
) -> None:
    application.delegate_tokens.create(ours, "tok", "me")
    grant(application, who, ours, [P.DELEGATE_VIEW])
    path = f"/ng/api/delegate-token-ng?{IN_P}"
    assert client.get(path).json()["resource"][0]["value"] is None
    grant(application, who, ours, [P.DELEGATE_EDIT])
    assert client.get(path).json()["resource"][0]["value"]


def test_a_selection_log_names_no_delegate_of_a_place_that_the_caller_may_not_see(
    client: TestClient, application: MemoryApplication, who: PrincipalRef, ours: Scope, theirs: Scope
) -> None:
    foreign, top = enrol(application, theirs, "secret-site"), enrol(application, Scope(ours.account), "top")
    task = _waiting(application, ours)
    with application.store.transaction() as tx:
        lines = [
            LogLine(Conclusion.NOT_SELECTED, "it has secret, tags", foreign.label, foreign.id),
            LogLine(Conclusion.INFO, f"Non active delegates: 2: {foreign.label}, {top.label}"),
            LogLine(Conclusion.NOT_SELECTED, "forgotten", "old-site", "gone"),
            LogLine(Conclusion.NOT_SELECTED, "not active", top.label, top.id),
        ]
        tx.selection_log.add(LoggedLine(task.id, task.created_at, line) for line in lines)
    grant(application, who, ours, [P.PIPELINE_VIEW])
    answer = client.get(f"{TASKS}/{task.id}/selection")
    shown = data(answer)
    assert not [word for word in ("secret", foreign.id, "old-site") if word in answer.text]
    assert top.label in answer.text
    assert len(shown["log"]) == 4
    assert shown["now"]
    grant(application, who, Scope(ours.account), [P.DELEGATE_VIEW], with_children=True)
    assert foreign.label in client.get(f"{TASKS}/{task.id}/selection").text


def _waiting(application: MemoryApplication, scope: Scope) -> TaskRow:
    route = Route(scope, ("gpu",), "stage", ("https://r.example",)).to_json()
    with application.store.transaction() as tx:
        return application.queue.enqueue(tx, scope.account, "listTags", {}, route=route, scope=scope)


# --- connectors that work names


def _connector(application: MemoryApplication, client: TestClient, identifier: str, password: str = "") -> None:
    """By the admin, at the account."""
    auth: dict[str, Any] = {"type": "Anonymous"}
    if password:
        secret = {"name": password, "identifier": password, "type": "SecretText"}
        spec = {"secretManagerIdentifier": "harnessSecretManager", "valueType": "Inline", "value": "x"}
        key = {"X-API-KEY": application.key.reveal()}
        made = client.post("/ng/api/v2/secrets", json={"secret": {**secret, "spec": spec}}, headers=key)
        assert made.status_code == 200, made.text
        auth = {
            "type": "UsernamePassword",
            "spec": {"username": "u", "passwordRef": f"account.{password}"},
        }
    spec = {"dockerRegistryUrl": "https://r.example.com", "providerType": "Other", "auth": auth}
    body = {"connector": {"name": identifier, "identifier": identifier, "type": "DockerRegistry", "spec": spec}}
    made = client.post("/ng/api/connectors", json=body, headers={"X-API-KEY": application.key.reveal()})
    assert made.status_code == 200, made.text


@pytest.mark.parametrize("is_one_of_many", [False, True])
def test_a_copy_needs_both_connectors_and_their_secrets(
    client: TestClient, application: MemoryApplication, who: PrincipalRef, ours: Scope, is_one_of_many: bool
) -> None:
    _connector(application, client, "open")
    _connector(application, client, "closed", "pw")

    def asked(source: str) -> dict[str, Any]:
        places = [{"connector": f"account.{name}", "image": "a/b:1"} for name in (source, "closed")]
        wanted = dict(zip(("source", "target"), places, strict=True))
        harmless = {**wanted, "target": {"connector": f"account.{source}", "image": "a/c:1"}}
        return {"images": [harmless, wanted]} if is_one_of_many else wanted

    body, top = asked("open"), Scope(ours.account)
    hidden = client.post(f"{COPIES}?{IN_P}", json=body)
    missing = client.post(f"{COPIES}?{IN_P}", json=asked("none"))
    assert (hidden.status_code, missing.status_code) == (400, 400)
    assert hidden.json()["message"].replace("open", "none") == missing.json()["message"]
    grant(application, who, top, [P.CONNECTOR_VIEW])
    assert client.post(f"{COPIES}?{IN_P}", json=body).status_code == 403
    grant(application, who, top, [P.CONNECTOR_ACCESS])
    refused = client.post(f"{COPIES}?{IN_P}", json=body)
    assert refused.json()["failedPermissionChecks"][0]["permission"] == "core_secret_access"
    grant(application, who, top, [P.SECRET_ACCESS])
    started = data(client.post(f"{COPIES}?{IN_P}", json=body))
    task = application.queue.get(ours.account, started["task"]["id"])
    assert task.scope == ours


@pytest.mark.parametrize(("verb", "needed"), [("explain", P.CONNECTOR_VIEW), ("initialize", P.CONNECTOR_ACCESS)])
def test_a_connector_that_a_stage_names_has_to_be_the_caller_s_to_use(
    client: TestClient, application: MemoryApplication, who: PrincipalRef, ours: Scope, verb: str, needed: P
) -> None:
    _connector(application, client, "mirror")
    grant(application, who, ours, [P.PIPELINE_VIEW, P.PIPELINE_EXECUTE])

    def errors(named: str | None) -> str:
        answer = client.post(f"{PIPELINES}/{verb}?{IN_P}", content=pipeline(named), headers=YAML)
        return str(_errors(data(answer)))

    assert errors(None) == "[]", "the account's own connector needs no right"
    hidden, missing = errors("account.mirror"), errors("account.none")
    assert "not found" in hidden
    assert hidden.replace("mirror", "none") == missing
    assert "not found" in errors("account.harnessImage"), "named, it is one like any other"
    grant(application, who, Scope(ours.account), [needed])
    assert errors("account.mirror") == "[]"


def _errors(found: Any) -> list[str]:
    if isinstance(found, list):
        return [error for each in found for error in _errors(each)]
    if not isinstance(found, dict):
        return []
    own = [str(found[name]["message"]) for name in ("error", "failure") if found.get(name)]
    return own + [error for each in found.values() for error in _errors(each)]


def test_an_unusable_pin_is_stored_warned_of_and_named_where_it_fails(client: TestClient) -> None:
    pin = [{"field": "addonTag", "value": "updatedTmpNow"}]
    stored = client.post("/ci/execution-config/update-config?infra=K8", json=pin).json()
    assert stored["data"] is True
    assert "addonTag" in stored["metaData"]["warnings"][0]["text"]
    answer = data(client.post(f"{PIPELINES}/explain", content=pipeline(), headers=YAML))
    assert "the account pins addonTag to 'updatedTmpNow', which is no image" in _errors(answer)[0]


def test_what_is_done_with_work_stands_in_the_trail_once(
    client: TestClient, application: MemoryApplication, account: str, ours: Scope
) -> None:
    run = data(client.post(f"{PIPELINES}/initialize?{IN_P}", content=pipeline(), headers=YAML))
    client.post(f"{RUNS}/{run['id']}/cancel")
    task = _waiting(application, ours)
    client.post(f"{TASKS}/{task.id}/cancel")
    kinds = (ResourceType.PIPELINE, ResourceType.TASK)
    found = application.audit.list(account, AuditFilter(resource_types=kinds), PageRequest()).items
    told = [(r.entry.action.value, r.entry.subject.type.value, r.entry.subject.scope) for r in reversed(found)]
    assert told == [("START", "PIPELINE", ours), ("ABORT", "PIPELINE", ours), ("ABORT", "TASK", ours)]
    assert {record.entry.by.name for record in found} == {"admin"}
