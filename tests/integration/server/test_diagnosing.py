"""A live look at registries that are really there, through the platform: what it finds, and that it ends in time."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.connectors import parse_connector
from pierhead.control.secrets import SecretDraft
from pierhead.demo.content import demo_images
from pierhead.kit.redact import SecretValue
from pierhead.server.app import create_app
from pierhead.server.bootstrap import Application, open_application
from pierhead.server.jobs import diagnosing
from pierhead.server.settings import Settings
from pierhead.testing.fake_registry import BasicLogin, FakeRegistry

PASSWORD = "wrong-password-of-the-mirror"
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    application = open_application(Settings(data=tmp_path / "data"))
    yield application
    application.close()


@pytest.fixture
def ask(application: Application) -> Iterator[Ask]:
    with TestClient(create_app(application)) as client:
        key = application.first_key
        assert key is not None
        client.headers["X-API-KEY"] = key.reveal()

        def post(**body: Any) -> dict[str, Any]:
            answer = client.post("/pierhead/v1/diagnose", json={"live": True, **body})
            assert answer.status_code == 200, answer.text
            assert PASSWORD not in answer.text
            return answer.json()["data"]["reports"][0]

        yield post


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        demo_images().push(registry.add)
        yield registry


def connect(application: Application, url: str, *, with_password: bool = False) -> None:
    auth: dict[str, object] = {"type": "Anonymous"}
    if with_password:
        application.secrets.create(SecretDraft(application.scope, "token", "token", SecretValue(PASSWORD)))
        auth = {"type": "UsernamePassword", "spec": {"username": "joe", "passwordRef": "account.token"}}
    spec = {"dockerRegistryUrl": url, "providerType": "Other", "auth": auth, "allowPrivateAddresses": True}
    spec["executeOnDelegate"] = False
    body = {"identifier": "mirror", "name": "mirror", "type": "DockerRegistry", "spec": spec}
    application.connectors.create(parse_connector({"connector": body}, application.account.id))


def told(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["cause"], one["verdict"]) for one in report["diagnoses"]]


def seen(report: dict[str, Any]) -> dict[str, str]:
    return {one["check"]: one["text"] for one in report["evidence"]}


def absent(image: str) -> str:
    return f'Failed to pull image "{image}": failed to resolve reference "{image}": {image}: not found'


def test_a_tag_that_is_not_there_is_proved_and_the_nearest_is_named(
    application: Application, ask: Ask, registry: FakeRegistry
) -> None:
    connect(application, registry.url)
    name, tag = some_image(registry)
    report = ask(text=absent(f"{registry.host}/{name}:{tag}9"))
    assert told(report) == [("tag-absent", "confirmed")]
    assert f"most like {tag}9: {tag}" in seen(report)["tags"]
    assert "through the platform" in seen(report)["connector"]


def test_a_tag_that_is_there_is_said_with_digest_and_platform(
    application: Application, ask: Ask, registry: FakeRegistry
) -> None:
    connect(application, registry.url)
    name, tag = some_image(registry)
    report = ask(text=absent(f"{registry.host}/{name}:{tag}"))
    assert told(report) == [("tag-absent", "refuted")]
    assert "is there: sha256:" in seen(report)["image"]
    wrong = ask(image=f"{registry.host}/{name}:{tag}", platform="linux/s390x")
    assert told(wrong) == [("platform-missing", "confirmed")]


def test_a_name_without_a_host_is_the_connectors_own_when_it_is_named(
    application: Application, ask: Ask, registry: FakeRegistry
) -> None:
    connect(application, registry.url)
    name, tag = some_image(registry)
    report = ask(image=f"{name}:{tag}", connectorRef="account.mirror")
    assert f"{registry.host}/{name}:{tag} is there" in seen(report)["image"]


def test_a_repository_that_is_not_there_is_told_apart(
    application: Application, ask: Ask, registry: FakeRegistry
) -> None:
    connect(application, registry.url)
    report = ask(text=absent(f"{registry.host}/nobody/nothing:1"))
    assert told(report)[0][0] in ("tag-absent", "repository-absent")
    assert told(report)[0][1] == "confirmed"


def test_a_refused_password_is_proved_and_not_repeated(application: Application, ask: Ask) -> None:
    with FakeRegistry(BasicLogin({"joe": "right"})) as registry:
        connect(application, registry.url, with_password=True)
        report = ask(text=f"Error response from daemon: Get http://{registry.host}/v2/a/manifests/1: 401 Unauthorized")
        assert told(report)[0][1] == "confirmed"
        assert "does not accept the connector's credentials" in seen(report)["image"]


def test_a_registry_that_is_away_leaves_the_texts_cause_open(application: Application, ask: Ask) -> None:
    with FakeRegistry() as registry:
        connect(application, registry.url)
        registry.stop()
        report = ask(text=absent(f"{registry.host}/a:1"))
    assert told(report) == [("tag-absent", "open"), ("connection-refused", "confirmed")]


def test_a_registry_that_is_silent_is_not_waited_for_longer_than_said(
    application: Application, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnosing, "WITHIN_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        connect(application, f"http://{host}")
        begun = time.monotonic()
        report = ask(text=absent(f"{host}/a:1"))
        assert time.monotonic() - begun < 2.5
    assert (report["isComplete"], told(report)) == (False, [("tag-absent", "open")])
    assert "time" in seen(report)


def some_image(registry: FakeRegistry) -> tuple[str, str]:
    """A repository and a tag of it."""
    name = next(name for name in demo_images().images if ":" in name)
    repository, _, tag = name.partition(":")
    return repository, tag
