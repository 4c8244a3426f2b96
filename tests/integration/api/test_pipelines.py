"""Pipelines over HTTP: explained, initialized, listed, followed, cancelled."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.pipelines import PULL_KIND, ImageFacts, ImageFailure, ImageState
from pierhead.testing.application import MemoryApplication

EXPLAIN = "/pierhead/v1/pipelines/explain"
INITIALIZE = "/pierhead/v1/pipelines/initialize"
RUNS = "/pierhead/v1/runs"
YAML = {"Content-Type": "application/yaml"}
PIPELINE = """
pipeline:
  identifier: demo
  name: Demo
  stages:
    - stage:
        identifier: build
        name: Build
        type: CI
        spec:
          infrastructure:
            type: KubernetesDirect
            spec: {connectorRef: account.cluster, namespace: builds}
          execution:
            steps:
              - step:
                  identifier: t
                  name: t
                  type: Run
                  spec: {connectorRef: account.harnessImage, image: "golang:1.22", shell: Sh, command: "go test"}
    - stage:
        identifier: other
        name: Other
        type: CI
        spec:
          infrastructure:
            type: VM
            spec: {type: Pool, spec: {poolName: p, os: Linux}}
          execution:
            steps:
              - step: {identifier: u, name: u, type: Run, spec: {shell: Sh, command: "true"}}
