"""A server killed with SIGKILL while a mirror runs: whatever the moments, the end at the target is the same.

Three kills in the suite, twenty under ``make faults``; the seed is printed.
"""

import json
import os
import random
import signal
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pierhead.demo.server_process import ServerProcess
from pierhead.oci.documents import parse_document
from pierhead.oci.graph import blobs_of
from pierhead.oci.index import Index
from pierhead.testing import images
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import noise_layer
from pierhead.testing.relay import SlowRelay

SEED = int(os.environ.get("FAULT_SEED", "20261122"))
IMAGES = 6
LAYER_BYTES = 1_500_000
BYTES_PER_S = 8e6
ENDS_WITHIN_S = 60
_TICK_S = 0.05


@dataclass
class Caller:
    url: str
    key: str

    def call(self, method: str, path: str, body: object | None = None) -> Any:
        account = self.key.split(".")[1]
        url = f"{self.url}{path}?accountIdentifier={account}"
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-API-KEY": self.key, "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=30) as answer:
            return json.loads(answer.read())["data"]


@pytest.fixture
def source(tmp_path: Path) -> Iterator[FakeRegistry]:
    shared = noise_layer(LAYER_BYTES, tmp_path / "shared", 1)
    with FakeRegistry() as registry:
        for number in range(IMAGES):
            own = noise_layer(LAYER_BYTES, tmp_path / f"layer-{number}", number + 2)
            registry.add("team/app", f"1.{number}", images.image([shared, own]))
        yield registry


def test_three_kills_do_not_change_where_a_mirror_ends(source: FakeRegistry, tmp_path: Path) -> None:
    kill_and_end(source, tmp_path, 3)


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_twenty_kills_do_not_change_where_a_mirror_ends(source: FakeRegistry, tmp_path: Path) -> None:
    kill_and_end(source, tmp_path, 20)


def kill_and_end(source: FakeRegistry, tmp_path: Path, kills: int) -> None:
    print(f"seed {SEED}")  # noqa: T201 - to run the same again
    rng = random.Random(SEED)
    with FakeRegistry() as target, SlowRelay(source.host, BYTES_PER_S) as slow:
        begun = 0
        for number in range(kills):
            server = start(tmp_path)
            api = caller(server)
            if number == 0:
                prepare(api, f"http://{slow.host}", target.url)
            begun += begin(api)
            threading.Event().wait(rng.uniform(0, 1.2))  # the moment of the kill is what is drawn here
            os.kill(server.process.pid, signal.SIGKILL)
            server.process.wait(10)
            nothing_incomplete_has_a_tag(target)
        with start(tmp_path) as server:
            api = caller(server)
            ended(api)
            begin(api)  # what a run that was cut off left to do
            last = ended(api)
            held = api.call("GET", "/pierhead/v1/mirrors/m/holdings")["content"]
    assert last["state"] == "succeeded", last
    assert begun >= 1
    wanted = {f"1.{number}": source_digest(source, f"1.{number}") for number in range(IMAGES)}
    assert {tag: target_digest(target, tag) for tag in wanted} == wanted
    assert {each["tag"]: each["targetDigest"] for each in held} == wanted
    nothing_incomplete_has_a_tag(target)


def start(tmp_path: Path) -> ServerProcess:
    environment = {**os.environ, "PIERHEAD_PRIVATE_ADDRESSES": "allow", "PIERHEAD_LEASE_S": "5"}
    return ServerProcess(tmp_path / "data", tmp_path / "server.log", environment)


def caller(server: ServerProcess) -> Caller:
    return Caller(server.wait(), (server.data / "admin-key").read_text().strip())


def prepare(api: Caller, source: str, target: str) -> None:
    for name, url in (("src", source), ("dst", target)):
        spec = {
            "dockerRegistryUrl": url,
            "providerType": "Other",
            "auth": {"type": "Anonymous"},
            "executeOnDelegate": False,
        }
        document = {"identifier": name, "name": name, "type": "DockerRegistry", "spec": spec}
        api.call("POST", "/ng/api/connectors", {"connector": document})
    rules = {"repository": "team/app", "tags": {"semver": "^1"}}
    spec = {"sourceRef": "account.src", "targetRef": "account.dst", "repositories": [rules]}
    api.call("POST", "/pierhead/v1/mirrors", {"identifier": "m", "name": "m", "spec": spec})


def begin(api: Caller) -> int:
    """A run, unless one that an earlier life began still goes on."""
    (last,) = api.call("GET", "/pierhead/v1/mirrors/m/runs")["content"][:1] or ({"state": "none"},)
    if last["state"] == "running":
        return 0
    api.call("POST", "/pierhead/v1/mirrors/m/runs", {})
    return 1


def ended(api: Caller) -> dict[str, Any]:
    for _ in range(int(ENDS_WITHIN_S / _TICK_S)):
        last: dict[str, Any] = api.call("GET", "/pierhead/v1/mirrors/m/runs")["content"][0]
        if last["state"] != "running":
            return last
        threading.Event().wait(_TICK_S)
    raise AssertionError(last)


def source_digest(source: FakeRegistry, tag: str) -> str:
    found = source.content.find_manifest("team/app", tag)
    assert found is not None
    return str(found[0])


def target_digest(target: FakeRegistry, tag: str) -> str:
    found = target.content.find_manifest("team/app", tag)
    return str(found[0]) if found else ""


def nothing_incomplete_has_a_tag(target: FakeRegistry) -> None:
    for tag in target.content.tags("team/app") or ():
        found = target.content.find_manifest("team/app", tag)
        assert found is not None
        document = parse_document(found[2], found[1])
        assert not isinstance(document, Index)
        for blob in blobs_of(document):
            assert target.content.find_blob("team/app", blob.digest) is not None, (tag, blob)
