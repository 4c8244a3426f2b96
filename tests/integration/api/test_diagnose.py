"""Diagnoses over HTTP: what is told of texts, runs and images, by whom registries are asked, and who hears nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.access import Permission as P
from pierhead.control.diagnosis import MAX_TEXT
from pierhead.control.pipelines import ImageFacts, ImageFailure, ImageState
from pierhead.protocol.tasks import HttpExchange, ResolvedPlatform, TaskFailure
from pierhead.server.jobs.errors import TaskFailedError
from pierhead.testing.application import MemoryApplication

URL, CONNECTORS = "/pierhead/v1/diagnose", "/ng/api/connectors"
ABSENT = (
    'Failed to pull image "registry.example.com/harness/ci-addon:1.16.93": rpc error: code = NotFound desc = '
    'failed to resolve reference "registry.example.com/harness/ci-addon:1.16.93": not found'
)
FAILED = "docker.io asks us to wait for 60 s"
Someone = Callable[..., TestClient]
PIPELINE = b"""
pipeline:
  identifier: demo
  stages:
    - stage:
        identifier: build
        type: CI
        spec:
          infrastructure: {type: KubernetesDirect, spec: {connectorRef: account.cluster, namespace: builds}}
          execution: {steps: [{step: {identifier: t, type: Run, spec: {command: x}}}]}