"""


def start(client: TestClient) -> dict[str, Any]:
    run: dict[str, Any] = client.post(INITIALIZE, content=PIPELINE, headers=YAML).json()["data"]
    return run


@pytest.mark.parametrize("url", [EXPLAIN, INITIALIZE])
def test_a_broken_pipeline_is_refused_with_line_and_column(client: TestClient, url: str) -> None:
    answer = client.post(url, content="pipeline:\n  stages: [\n", headers=YAML)
    assert answer.status_code == 400
    assert "line" in answer.json()["message"]


@pytest.mark.parametrize("url", [EXPLAIN, INITIALIZE])
@pytest.mark.parametrize("given", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_pipeline_of_another_media_type_is_refused(client: TestClient, url: str, given: str | None) -> None:
    answer = client.post(url, content=PIPELINE, headers={"Content-Type": given} if given else {})
    assert answer.status_code == 415
    assert "application/yaml" in answer.json()["hint"]


def test_a_pipeline_that_is_not_there_is_refused(client: TestClient) -> None:
    assert client.post(EXPLAIN, content="", headers=YAML).status_code == 400
    assert client.post(EXPLAIN, json={"stages": []}).json()["errors"][0]["fieldId"] == "pipeline"
    assert client.post(EXPLAIN, json={"pipeline": PIPELINE, "x": 1}).json()["errors"][0]["fieldId"] == "x"


def test_a_stage_that_is_not_there_is_refused(client: TestClient) -> None:
    answer = client.post(f"{EXPLAIN}?stage=nope", content=PIPELINE, headers=YAML)
    assert 400 <= answer.status_code < 500
    assert "nope" in answer.json()["message"]


@pytest.mark.parametrize("kind", ["application/yaml", "text/yaml", "application/x-yaml; charset=utf-8"])
def test_an_explained_image_carries_its_reasons(client: TestClient, kind: str) -> None:
    answer = client.post(EXPLAIN, content=PIPELINE, headers={"Content-Type": kind})
    assert answer.status_code == 200, answer.text
    plan = answer.json()["data"]
    assert [(stage["identifier"], stage["infra"]) for stage in plan["stages"]] == [("build", "K8"), ("other", "VM")]
    images = {image["reference"]: image for image in plan["stages"][0]["images"]}
    addon = next(image for name, image in images.items() if "ci-addon" in name)
    assert addon["role"] == "core"
    assert addon["connector"]["reference"] == "account.harnessImage"
    assert addon["connector"]["source"] == "account"
    assert any(reason["chosen"] for reason in addon["connector"]["trail"])
    assert addon["version"]["source"] == "default"
    assert addon["error"] is None
    assert {"nameReason", "platform", "pullPolicy", "timeoutS", "pullSecretKey", "warnings", "usedBy"} <= set(addon)


def test_an_explained_image_says_by_which_path_it_would_come(client: TestClient) -> None:
    asked = PIPELINE.replace("identifier: build\n", "identifier: build\n        delegateSelectors: [EU]\n")
    stages = client.post(EXPLAIN, content=asked, headers=YAML).json()["data"]["stages"]
    assert stages[0]["images"][0]["path"] == {
        "kind": "delegates",
        "selectors": ["eu"],
        "origin": "stage",
        "reason": "the stage asks for a delegate with the tag eu",
        "trail": [{"rule": "path", "text": "the stage asks for a delegate with the tag eu", "chosen": True}],
    }
    assert [image["path"]["kind"] for image in stages[1]["images"]] == ["platform"]
    lost = PIPELINE.replace("account.harnessImage", "account.nobody")
    images = client.post(EXPLAIN, content=lost, headers=YAML).json()["data"]["stages"][0]["images"]
    assert [image["path"] for image in images if image["error"]] == [None]


def test_selectors_that_are_none_are_refused_by_their_place(client: TestClient) -> None:
    for wrong in ("{a: b}", "[[]]", "<+input>"):
        text = PIPELINE.replace("identifier: demo\n", f"identifier: demo\n  delegateSelectors: {wrong}\n")
        answer = client.post(EXPLAIN, content=text, headers=YAML)
        assert answer.status_code == 400
        assert "pipeline.delegateSelectors" in answer.json()["message"]


def test_a_run_says_of_each_image_which_task_sees_to_it_and_why_it_goes_that_way(
    client: TestClient, application: MemoryApplication
) -> None:
    asked = PIPELINE.replace("identifier: build\n", "identifier: build\n        delegateSelectors: [EU]\n")
    run = client.post(INITIALIZE, content=asked, headers=YAML).json()["data"]
    build, other = ({image["task"] for image in stage["images"]} for stage in run["stages"])
    assert (len(build), len(other)) == (1, 1)
    assert sorted(run["tasks"]) == sorted(build | other)
    tasks = {task: application.queue.get(application.account.id, task) for task in run["tasks"]}
    assert [tasks[task].route for task in other] == [None]
    assert [(tasks[task].route or {})["selectors"] for task in build] == [["eu"]]
    image = run["stages"][0]["images"][0]
    assert (image["pathReason"], image["delegate"]) == ("the stage asks for a delegate with the tag eu", None)


def test_json_carries_a_pipeline_too_and_stages_can_be_chosen(client: TestClient) -> None:
    by_body = client.post(EXPLAIN, json={"pipeline": PIPELINE, "stages": ["other"]}).json()["data"]
    by_query = client.post(f"{EXPLAIN}?stage=other", content=PIPELINE, headers=YAML).json()["data"]
    assert by_body == by_query
    assert [stage["identifier"] for stage in by_body["stages"]] == ["other"]
    both = client.post(f"{EXPLAIN}?stage=build&stage=other", content=PIPELINE, headers=YAML).json()["data"]
    assert len(both["stages"]) == 2


def test_explaining_leaves_nothing_behind(client: TestClient) -> None:
    client.post(EXPLAIN, content=PIPELINE, headers=YAML)
    assert client.get(RUNS).json()["data"]["totalItems"] == 0


def test_a_run_can_be_read_and_listed(client: TestClient, application: MemoryApplication) -> None:
    run = start(client)
    assert run["state"] == "running"
    assert (run["pipeline"], run["accountIdentifier"], run["requestedBy"]) == ("demo", application.account.id, "admin")
    assert run["stages"][0]["images"][0]["state"] == "pending"
    assert client.get(f"{RUNS}/{run['id']}").json()["data"] == run
    listed = client.get(RUNS).json()["data"]["content"]
    assert listed == [{key: value for key, value in run.items() if key not in ("stages", "tasks")}]


def test_a_run_of_another_account_does_not_exist(client: TestClient, application: MemoryApplication) -> None:
    run = start(client)
    other, key = application.access.create_account("other")
    headers = {"X-API-KEY": key.reveal(), "Harness-Account": other.id}
    for answer in (
        client.get(f"{RUNS}/{run['id']}", headers=headers),
        client.get(f"{RUNS}/{run['id']}/events", headers=headers),
        client.post(f"{RUNS}/{run['id']}/cancel", headers=headers),
    ):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/json"
    assert client.get(RUNS, headers=headers).json()["data"]["totalItems"] == 0


def test_a_cancelled_run_stays_cancelled(client: TestClient) -> None:
    run = start(client)
    cancelled = client.post(f"{RUNS}/{run['id']}/cancel").json()["data"]
    assert cancelled["state"] == "cancelled"
    assert cancelled["finishedAt"]
    assert client.post(f"{RUNS}/{run['id']}/cancel").json()["data"] == cancelled
    assert client.post(f"{RUNS}/nope/cancel").status_code == 404


def test_the_events_of_a_final_run_are_all_its_images_and_its_state(
    client: TestClient, application: MemoryApplication
) -> None:
    run = start(client)
    lease = application.queue.lease("test", (PULL_KIND,))
    assert lease is not None
    keys = {image.pull_key for image in application.runs.get(application.account.id, run["id"]).images}
    exchange = {"method": "GET", "url": "https://registry.example/v2/", "status": 404, "body": "gone"}
    failure = ImageFailure("manifest-unknown", "not-found", "it does not exist", "check the tag", exchange)
    failed = ImageFacts(state=ImageState.FAILED, failure=failure, rate_limit={"limit": 100, "remaining": 7})
    application.runs.finish(lease, [(key, failed) for key in keys])
    answer = client.get(f"{RUNS}/{run['id']}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [_event(block) for block in answer.text.strip().split("\n\n")]
    count = sum(len(stage["images"]) for stage in run["stages"])
    assert [kind for kind, _ in events] == ["image"] * count + ["run"]
    assert events[0][1]["failure"]["exchange"] == exchange
    assert events[0][1]["rateLimit"] == {"limit": 100, "remaining": 7, "windowS": None}
    assert events[-1][1]["state"] == "failed"
    assert "stages" not in events[-1][1]


def _event(block: str) -> tuple[str, Any]:
    kind, data = block.split("\n")
    return kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))
