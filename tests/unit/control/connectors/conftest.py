import pytest

from pierhead.control.connectors import ConnectorService
from pierhead.control.scopes import Scope
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore
from pierhead.testing.places import make_place


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
def connectors(store: MemoryStore, clock: FakeClock) -> ConnectorService:
    samples = ("harness/ci-addon:1.16.92", "plugins/cache:1.9.8")
    return ConnectorService(store, clock, sample_images=samples)
