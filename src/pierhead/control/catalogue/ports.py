"""What the catalogue service needs of a store."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from pierhead.control.audit import Auditing

from .model import Infra, Pin


class PinRows(Protocol):
    def all(self, account: str, infra: Infra) -> tuple[Pin, ...]:
        """Sorted by field."""

    def put(self, pins: Iterable[Pin]) -> None:
        """Adds each pin, or writes over the one of the same account, infra and field."""

    def remove(self, account: str, infra: Infra, fields: Iterable[str]) -> None:
        """Fields without a pin are passed over."""

    def clear(self, account: str) -> None:
        """Drops every pin of the account, on every infrastructure."""


class PinTransaction(Auditing, Protocol):
    @property
    def pins(self) -> PinRows: ...


class PinStore(Protocol):
    def transaction(self) -> AbstractContextManager[PinTransaction]:
        """Commits when the block ends, rolls back when it raises."""

    def snapshot(self) -> AbstractContextManager[PinTransaction]:
        """One consistent view, for reading only; waits for no writer."""
