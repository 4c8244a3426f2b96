"""What the catalogue service needs of a store."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from pierhead.control.audit import Auditing
from pierhead.control.organizations import PlaceTransaction
from pierhead.control.scopes import Scope
from pierhead.kit.paging import Page, PageRequest

from .model import Infra, Pin
from .pin_sets import PinSet


class PinRows(Protocol):
    def all(self, scope: Scope, infra: Infra) -> tuple[Pin, ...]:
        """Those of exactly that scope, sorted by field."""

    def along(self, scope: Scope, infra: Infra) -> tuple[Pin, ...]:
        """Those of the scope and of all that contain it, the innermost first, then by field."""

    def canaries(self, account: str) -> tuple[Pin, ...]:
        """Those of every organization and project, sorted by place, infrastructure and field."""

    def put(self, pins: Iterable[Pin]) -> None:
        """Adds each pin, or writes over the one of the same scope, infra and field."""

    def remove(self, scope: Scope, infra: Infra, fields: Iterable[str]) -> None:
        """Fields without a pin are passed over."""


class PinSetRows(Protocol):
    def hold(self, account: str) -> None:
        """Until the end of the transaction nobody else who holds the account's sets goes on."""

    def highest(self, account: str) -> int:
        """The highest number there is, 0 for none. True until the end of the transaction for whoever holds it."""

    def add(self, made: PinSet) -> None:
        """Its number must be free."""

    def find(self, account: str, number: int) -> PinSet | None: ...

    def last(self, scope: Scope) -> PinSet | None:
        """The one of exactly that scope with the highest number."""

    def page(self, scope: Scope, request: PageRequest, *, everywhere: bool = False) -> Page[PinSet]:
        """Of that scope, the newest first; with ``everywhere`` of the whole account."""


class PinTransaction(Auditing, PlaceTransaction, Protocol):
    @property
    def pins(self) -> PinRows: ...
    @property
    def pin_sets(self) -> PinSetRows: ...


class PinStore(Protocol):
    def transaction(self) -> AbstractContextManager[PinTransaction]:
        """Commits when the block ends, rolls back when it raises."""

    def snapshot(self) -> AbstractContextManager[PinTransaction]:
        """One consistent view, for reading only; waits for no writer."""
