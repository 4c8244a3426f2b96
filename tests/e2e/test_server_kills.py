"""kill -9 is a normal way to stop: whatever the moment, the next start ends every accepted run and no byte is wrong."""

import http.client
import json
import os
import random
import shutil
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pierhead.demo.server_process import ServerProcess
from pierhead.server.bootstrap import open_application
from pierhead.server.settings import Settings
from pierhead.worker.runtimes.oci_layout import OciLayout

from .scripted_fleet import Member

ENDS_WITHIN_S = 30
FINAL = ("succeeded", "failed", "cancelled")


@dataclass
class Caller:
    url: str
    key: str

    def call(self, method: str, path: str, body: bytes | None = None, media_type: str = "application/yaml") -> Any:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        try:
            account = self.key.split(".")[1]
            headers = {"X-API-KEY": self.key, "Content-Type": media_type}
            connection.request(method, f"/pierhead/v1{path}?accountIdentifier={account}", body, headers)
            answer = connection.getresponse()
            document = json.loads(answer.read())
        finally:
            connection.close()
        assert answer.status == 200, document
        return document["data"]


def caller(server: ServerProcess) -> Caller:
    return Caller(server.wait(), (server.data / "admin-key").read_text().strip())


def kill_during_runs(home, kills: int, seed: int) -> None:
    rng = random.Random(seed)
    accepted: list[str] = []
    pipeline = (home.root / "pipeline.yaml").read_bytes()
    images = home.data / "images"
    for _ in range(kills):
        server = home.server()
        api = caller(server)
        accepted += [api.call("POST", "/pipelines/initialize", pipeline)["id"] for _ in range(rng.randint(1, 3))]
        threading.Event().wait(rng.uniform(0, 0.4))  # the moment of the kill is what is drawn here
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(10)
        assert_nothing_addressable_is_wrong(images)
        if rng.random() < 0.5:  # else the next life finds everything there and has nothing to be killed in
            shutil.rmtree(images, ignore_errors=True)
    with home.server() as server:
        api = caller(server)
        states = [final_state(api, run_id) for run_id in accepted]
    assert states.count("succeeded") >= 1
    assert_nothing_addressable_is_wrong(images)


def final_state(api: Caller, run_id: str) -> str:
    """Every accepted run is known and ends; a failed one says why for each image."""
    for _ in range(ENDS_WITHIN_S * 20):
        run = api.call("GET", f"/runs/{run_id}")
        if run["state"] in FINAL:
            break
        threading.Event().wait(0.05)
    assert run["state"] in FINAL, run
    shown = [image for stage in run["stages"] for image in stage["images"]]
    if run["state"] == "succeeded":
        assert all(image["state"] in ("pulled", "present") and image["digest"] for image in shown)
    else:
        assert all(image["failure"]["message"] for image in shown if image["state"] == "failed")
    return str(run["state"])


def assert_nothing_addressable_is_wrong(images: Path) -> None:
    if (images / "index.json").exists():
        report = OciLayout(images).verify()
        assert report.is_sound, report.problems


@pytest.mark.timeout(400)
def test_eight_kills_lose_no_run_and_leave_no_wrong_blob(prepared) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    kill_during_runs(prepared, 8, seed)


@pytest.mark.faults
def test_two_hundred_kills_lose_no_run_and_leave_no_wrong_blob(prepared) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    kill_during_runs(prepared, 200, seed)


# --- tasks that go through delegates

BEHIND = """
connector:
  identifier: behind
  name: behind
  type: DockerRegistry
  spec:
    dockerRegistryUrl: https://registry.internal
    providerType: Other
    auth: {type: Anonymous}
    delegateSelectors: [behind]
    ignoreTestConnection: true
"""
LEASE_S = 5
COPY = {
    "source": {"connector": "account.behind", "image": "a:1"},
    "target": {"connector": "account.behind", "image": "b:1"},
}


def kill_during_routed_tasks(home, kills: int, tasks_per_life: int, seed: int) -> None:
    """Killed at random: no accepted task is lost, none is done twice in effect, none is stuck beyond its lease."""
    rng = random.Random(seed)
    home.environment |= {"PIERHEAD_DELEGATE_APPROVAL": "automatic", "PIERHEAD_LEASE_S": str(LEASE_S)}
    home.write("behind.yaml", BEHIND)
    home.prepare("connector", "apply", "-f", "behind.yaml")
    accepted: list[str] = []
    token = token_of(home)
    members = [Member(home.data, token, number, seed + number) for number in range(3)]
    for member in members:
        member.start()
    try:
        for _ in range(kills):
            server = home.server()
            api = caller(server)
            body = json.dumps(COPY).encode()
            for _ in range(rng.randint(1, tasks_per_life)):
                accepted.append(api.call("POST", "/copies", body, "application/json")["task"]["id"])
            threading.Event().wait(rng.uniform(0, 0.6))  # the moment of the kill is what is drawn here
            os.kill(server.process.pid, signal.SIGKILL)
            server.process.wait(10)
        with home.server() as server:
            api = caller(server)
            ended = [final_task(api, task_id) for task_id in accepted]
    finally:
        for member in members:
            member.stop()
    assert [row["state"] for row in ended] == ["SUCCEEDED"] * len(accepted)
    heard = [task_id for member in members for task_id, _ in set(member.ended)]
    assert sorted(heard) == sorted(set(heard)), "a task was ended twice"
    assert set(heard) <= set(accepted)
    assert [said for member in members for said in member.odd] == []


def token_of(home) -> str:
    application = open_application(Settings(data=home.data), serves=False)
    try:
        _, text = application.delegate_tokens.create(application.scope, "fleet", "test")
        return text.reveal()
    finally:
        application.close()


def final_task(api: Caller, task_id: str) -> Any:
    ends_at = time.monotonic() + LEASE_S + ENDS_WITHIN_S
    while True:
        task = api.call("GET", f"/copies/{task_id}")["task"]
        if task["state"] not in ("QUEUED", "LEASED"):
            return task
        assert time.monotonic() < ends_at, f"stuck: {task}"
        threading.Event().wait(0.1)


@pytest.mark.timeout(300)
def test_three_kills_lose_no_task_of_a_delegate_and_end_none_twice(home) -> None:
    """More of them, with more delegates, are in tests/faults/test_server_kills.py."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    kill_during_routed_tasks(home, 3, 20, seed)


@pytest.mark.faults
def test_two_hundred_kills_lose_no_task_of_a_delegate_and_end_none_twice(home) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    kill_during_routed_tasks(home, 200, 50, seed)
