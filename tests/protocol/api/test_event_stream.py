"""A run followed over a real connection: events arrive while the run goes on, and the stream ends with it."""

import http.client
import json
from typing import Any

PIPELINE = """
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


def _connect(server: Any, method: str, path: str, body: str | None = None) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    headers = {"x-api-key": server.application.key.reveal(), "Content-Type": "application/yaml"}
    connection.request(method, f"/gateway/pierhead/v1{path}", body, headers)
    return connection.getresponse()


def _read_event(stream: http.client.HTTPResponse) -> tuple[str, Any]:
    lines = []
    while (line := stream.readline().rstrip(b"\n")) or not lines:
        lines.append(line)
    kind, data = lines
    assert kind.startswith(b"event: ")
    return kind[7:].decode(), json.loads(data.removeprefix(b"data: "))


def test_events_arrive_while_the_run_goes_on(server: Any) -> None:
    run = json.loads(_connect(server, "POST", "/pipelines/initialize", PIPELINE).read())["data"]
    stream = _connect(server, "GET", f"/runs/{run['id']}/events")
    assert stream.headers["Content-Type"].startswith("text/event-stream")
    assert stream.headers["Cache-Control"] == "no-store"
    images = [_read_event(stream) for _ in run["stages"][0]["images"]]
    assert {kind for kind, _ in images} == {"image"}
    assert [image["position"] for _, image in images] == [image["position"] for image in run["stages"][0]["images"]]
    assert _read_event(stream)[1]["state"] == "running"
    assert _connect(server, "POST", f"/runs/{run['id']}/cancel").status == 200
    last = [_read_event(stream) for _ in [*images, "the run"]]
    assert {image["failure"]["code"] for kind, image in last if kind == "image"} == {"task-cancelled"}
    assert [data["state"] for kind, data in last if kind == "run"] == ["cancelled"]
    assert stream.read() == b""


def test_a_run_that_does_not_exist_is_refused_and_not_streamed(server: Any) -> None:
    answer = _connect(server, "GET", "/runs/nope/events")
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.read())["status"] == "FAILURE"