"""


def ask(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post(URL, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def causes(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["cause"], one["verdict"]) for report in data["reports"] for one in report["diagnoses"]]


def checks(data: dict[str, Any]) -> dict[str, str]:
    return {one["check"]: one["text"] for report in data["reports"] for one in report["evidence"]}


@pytest.fixture
def mirror(client: TestClient) -> None:
    """A connector that leads to registry.example.com."""
    spec = {
        "dockerRegistryUrl": "https://registry.example.com",
        "providerType": "Other",
        "auth": {"type": "Anonymous"},
        "executeOnDelegate": False,
    }
    entity = {"name": "mirror", "identifier": "mirror", "type": "DockerRegistry", "spec": spec}
    assert client.post(CONNECTORS, json={"connector": entity}).status_code == 200


def missing(code: str = "manifest-unknown") -> TaskFailedError:
    exchange = HttpExchange(
        method="HEAD", url="https://registry.example.com/v2/harness/ci-addon/manifests/1", status=404
    )
    return TaskFailedError(TaskFailure(code=code, category="not-found", message="it does not exist", exchange=exchange))


def test_a_text_is_told_by_cause_quote_and_remedy_and_nobody_is_asked(
    client: TestClient, application: MemoryApplication
) -> None:
    data = ask(client, text=ABSENT)
    (report,) = data["reports"]
    (one,) = report["diagnoses"]
    assert (data["isKnown"], one["cause"], one["verdict"], one["line"]) == (True, "tag-absent", "open", 1)
    assert one["found"]["image"] == "registry.example.com/harness/ci-addon:1.16.93"
    assert "Failed to pull image" in one["quote"]
    assert "pierhead connector tags CONNECTOR harness/ci-addon" in [step["command"] for step in one["steps"]]
    assert (report["evidence"], report["connector"], application.connector_tasks.started) == ([], None, [])


def test_what_is_unknown_is_said_to_be(client: TestClient) -> None:
    data = ask(client, text="why does it fail since yesterday?", live=True)
    assert (data["isKnown"], causes(data)) == (False, [])


def test_a_look_proves_a_missing_tag_and_says_what_was_meant(
    client: TestClient, application: MemoryApplication, mirror: None
) -> None:
    application.connector_tasks.resolve_error = missing()
    application.connector_tasks.tags = ("1.16.92", "1.16.91", "latest")
    data = ask(client, text=ABSENT, live=True)
    assert causes(data) == [("tag-absent", "confirmed")]
    assert "most like 1.16.93: 1.16.92" in checks(data)["tags"]
    assert "leads to registry.example.com" in checks(data)["connector"]
    assert data["reports"][0]["connector"] == "account.mirror"
    commands = [step["command"] for step in data["reports"][0]["diagnoses"][0]["steps"]]
    assert "pierhead connector tags account.mirror harness/ci-addon" in commands


def test_a_look_disproves_what_is_there_by_now(client: TestClient, mirror: None) -> None:
    data = ask(client, text=ABSENT, live=True)
    assert (causes(data), data["isKnown"]) == ([("tag-absent", "refuted")], False)
    assert "is there: sha256:" in checks(data)["image"]
    assert checks(data)["login"] == "the image can be read without a login"


def test_an_image_is_looked_at_without_any_text(
    client: TestClient, application: MemoryApplication, mirror: None
) -> None:
    application.connector_tasks.platforms = (
        ResolvedPlatform(platform="linux/amd64", digest="sha256:" + "1" * 64, size_bytes=1),
    )
    image = "registry.example.com/harness/ci-addon:1"
    good = ask(client, image=image, live=True)
    assert (good["isKnown"], checks(good)["platform"]) == (False, "it is built for linux/amd64")
    wrong = ask(client, image=image, platform="linux/s390x", live=True)
    assert checks(wrong)["platform"] == "it is not built for linux/s390x; it is built for linux/amd64"
    assert causes(wrong) == [("platform-missing", "confirmed")]
    application.connector_tasks.resolve_error = missing()
    assert causes(ask(client, image=image, live=True)) == [("tag-absent", "confirmed")]


def test_what_a_look_runs_into_besides_is_told_after_the_texts_own_cause(
    client: TestClient, application: MemoryApplication, mirror: None
) -> None:
    failure = TaskFailure(code="tls-failed", category="unavailable", message="no trusted TLS connection to r: unable")
    application.connector_tasks.resolve_error = TaskFailedError(failure)
    data = ask(client, text=ABSENT, live=True)
    assert causes(data) == [("tag-absent", "open"), ("certificate-untrusted", "confirmed")]
    assert checks(data)["connect"] == "answered"


def test_a_run_is_told_image_by_image(client: TestClient, application: MemoryApplication) -> None:
    run_id = failed_run(client, application)
    data = ask(client, runId=run_id)
    assert set(causes(data)) == {("hub-pull-limit", "open")}
    assert {report["stage"] for report in data["reports"]} == {"build"}
    assert {one["quote"] for report in data["reports"] for one in report["diagnoses"]} == {FAILED}
    live = ask(client, runId=run_id, live=True)
    assert [report["connector"] for report in live["reports"]][:3] == ["account.harnessImage"] * 3
    assert checks(live)["connect"] == "answered"  # the connector was tested, because it is about a limit
    assert data["isKnown"]


def test_of_a_run_that_one_may_not_see_nothing_is_said(
    client: TestClient, application: MemoryApplication, someone: Someone
) -> None:
    run_id = failed_run(client, application)
    stranger = someone(P.CONNECTOR_VIEW)
    hidden, absent = (stranger.post(URL, json={"runId": one}) for one in (run_id, "nope"))
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.json()["message"].replace(run_id, "nope") == absent.json()["message"]
    assert someone(P.PIPELINE_VIEW).post(URL, json={"runId": run_id}).status_code == 200


def test_a_connector_is_asked_only_for_who_may_test_it(client: TestClient, someone: Someone, mirror: None) -> None:
    for rights in ((), (P.CONNECTOR_VIEW,)):
        data = ask(someone(*rights), text=ABSENT, live=True)
        assert (data["reports"][0]["connector"], list(checks(data))) == (None, ["connector"])
        assert "account.mirror" not in str(data)
    told = ask(someone(P.CONNECTOR_VIEW, P.CONNECTOR_ACCESS), text=ABSENT, live=True)
    assert told["reports"][0]["connector"] == "account.mirror"


def test_a_connector_that_is_named_needs_the_right_to_it(client: TestClient, someone: Someone, mirror: None) -> None:
    body = {"text": ABSENT, "connectorRef": "account.mirror", "live": True}
    hidden = someone().post(URL, json=body)
    absent = someone().post(URL, json={**body, "connectorRef": "account.nope"})
    assert hidden.status_code == absent.status_code == 400
    assert hidden.json()["message"].replace("mirror", "nope") == absent.json()["message"]
    assert someone(P.CONNECTOR_VIEW).post(URL, json=body).status_code == 403
    assert ask(client, **body)["reports"][0]["connector"] == "account.mirror"


def test_secrets_in_a_text_do_not_come_back(client: TestClient, mirror: None) -> None:
    login = "https://joe:hunter2hunter2@registry.example.com/v2/ Authorization: Bearer abcdef0123456789"
    text = f"{ABSENT} {login} --password s3cr3tt"
    answer = client.post(URL, json={"text": text, "live": True}).text
    assert [secret for secret in ("hunter2", "abcdef0123456789", "s3cr3tt") if secret in answer] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "x", "image": "y"},
        {"text": ""},
        {"text": "x" * (MAX_TEXT + 1)},
        {"image": "not an image"},
        {"image": "a/b:1", "platform": "linux"},
        {"text": "x", "verbose": True},
        {"text": "x", "connectorRef": "a.b.c.d"},
    ],
)
def test_what_makes_no_sense_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post(URL, json=body).status_code == 400


def failed_run(client: TestClient, application: MemoryApplication) -> str:
    """A run whose images all ended at Docker Hub's limit."""
    headers = {"Content-Type": "application/yaml"}
    started = client.post("/pierhead/v1/pipelines/initialize", content=PIPELINE, headers=headers)
    run_id = started.json()["data"]["id"]
    body = '{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your unauthenticated pull rate limit."}]}'
    failure = ImageFailure("registry-rate-limited", "rate-limited", FAILED, "wait", {"body": body})
    with application.store.transaction() as tx:
        run = tx.runs.find(application.account.id, run_id)
        assert run is not None
        facts = ImageFacts(state=ImageState.FAILED, failure=failure)
        tx.runs.put_facts(run_id, [(image.pull_key, facts) for image in run.images])
    return run_id


def test_the_place_of_a_call_decides_which_connectors_there_are(
    client: TestClient, application: MemoryApplication, mirror: None
) -> None:
    application.place("o1", "p1")
    inside = client.post(
        URL, params={"orgIdentifier": "o1", "projectIdentifier": "p1"}, json={"text": ABSENT, "live": True}
    )
    assert inside.json()["data"]["reports"][0]["connector"] == "account.mirror"
