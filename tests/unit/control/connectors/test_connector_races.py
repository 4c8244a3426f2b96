"""Two who make the same connector in the same moment."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pierhead.control.connectors import ConnectorService, ConnectorTakenError, default_draft
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore, MemoryTransaction

DRAFT = default_draft("acc")


def test_a_race_for_an_identifier_that_is_lost_is_told_as_one(clock: FakeClock) -> None:
    class JustBefore(MemoryStore):
        """Somebody else's connector comes in between the look and the write."""

        @contextmanager
        def transaction(self) -> Iterator[MemoryTransaction]:
            with super().transaction() as tx:
                tx.connectors.find = lambda *_: None  # type: ignore[method-assign]
                yield tx

    connectors = ConnectorService(JustBefore(), clock)
    connectors.create(DRAFT)
    with pytest.raises(ConnectorTakenError, match=r"Connector \[harnessImage\] already exists"):
        connectors.create(DRAFT)
