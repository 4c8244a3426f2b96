from pathlib import Path

import pytest

from pierhead.adapters.keyring_file import FileKeyring
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretManagers, SecretService
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore
from pierhead.testing.places import make_place
from pierhead.testing.secret_managers import ObedientStore


@pytest.fixture
def store() -> MemoryStore:
    """With the places that these tests are about."""
    store = MemoryStore()
    make_place(store, Scope("acc", "o", "p"))
    return store


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keyring(tmp_path: Path) -> FileKeyring:
    return FileKeyring(tmp_path / "key")


@pytest.fixture
def secrets(store: MemoryStore, keyring: FileKeyring, clock: FakeClock) -> SecretService:
    return SecretService(store, keyring, clock, SecretManagers(clock, [ObedientStore().configured()]))
