"""10,000 tags of one image through a server: how soon the first page is shown, and how long an ordered list takes."""

import http.client
import json
import os
import time
from pathlib import Path
from statistics import median

from pierhead.demo.server_process import ServerProcess
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import image, layer

from .report import Figure
from .world import World

_TAGS = 10_000
_TIMES = 9
_PATH = "/pierhead/v1/artifacts/tags"
_QUERY = "connectorRef=account.bench&image=team/tool"


def listed(world: World) -> list[Figure]:
    place = world.fresh()
    environment = {**os.environ, "PIERHEAD_REQUESTS_PER_MINUTE": "0", "PIERHEAD_PRIVATE_ADDRESSES": "allow"}
    with FakeRegistry() as registry, ServerProcess(place / "data", place / "log", environment) as server:
        made = image([layer({"a": "a"})])
        for number in range(_TAGS):
            registry.add("team/tool", f"1.{number // 100}.{number % 100}", made)
        ask = _Asker(server.wait(), place / "data")
        ask.connect(registry.url)
        streamed = [ask.stream() for _ in range(_TIMES)]
        ordered = [ask.ordered() for _ in range(_TIMES)]
    first, whole = (median(times) * 1000 for times in zip(*streamed, strict=True))
    detail = f"of {_TAGS:,} tags; the last after {whole:.0f} ms"
    return [
        Figure("first page of tags through a server, p50", first, 50, "ms", detail),
        Figure("10,000 tags in order through a server, p50", median(ordered), 2, "s"),
    ]


class _Asker:
    def __init__(self, url: str, data: Path) -> None:
        self._connection = http.client.HTTPConnection(url.partition("://")[2], timeout=60)
        self._headers = {"X-API-KEY": (data / "admin-key").read_text().strip(), "Content-Type": "application/json"}

    def connect(self, registry: str) -> None:
        account = self._headers["X-API-KEY"].split(".")[1]
        spec = {"dockerRegistryUrl": registry, "providerType": "Other", "auth": {"type": "Anonymous"}}
        spec |= {"executeOnDelegate": False, "ignoreTestConnection": True}  # type: ignore[dict-item]
        body = {"connector": {"identifier": "bench", "name": "bench", "type": "DockerRegistry", "spec": spec}}
        answer = self._ask("POST", f"/ng/api/connectors?accountIdentifier={account}", json.dumps(body))
        assert answer.status == 200, answer.read()
        answer.read()

    def stream(self) -> tuple[float, float]:
        """Until the first page and until the end, in seconds."""
        began = time.perf_counter()
        answer = self._ask("GET", f"{_PATH}/stream?{_QUERY}")
        answer.read(64)
        first = time.perf_counter() - began
        assert b"event: end" in answer.read()
        return first, time.perf_counter() - began

    def ordered(self) -> float:
        began = time.perf_counter()
        answer = self._ask("GET", f"{_PATH}?{_QUERY}&pageSize={_TAGS}")
        assert len(json.loads(answer.read())["data"]["content"]) == _TAGS
        return time.perf_counter() - began

    def _ask(self, method: str, target: str, body: str | None = None) -> http.client.HTTPResponse:
        self._connection.request(method, target, body, self._headers)
        return self._connection.getresponse()
