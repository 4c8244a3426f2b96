from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from pierhead.control.secrets import ConfiguredStore, ManagerType, Reach
from pierhead.kit.redact import SecretValue
from pierhead.server.app import create_app
from pierhead.testing.application import memory_application

from .world import CountingStore, World, make_world


class OpenVault:
    """Has every path, and is asked for none here."""

    def check(self, path: str, version: str | None) -> None:
        del path, version

    def read(self, path: str, version: str | None) -> SecretValue:
        return SecretValue(f"{path} {version}")


@pytest.fixture(scope="session")
def seeded_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = CountingStore()
    vault = ConfiguredStore("vault", "Vault", ManagerType.VAULT, Reach(everything=True), OpenVault())
    application = memory_application(tmp_path_factory.mktemp("authorisation"), store, managers=(vault,))
    with TestClient(create_app(application)) as client:
        yield make_world(application, store, client)


@pytest.fixture
def world(seeded_world: World) -> World:
    seeded_world.rewind()
    return seeded_world
