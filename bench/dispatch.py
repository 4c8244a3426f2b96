"""A question through a real delegate: from the task being written down to its end, with nothing else going on."""

import http.client
import json
import os
from pathlib import Path
from statistics import median
from typing import Any

from pierhead.demo.delegate_process import DelegateProcess
from pierhead.demo.server_process import ServerProcess
from pierhead.kit.clock import SystemClock
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import image, layer

from .report import Figure
from .world import World

_TIMES = 60
_CONNECTOR = {
    "connector": {
        "identifier": "bench",
        "name": "bench",
        "type": "DockerRegistry",
        "spec": {
            "providerType": "Other",
            "auth": {"type": "Anonymous"},
            "executeOnDelegate": True,
            "delegateSelectors": ["bench"],
            "ignoreTestConnection": True,
        },
    }
}


def question(world: World) -> list[Figure]:
    place = world.fresh()
    environment = {**os.environ, "PIERHEAD_DELEGATE_APPROVAL": "automatic", "PIERHEAD_REQUESTS_PER_MINUTE": "0"}
    with FakeRegistry() as registry, ServerProcess(place / "data", place / "log", environment) as server:
        registry.add("team/tool", "1", image([layer({"a": "a"})]))
        ask = _Asker(server.wait(), place / "data")
        token = place / "token"
        token.write_text(ask("POST", "/ng/api/delegate-token-ng", "tokenName=bench")["resource"]["value"])
        spec = {**_CONNECTOR["connector"]["spec"], "dockerRegistryUrl": registry.url}  # type: ignore[dict-item]
        ask("POST", "/ng/api/connectors", body={"connector": {**_CONNECTOR["connector"], "spec": spec}})
        with DelegateProcess("bench", place, ["--url", server.wait(), "--token-file", str(token)]):
            _until_connected(ask)
            for _ in range(_TIMES):
                ask("GET", "/pierhead/v1/connectors/bench/resolve", "image=team/tool:1")
            tasks = ask("GET", "/pierhead/v1/tasks", f"pageSize={_TIMES}")["data"]["content"]
    took = [task["finishedAt"] - task["createdAt"] for task in tasks if task["kind"] == "resolve"]
    detail = f"{len(took)} questions, slowest {max(took)} ms"
    return [Figure("dispatch to done through a delegate, p50", median(took), 50, "ms", detail)]


class _Asker:
    def __init__(self, url: str, data: Path) -> None:
        self._host = url.partition("://")[2]
        self._key = (data / "admin-key").read_text().strip()

    def __call__(self, method: str, path: str, query: str = "", body: object = None) -> Any:
        connection = http.client.HTTPConnection(self._host, timeout=30)
        headers = {"X-API-KEY": self._key, "Content-Type": "application/json"}
        target = f"{path}?accountIdentifier={self._key.split('.')[1]}&{query}"
        connection.request(method, target, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        document = json.loads(answer.read())
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {document}")
        return document


def _until_connected(ask: _Asker) -> None:
    clock = SystemClock()
    while not any(each["isConnected"] for each in _replicas(ask)):
        clock.wait(0.1)


def _replicas(ask: _Asker) -> list[dict[str, Any]]:
    groups = ask("GET", "/pierhead/v1/delegates")["data"]["content"]
    return [replica for group in groups for replica in group["replicas"]]
