import pytest

from pierhead.control.connectors import ConnectorService
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def connectors(store: MemoryStore, clock: FakeClock) -> ConnectorService:
    samples = ("harness/ci-addon:1.16.92", "plugins/cache:1.9.8")
    return ConnectorService(store, clock, sample_images=samples)
