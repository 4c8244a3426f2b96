"""Pins with a memory, pre-flight and releases over HTTP."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from pierhead.control.access import Permission
from pierhead.protocol.tasks import ResolveResult, TaskFailure
from pierhead.server.app import bind
from pierhead.server.jobs.errors import TaskFailedError
from pierhead.testing.application import MemoryApplication

SETS, CONFIG = "/pierhead/v1/pin-sets", "/ci/execution-config"
ADDON = {"field": "addonTag", "value": "harness/ci-addon:1.16.90"}
CANARY = {"orgIdentifier": "o", "projectIdentifier": "p"}
GONE = TaskFailedError(TaskFailure(code="manifest-unknown", category="not-found", message="there is no such image"))
SILENT = TaskFailedError(TaskFailure(code="registry-timeout", category="unavailable", message="it did not answer"))


def pin(client: TestClient, *pins: dict[str, Any], query: dict[str, str] | None = None, **more: Any) -> Any:
    return client.post(SETS, params=query, json={"pins": list(pins) or [ADDON], **more})


def overrides(client: TestClient, infra: str = "K8") -> Any:
    return client.get(f"{CONFIG}/get-customer-config?infra={infra}").json()["data"]


def test_images_that_are_there_are_pinned_in_one_numbered_set(client: TestClient) -> None:
    answer = pin(client, ADDON, {"infra": "VM", "field": "gitCloneTag", "value": "h/git:1"}, reason="tested")
    data = answer.json()["data"]
    assert answer.status_code == 200
    assert (data["number"], data["previous"], data["cause"], data["preflight"]) == (1, None, "update", "passed")
    assert data["pins"] == {"K8": {"addonTag": ADDON["value"]}, "VM": {"gitCloneTag": "h/git:1"}}
    assert overrides(client) == {"addonTag": ADDON["value"]}
    assert client.get(f"{SETS}/1").json()["data"] == data


@pytest.mark.parametrize(("error", "state"), [(GONE, "absent"), (SILENT, "unchecked")])
def test_what_is_absent_or_unknown_is_not_pinned_unless_forced_with_a_reason(
    client: TestClient, application: MemoryApplication, error: TaskFailedError, state: str
) -> None:
    application.connector_tasks.tags_error = error
    refused = pin(client)
    assert refused.status_code == 400
    assert refused.json()["pierheadCode"] == "preflight-refused"
    assert f"addonTag ({state})" in refused.json()["message"]
    assert pin(client, force=True).status_code == 400
    assert overrides(client) == {}
    forced = pin(client, force=True, reason="it comes tonight").json()["data"]
    assert (forced["preflight"], forced["reason"]) == ("forced", "it comes tonight")
    assert overrides(client) == {"addonTag": ADDON["value"]}


def test_a_digest_that_differs_from_the_source_is_not_pinned(
    client: TestClient, application: MemoryApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    _mirror(client, "https://mirror.example")
    digests = {"account.harnessImage": "sha256:" + "1" * 64}

    def resolve_at(connector: Any, image: str) -> ResolveResult:
        digest = digests.get(str(connector.reference), "sha256:" + "2" * 64)
        return ResolveResult(reference=image, digest=digest, media_type="x", size_bytes=1)

    monkeypatch.setattr(application.connector_tasks, "resolve_at", resolve_at)
    assert "addonTag (different)" in pin(client).json()["message"]
    assert pin(client, compare=False).status_code == 200


def test_unknown_fields_and_places_are_said_before_anybody_is_asked(
    client: TestClient, application: MemoryApplication
) -> None:
    application.connector_tasks.tags_error = SILENT
    assert "Field nope does not exist" in pin(client, {"field": "nope", "value": "x:1"}).json()["message"]
    application.connector_tasks.tags_error = None
    assert pin(client, query={"orgIdentifier": "none"}).status_code == 400
    assert client.get(SETS).json()["data"]["content"] == []


def test_the_paths_of_the_reference_make_sets_and_ask_no_registry(
    client: TestClient, application: MemoryApplication
) -> None:
    application.connector_tasks.tags_error = SILENT
    assert client.post(f"{CONFIG}/update-config?infra=K8", json=[ADDON]).json()["data"] is True
    client.post(f"{CONFIG}/reset-config?infra=K8", json=[{"field": "addonTag"}])
    client.delete(CONFIG)
    found = client.get(SETS).json()["data"]["content"]
    assert [(made["number"], made["cause"], made["preflight"]) for made in found] == [
        (2, "reset", "not-asked"),
        (1, "update", "not-asked"),
    ]
    assert found[0]["updatedBy"] == found[1]["updatedBy"] != ""


def test_where_it_is_enforced_the_reference_asks_too(app: FastAPI, application: MemoryApplication) -> None:
    strict = replace(application, settings=replace(application.settings, enforces_preflight=True))
    strict.connector_tasks.tags_error = GONE
    bind(app, strict)
    headers = {"X-API-KEY": strict.key.reveal(), "Harness-Account": strict.account.id}
    with TestClient(app, headers=headers) as client:
        refused = client.post(f"{CONFIG}/update-config?infra=K8", json=[ADDON])
        assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_REQUEST")
        assert overrides(client) == {}
        unpinned = client.post(f"{CONFIG}/update-config?infra=K8", json=[{"field": "addonTag", "value": None}])
        assert unpinned.json()["data"] is True


def test_one_step_leads_back(client: TestClient) -> None:
    pin(client)
    pin(client, {**ADDON, "value": "x/a:2"}, {"field": "gitCloneTag", "value": "h/git:1"})
    back = client.post(f"{SETS}/rollback", json={"reason": "it broke"}).json()["data"]
    assert (back["number"], back["restores"], back["cause"], back["reason"]) == (3, 1, "rollback", "it broke")
    assert overrides(client) == {"addonTag": ADDON["value"]}
    assert client.post(f"{SETS}/rollback", json={"number": 2}).json()["data"]["restores"] == 2
    steps = client.get(f"{SETS}/diff?from=1&to=2").json()["data"]["changes"]
    assert [(step["field"], step["before"], step["after"]) for step in steps] == [
        ("addonTag", ADDON["value"], "x/a:2"),
        ("gitCloneTag", None, "h/git:1"),
    ]
    assert client.post(f"{SETS}/rollback", json={"number": 99}).status_code == 404
    assert client.get(f"{SETS}/99").status_code == 404
    for number in ("0", "-1", "x", str(2**70)):
        assert client.get(f"{SETS}/{number}").status_code == 400


def test_a_canary_is_used_by_its_project_alone_until_it_is_promoted(
    client: TestClient, application: MemoryApplication
) -> None:
    application.place("o", "p")
    pin(client)
    made = pin(client, {**ADDON, "value": "harness/ci-addon:1.16.95"}, query=CANARY).json()["data"]
    assert (made["orgIdentifier"], made["projectIdentifier"]) == ("o", "p")
    assert overrides(client) == {"addonTag": ADDON["value"]}
    assert _explained(client, CANARY) == ("harness/ci-addon:1.16.95", "pinned for project o/p")
    assert _explained(client, {}) == (ADDON["value"], "pinned for the account")
    [canary] = client.get("/pierhead/v1/canaries").json()["data"]["pins"]
    assert (canary["projectIdentifier"], canary["image"]) == ("p", "harness/ci-addon:1.16.95")
    promoted = client.post(f"{SETS}/promote", params=CANARY, json={}).json()["data"]
    assert promoted["orgIdentifier"] is None
    assert overrides(client) == {"addonTag": "harness/ci-addon:1.16.95"}
    assert client.get("/pierhead/v1/canaries").json()["data"]["pins"] == []
    assert client.post(f"{SETS}/promote", params=CANARY, json={}).status_code == 404


def test_pins_that_only_go_are_a_reset_for_which_nobody_is_asked(
    client: TestClient, application: MemoryApplication
) -> None:
    pin(client)
    application.connector_tasks.tags_error = SILENT
    gone = pin(client, {"field": "addonTag", "value": None}, reason="done").json()["data"]
    assert (gone["cause"], gone["preflight"], gone["pins"]) == ("reset", "not-asked", {"K8": {}, "VM": {}})


def test_preflight_looks_at_everything_in_use_and_changes_nothing(
    client: TestClient, application: MemoryApplication
) -> None:
    report = client.post("/pierhead/v1/preflight", json={}).json()["data"]
    assert report["isGood"]
    assert {row["infra"] for row in report["images"]} == {"K8", "VM"}
    assert len(report["images"]) > 60
    application.connector_tasks.tags_error = GONE
    one = client.post("/pierhead/v1/preflight", json={"pins": [ADDON]}).json()["data"]
    assert not one["isGood"]
    assert [(row["image"], row["state"]) for row in one["images"]] == [(ADDON["value"], "absent")]
    assert overrides(client) == {}


def test_a_connector_is_checked_for_whoever_may_use_it(client: TestClient, someone: Any) -> None:
    _mirror(client, "https://mirror.example", identifier="mirror")
    body = {"connector": "account.mirror", "pins": [ADDON]}
    assert client.post("/pierhead/v1/preflight", json=body).json()["data"]["target"] == "account.mirror"
    assert client.post("/pierhead/v1/preflight", json={**body, "connector": "account.none"}).status_code == 400
    editor = someone(Permission.ACCOUNT_EDIT)
    named = [{**body, "connector": f"account.{name}"} for name in ("mirror", "none")]
    hidden, absent = (editor.post("/pierhead/v1/preflight", json=each) for each in named)
    assert (hidden.status_code, absent.status_code) == (400, 400)
    assert hidden.json()["message"].replace("mirror", "none") == absent.json()["message"]
    assert pin(editor, connector="account.mirror").status_code == 400
    seer = someone(Permission.ACCOUNT_EDIT, Permission.CONNECTOR_VIEW)
    assert seer.post("/pierhead/v1/preflight", json=body).status_code == 403
    assert pin(editor).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"pins": []},
        {"pins": [ADDON] * 201},
        {"pins": [{"field": "addonTag", "value": 1}]},
        {"pins": [{"field": "addonTag", "value": "x" * 513}]},
        {"pins": [{**ADDON, "infra": "k9"}]},
        {"pins": [ADDON], "reason": "x" * 501},
        {"pins": [ADDON], "connector": "x" * 201},
        {"pins": [ADDON], "forced": True},
    ],
)
def test_a_body_that_cannot_be_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post(SETS, json=body).status_code == 400


def test_releases_are_told(client: TestClient) -> None:
    lines = client.get("/pierhead/v1/releases").json()["data"]["lines"]
    assert [(line["name"], line["state"], line["isDefault"]) for line in lines] == [
        ("1.16", "latest", True),
        ("1.14", "latest-2", False),
    ]
    client.post(f"{CONFIG}/update-config?infra=K8", json=[{"field": "addonTag", "value": "x/a:1.13.0"}])
    status = client.get("/pierhead/v1/releases/status?infra=k8").json()["data"]
    [row] = [image for image in status["images"] if image["field"] == "addonTag"]
    assert (row["state"], row["pinned"]) == ("unsupported", "x/a:1.13.0")
    assert status["warnings"] == row["warnings"] != []
    assert client.get("/pierhead/v1/releases/status?infra=x").status_code == 400
    days = client.get("/pierhead/v1/releases/calendar?count=3").json()["data"]
    assert len(days["days"]) == 3
    assert days["rule"].startswith("second and fourth Monday")
    assert client.get("/pierhead/v1/releases/calendar?count=101").status_code == 400
    diff = client.get("/pierhead/v1/releases/diff?from=1.14&to=1.16").json()["data"]
    assert "harness/ci-addon:1.16.92" in diff["toMirror"]
    assert client.get("/pierhead/v1/releases/diff?from=1.14&to=9.9").status_code == 400


def _mirror(client: TestClient, url: str, identifier: str = "harnessImage") -> None:
    spec = {"dockerRegistryUrl": url, "providerType": "Other", "auth": {"type": "Anonymous"}}
    connector = {"name": identifier, "identifier": identifier, "type": "DockerRegistry", "spec": spec}
    send = client.put if identifier == "harnessImage" else client.post
    assert send("/ng/api/connectors", json={"connector": connector}).status_code == 200


def _explained(client: TestClient, place: dict[str, str]) -> tuple[str, str]:
    """The image of addonTag and the beginning of the reason that decided."""
    pipeline = (
        b"pipeline:\n  identifier: x\n  stages:\n  - stage:\n      identifier: b\n      type: CI\n      spec:\n"
        b"        cloneCodebase: false\n        infrastructure:\n          type: KubernetesDirect\n"
        b"          spec: {connectorRef: account.k8s, namespace: ci}\n        execution:\n          steps:\n"
        b"          - step: {identifier: r, type: Run, spec: {image: a/b:1, command: x}}\n"
    )
    answer = client.post(
        "/pierhead/v1/pipelines/explain", params=place, content=pipeline, headers={"Content-Type": "application/yaml"}
    )
    images = [image for stage in answer.json()["data"]["stages"] for image in stage["images"]]
    [found] = [image for image in images if "ci-addon" in image["reference"]]
    [reason] = [each for each in found["version"]["trail"] if each["chosen"]]
    return found["reference"].removeprefix("docker.io/"), reason["text"].partition(" by ")[0]
