"""kill -9 is a normal way to stop: whatever the moment, the next start ends every accepted run and no byte is wrong."""

import http.client
import json
import os
import random
import shutil
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pierhead.demo.server_process import ServerProcess
from pierhead.worker.runtimes.oci_layout import OciLayout

ENDS_WITHIN_S = 30
FINAL = ("succeeded", "failed", "cancelled")


@dataclass
class Caller:
    url: str
    key: str

    def call(self, method: str, path: str, body: bytes | None = None) -> Any:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        try:
            account = self.key.split(".")[1]
            headers = {"X-API-KEY": self.key, "Content-Type": "application/yaml"}
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
def test_twenty_kills_lose_no_run_and_leave_no_wrong_blob(prepared) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    kill_during_runs(prepared, 20, seed)


@pytest.mark.faults
def test_two_hundred_kills_lose_no_run_and_leave_no_wrong_blob(prepared) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    kill_during_runs(prepared, 200, seed)
