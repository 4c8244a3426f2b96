"""How signals get from a transaction to whoever listens: in this process, and no further, unless a database carries
them (``listen``)."""

from collections.abc import Collection
from typing import Protocol

import sqlalchemy as sa

from pierhead.kit.signals import Signal, Signals


class Channel(Protocol):
    @property
    def signals(self) -> Signals: ...

    def send(self, connection: sa.Connection, signals: Collection[Signal]) -> None:
        """To other processes, as a part of the transaction that ``connection`` is in."""

    def close(self) -> None:
        """Nothing is heard from other processes after this."""


class LocalChannel:
    """For a database that belongs to one process."""

    def __init__(self) -> None:
        self.signals = Signals()

    def send(self, connection: sa.Connection, signals: Collection[Signal]) -> None:
        pass

    def close(self) -> None:
        pass
