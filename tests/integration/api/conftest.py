from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pierhead.server.app import create_app
from pierhead.testing.application import MemoryApplication, memory_application


@pytest.fixture
def application(tmp_path: Path) -> MemoryApplication:
    return memory_application(tmp_path)


@pytest.fixture
def client(application: MemoryApplication) -> Iterator[TestClient]:
    """Sends the admin key and the account with every call."""
    with TestClient(create_app(application)) as client:
        client.headers["X-API-KEY"] = application.key.reveal()
        client.headers["Harness-Account"] = application.account.id
        yield client


@pytest.fixture
def stranger(application: MemoryApplication) -> Iterator[TestClient]:
    """Sends no key and no account."""
    with TestClient(create_app(application)) as client:
        yield client
