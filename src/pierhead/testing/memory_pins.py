"""Pins and pin sets in memory."""

from collections.abc import Iterable

from pierhead.control.catalogue import Infra, Pin, PinSet
from pierhead.control.scopes import Scope
from pierhead.kit.errors import ConflictError
from pierhead.kit.paging import Page, PageRequest

from .memory_tables import Tables, page


class MemoryPinRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.pins

    def all(self, scope: Scope, infra: Infra) -> tuple[Pin, ...]:
        found = [pin for pin in self._rows.values() if pin.scope == scope and pin.infra is infra]
        return tuple(sorted(found, key=lambda pin: pin.field))

    def along(self, scope: Scope, infra: Infra) -> tuple[Pin, ...]:
        found = [pin for pin in self._rows.values() if pin.scope.contains(scope) and pin.infra is infra]
        return tuple(sorted(found, key=lambda pin: (pin.project is None, pin.org is None, pin.field)))

    def canaries(self, account: str) -> tuple[Pin, ...]:
        found = [pin for pin in self._rows.values() if pin.account == account and pin.org is not None]
        return tuple(sorted(found, key=lambda pin: (pin.org, pin.project or "", pin.infra.value, pin.field)))

    def put(self, pins: Iterable[Pin]) -> None:
        for pin in pins:
            self._rows[pin.scope, pin.infra, pin.field] = pin

    def remove(self, scope: Scope, infra: Infra, fields: Iterable[str]) -> None:
        for name in fields:
            self._rows.pop((scope, infra, name), None)


class MemoryPinSetRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.pin_sets

    def hold(self, account: str) -> None:
        """One writer at a time anyway."""

    def highest(self, account: str) -> int:
        return max((number for of, number in self._rows if of == account), default=0)

    def add(self, made: PinSet) -> None:
        key = made.scope.account, made.number
        if key in self._rows:
            raise ConflictError(f"there is already a pin set {made.number}")
        self._rows[key] = made

    def find(self, account: str, number: int) -> PinSet | None:
        return self._rows.get((account, number))

    def last(self, scope: Scope) -> PinSet | None:
        of_scope = [made for made in self._rows.values() if made.scope == scope]
        return max(of_scope, key=lambda made: made.number, default=None)

    def page(self, scope: Scope, request: PageRequest, *, everywhere: bool = False) -> Page[PinSet]:
        found = [m for m in self._rows.values() if m.scope == scope or (everywhere and scope.contains(m.scope))]
        return page(sorted(found, key=lambda made: made.number, reverse=True), request)
