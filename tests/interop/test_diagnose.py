"""What skopeo really prints about registries in trouble is taken for the right cause."""

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from pierhead.control.diagnosis import diagnose
from pierhead.demo.content import demo_images
from pierhead.testing.fake_registry import BasicLogin, FakeRegistry, Scripted, TokenLogin
from pierhead.testing.peers import require_program

pytestmark = pytest.mark.interop
REPOSITORY, TAG = "harness/ci-addon", "1.16.92"
Say = Callable[..., str]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def say(tmp_path: Path) -> Say:
    """What skopeo says when it is asked for an image there."""
    program = require_program("skopeo")

    def ask(host: str, *options: str, tag: str = TAG) -> str:
        argv = [str(program), "inspect", *options, f"docker://{host}/{REPOSITORY}:{tag}"]
        environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, env=environment, check=False)
        assert done.returncode != 0, done.stdout
        return done.stderr

    return ask


@pytest.fixture
def registry(stack: ExitStack) -> FakeRegistry:
    registry = stack.enter_context(FakeRegistry())
    demo_images().push(registry.add)
    return registry


def cause(text: str) -> str:
    told = diagnose(text)
    return told[0].cause.code if told else f"none for {text}"


PLAIN = "--tls-verify=false"


def test_a_tag_that_is_not_there(say: Say, registry: FakeRegistry) -> None:
    text = say(registry.host, PLAIN, tag="9.9")
    assert cause(text) == "tag-absent"
    assert diagnose(text)[0].found.image == f"{registry.host}/{REPOSITORY}:9.9"


def test_a_registry_without_tls(say: Say, registry: FakeRegistry) -> None:
    assert cause(say(registry.host)) == "speaks-http"


def test_a_login_that_is_missing_or_wrong(say: Say, stack: ExitStack) -> None:
    for login in (BasicLogin({"joe": "right"}), TokenLogin({"joe": "right"})):
        registry = stack.enter_context(FakeRegistry(login))
        for options in ((), ("--creds", "joe:wrong-one")):
            text = say(registry.host, PLAIN, *options)
            assert cause(text) in ("unauthorized", "login-missing", "login-refused", "repository-absent-or-private"), (
                text
            )
            assert "wrong-one" not in str(diagnose(text))


def test_a_right_that_is_missing(say: Say, registry: FakeRegistry) -> None:
    body = b'{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}'
    registry.faults.script(Scripted("GET", f"/manifests/{TAG}", 403, body, times=9))
    assert cause(say(registry.host, PLAIN)) in ("denied", "repository-absent-or-private")


def test_a_limit_of_pulls(say: Say, registry: FakeRegistry) -> None:
    body = b'{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}'
    registry.faults.script(Scripted("GET", f"/manifests/{TAG}", 429, body, {"Retry-After": "0"}, times=99))
    assert cause(say(registry.host, PLAIN)) in ("hub-pull-limit", "rate-limit")


def test_a_registry_in_trouble(say: Say, registry: FakeRegistry) -> None:
    registry.faults.script(Scripted("GET", f"/manifests/{TAG}", 503, times=99))
    assert cause(say(registry.host, PLAIN)) == "registry-trouble"


def test_a_port_at_which_nobody_listens(say: Say) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert cause(say(f"127.0.0.1:{port}")) == "connection-refused"


def test_a_name_that_nobody_knows(say: Say) -> None:
    assert cause(say("registry.invalid")) in ("name-not-resolved", "name-server-silent")


def test_certificates_that_do_not_do(say: Say, stack: ExitStack) -> None:
    for name, expected in (("127.0.0.1", "certificate-untrusted"), ("other.example", "certificate-name")):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert(name).configure_cert(context)
        registry = stack.enter_context(FakeRegistry(tls=context))
        assert cause(say(registry.host)) in (expected, "certificate-untrusted")


def test_a_platform_that_is_not_there(say: Say, registry: FakeRegistry) -> None:
    text = say(registry.host, PLAIN, "--override-arch=s390x", "--override-os=linux")
    assert cause(text) == "platform-missing"
    assert diagnose(text)[0].found.platform == "linux/s390x"
