"""A real server, as whoever runs it sees it: its process, its log, its doors for machines."""

import json
import os
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from pierhead.demo.server_process import ServerProcess
from pierhead.testing.fake_registry import FakeRegistry


def get(url: str, key: str = "") -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers={"X-API-KEY": key} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def call(url: str, key: str, body: object | None) -> dict[str, object]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"X-API-KEY": key, "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method="POST"), timeout=60) as answer:
        found: dict[str, object] = json.loads(answer.read())
        return found


@pytest.fixture
def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIERHEAD_", "OTEL_"))}
    return {**kept, "PIERHEAD_LOG_FORMAT": "json"}


def test_a_server_is_ready_private_and_reaches_only_the_registries_that_may_be_private(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    log = tmp_path / "server.log"
    with FakeRegistry() as registry, ServerProcess(tmp_path / "data", log, environment) as server:
        url = server.wait()
        key = (tmp_path / "data" / "admin-key").read_text().strip()
        assert get(f"{url}/ready") == (200, b'{"status":"ready"}')
        assert get(f"{url}/metrics")[0] == 401
        assert b"pierhead_database_up 1.0" in get(f"{url}/metrics", key)[1]
        limits = Path(f"/proc/{server.process.pid}/limits").read_text()
        assert "Max core file size        0" in limits

        account = json.loads(get(f"{url}/pierhead/v1/whoami", key)[1])["data"]["account"]
        outcomes = {}
        for name, address, is_allowed in (
            ("denied", registry.url, False),
            ("allowed", registry.url, True),
            ("itself", url, True),
        ):
            spec = {"dockerRegistryUrl": address, "providerType": "Other", "auth": {"type": "Anonymous"},
                    "executeOnDelegate": False, "ignoreTestConnection": True,
                    "allowPrivateAddresses": is_allowed}  # fmt: skip
            body = {"connector": {"identifier": name, "name": name, "type": "DockerRegistry", "spec": spec}}
            call(f"{url}/ng/api/connectors?accountIdentifier={account}", key, body)
            tested = call(f"{url}/ng/api/connectors/testConnection/{name}?accountIdentifier={account}", key, None)
            outcomes[name] = json.dumps(tested)
    assert "PIERHEAD_PRIVATE_ADDRESSES" in outcomes["denied"]
    assert "may not go" in outcomes["itself"]
    assert "may not go" not in outcomes["allowed"]
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    seen = [line for line in lines if line["logger"] == "pierhead.access"]
    assert {line["route"] for line in seen} >= {"/ng/api/connectors", "/pierhead/v1/whoami"}
    assert key not in log.read_text().partition("kept in")[2]
