from pathlib import Path

import pytest

from pierhead.adapters.keyring_file import FileKeyring
from pierhead.control.secrets import SecretService
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keyring(tmp_path: Path) -> FileKeyring:
    return FileKeyring(tmp_path / "key")


@pytest.fixture
def secrets(store: MemoryStore, keyring: FileKeyring, clock: FakeClock) -> SecretService:
    return SecretService(store, keyring, clock)
