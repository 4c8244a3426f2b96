"""A delegate and a server as processes, on their real wire."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

PATIENCE_S = 30.0


def until(condition: Callable[[], bool]) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < PATIENCE_S
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.fixture
def token(served) -> str:
    done = served.run("delegate", "token", "create", "building-7", "--quiet")
    assert done.code == 0, done.err
    served.write("token", done.out)
    return "token"


@pytest.fixture
def delegate(served, token) -> Iterator["subprocess.Popen[str]"]:
    """Approved, with the tag eu."""
    url = json.loads((served.data / "server.json").read_text())["url"]
    command = ("delegate", "run", "--url", url, "--name", "edge", "--tag", "eu", "--state", "state")
    process = served.start(*command, "--token-file", token)
    until(lambda: served.run("delegate", "approve", "edge").code == 0)
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def through(served, registry, delegate) -> str:
    """A connector that only the delegate may use."""
    document = {
        "name": "far",
        "identifier": "far",
        "type": "DockerRegistry",
        "spec": {
            "dockerRegistryUrl": registry.url,
            "providerType": "Other",
            "auth": {"type": "Anonymous"},
            "executeOnDelegate": True,
            "delegateSelectors": ["EU"],
            "ignoreTestConnection": True,
        },
    }
    served.write("far.json", json.dumps({"connector": document}))
    assert served.run("connector", "apply", "-f", "far.json").code == 0
    return "far"


def test_a_registry_is_asked_through_the_delegate_that_has_the_tag(served, registry, through) -> None:
    registry.forget_requests()
    done = served.run("connector", "repositories", through, "--json")
    assert done.code == 0, done.err
    assert done.json["repositories"]
    tested = served.run("connector", "test", through)
    assert "by delegate edge" in tested.out


def test_revoking_its_token_ends_a_delegate_within_five_seconds(served, delegate) -> None:
    assert served.run("delegate", "token", "revoke", "building-7", "--yes").code == 0
    assert until(lambda: delegate.poll() is not None) < 5.0
    assert delegate.returncode == 4
    assert "does not want this delegate any more" in delegate.communicate()[1]


def test_a_delegate_that_is_told_to_stop_is_known_to_be_gone_at_once(served, delegate) -> None:
    delegate.terminate()
    _, told = delegate.communicate(timeout=20)
    assert delegate.returncode == 0, told
    listed = served.run("delegate", "list", "--json").json
    assert "edge" in json.dumps(listed)
    assert '"activelyConnected": true' not in json.dumps(listed)
