"""The agent link over the application in memory: real services and a real edge, no network."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pierhead.control.scopes import Scope
from pierhead.server.app import create_app, entrance
from pierhead.testing.application import MemoryApplication, memory_application
from pierhead.testing.scripted_delegate import Said, ScriptedDelegate

Enlist = Callable[..., ScriptedDelegate]


@pytest.fixture
def application(tmp_path: Path) -> Iterator[MemoryApplication]:
    """New delegates need no approval; an idle poll is held for a fifth of a second."""
    application = memory_application(tmp_path, approval=False)
    application.hub.poll_s = 0.2
    yield application
    application.close()


@pytest.fixture
def client(application: MemoryApplication) -> Iterator[TestClient]:
    with TestClient(entrance(create_app(application))) as client:
        yield client


@pytest.fixture
def token(application: MemoryApplication) -> str:
    return token_of(application, Scope(application.account.id))


@pytest.fixture
def newcomer(application: MemoryApplication, client: TestClient, token: str) -> Enlist:
    """Makes delegates that nobody knows yet."""
    return enlisting(application, client, token)


@pytest.fixture
def delegate(newcomer: Enlist) -> ScriptedDelegate:
    return newcomer().join()


def enlisting(application: MemoryApplication, client: TestClient, token: str) -> Enlist:
    def carry(target: str, headers: Mapping[str, str], body: bytes) -> Said:
        answer = client.post(target, content=body, headers=dict(headers))
        return Said(answer.status_code, answer.headers, json.loads(answer.content))

    def make(**given: object) -> ScriptedDelegate:
        settings = {"carry": carry, "token": token, "now": lambda: application.clock.now().timestamp(), **given}
        return ScriptedDelegate(**settings)  # type: ignore[arg-type]

    return make


def token_of(application: MemoryApplication, scope: Scope, name: str = "t") -> str:
    _, text = application.delegate_tokens.create(scope, name, "test")
    return text.reveal()
