"""A delegate from its token to its end, by commands, with a server, a delegate and a registry as processes."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from pierhead.cli.connect import running_server

PATIENCE_S = 60
CONNECTOR = """\
connector:
  identifier: {name}
  name: {name}
  type: DockerRegistry
  spec:
    dockerRegistryUrl: {url}
    providerType: Other
    auth: {{type: Anonymous}}
    executeOnDelegate: true
    ignoreTestConnection: true
    delegateSelectors: [{tags}]
"""


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    ends_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends_at:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come about in {PATIENCE_S} s")


@pytest.fixture
def delegate(served: Any) -> Iterator["Popen[str]"]:
    """Enrolled with a token of its own, waiting for approval."""
    made = served.run("delegate", "token", "create", "dc1", "--output", "token.txt")
    assert made.code == 0, made.err
    server = running_server(served.data)
    assert server is not None
    argv = ("--url", server.url, "--token-file", "token.txt", "--state", "state", "--name", "dc1", "--tag", "linux")
    process: Popen[str] = served.start("delegate", "run", *argv)
    try:
        wait_for(lambda: served.run("delegate", "show", "dc1").code == 0, "the enrolment")
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_delegate_lives_from_token_to_revocation(served: Any, delegate: "Popen[str]", registry: Any) -> None:
    served.write("c.yaml", CONNECTOR.format(name="mirror", url=registry.url, tags="linux"))
    assert served.run("connector", "apply", "-f", "c.yaml").code == 0
    assert served.run("connector", "test", "mirror").code == 1  # nobody may do it before the approval
    assert "WAITING_FOR_APPROVAL" in served.run("delegate", "list").out
    assert served.run("delegate", "approve", "dc1").out == "delegate dc1: approved\n"

    tested = served.run("connector", "test", "mirror")
    assert tested.code == 0, tested.out
    assert "path: by delegate dc1" in tested.out
    resolved = served.run("image", "resolve", "harness/ci-addon:1.16.92", "--connector", "mirror", "--json")
    assert resolved.json["digest"].startswith("sha256:")
    copied = served.run(
        "image", "copy", "harness/ci-addon:1.16.92", "copies/ci-addon:1", "--from", "mirror", "--to", "mirror", "--wait"
    )
    assert (copied.code, copied.err.count("error")) == (0, 0), copied.out + copied.err
    again = served.run("image", "resolve", "copies/ci-addon:1", "--connector", "mirror", "--json")
    assert again.json["digest"] == resolved.json["digest"]
    assert "copies/ci-addon" in served.run("connector", "repositories", "mirror").out

    assert served.run("delegate", "token", "revoke", "dc1", "--yes").code == 0
    assert delegate.wait(PATIENCE_S) != 0
    assert served.run("delegate", "delete", "dc1", "--yes").code == 0
    assert served.run("delegate", "show", "dc1").code == 5


def test_a_task_that_nobody_can_do_is_a_dead_letter_that_says_why(
    served: Any, delegate: "Popen[str]", registry: Any
) -> None:
    assert served.run("delegate", "approve", "dc1").code == 0
    served.write("c.yaml", CONNECTOR.format(name="gpu", url=registry.url, tags="gpu"))
    assert served.run("connector", "apply", "-f", "c.yaml").code == 0
    refused = served.run("image", "resolve", "harness/ci-addon:1.16.92", "--connector", "gpu")
    assert refused.code == 10
    assert "no eligible delegates" in refused.err
    [dead] = served.run("task", "list", "--state", "dead", "--json").json["content"]
    why = served.run("task", "why", dead["id"]).out
    assert "dc1" in why
    assert "gpu" in why
    assert served.run("delegate", "tag", "add", "dc1", "gpu").code == 0
    assert served.run("image", "resolve", "harness/ci-addon:1.16.92", "--connector", "gpu").code == 0


def test_no_token_stands_in_any_output_but_the_one_that_is_for_it(served: Any, tmp_path: Path) -> None:
    token = served.run("delegate", "token", "create", "secret").out.strip()
    assert len(token) > 40
    argvs = [
        ("delegate", "token", "list"),
        ("delegate", "token", "list", "--json"),
        ("delegate", "token", "show", "secret"),
        ("delegate", "token", "show", "secret", "--json"),
        ("delegate", "token", "revoke", "secret", "--yes", "--json"),
    ]
    for argv in argvs:
        done = served.run(*argv)
        assert done.code == 0
        assert token not in done.out + done.err
    assert token not in (served.root / "server.log").read_text()
