from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from pierhead.control.access import Permission, ResourceSelector
from pierhead.control.scopes import Scope
from pierhead.server.app import bind, create_app
from pierhead.testing.application import MemoryApplication, memory_application
from pierhead.testing.granted import grant, somebody

Someone = Callable[..., TestClient]


@pytest.fixture(scope="session")
def _routes(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """Built once: the routes are the same for every application, and slow to make."""
    return create_app(memory_application(tmp_path_factory.mktemp("routes")))


@pytest.fixture
def application(tmp_path: Path) -> MemoryApplication:
    return memory_application(tmp_path)


@pytest.fixture
def app(_routes: FastAPI, application: MemoryApplication) -> FastAPI:
    bind(_routes, application)
    return _routes


@pytest.fixture
def client(app: FastAPI, application: MemoryApplication) -> Iterator[TestClient]:
    """Sends the admin key and the account with every call."""
    with TestClient(app) as client:
        client.headers["X-API-KEY"] = application.key.reveal()
        client.headers["Harness-Account"] = application.account.id
        yield client


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    """Sends no key and no account."""
    with TestClient(app) as client:
        yield client


@pytest.fixture
def someone(app: FastAPI, application: MemoryApplication) -> Someone:
    """Makes clients of new users who have these permissions, by default at the account and on everything there."""

    def make(
        *permissions: Permission, scope: Scope | None = None, only: tuple[ResourceSelector, ...] | None = None
    ) -> TestClient:
        account, (ref, key) = Scope(application.account.id), somebody(application)
        grant(application, ref, scope or account, permissions, only)
        return TestClient(app, headers={"X-API-KEY": key.reveal(), "Harness-Account": account.account})

    return make
