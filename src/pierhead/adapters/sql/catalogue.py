"""Rows of pins, which override default images in a scope, and of the sets that remember them."""

from collections.abc import Iterable

import sqlalchemy as sa

from pierhead.control.catalogue import Because, Infra, Pin, PinSet, PinSetCause, Preflight
from pierhead.control.scopes import Scope
from pierhead.kit.paging import Page, PageRequest

from .access import SqlAccountRows
from .catalogue_schema import pin_sets, pins
from .queries import in_scope, page, scope_columns, scope_of, upsert

_put = upsert(pins)
_PLAIN = ("value", "updated_at", "updated_by", "field")


def to_row(pin: Pin) -> dict[str, object]:
    return {
        **scope_columns(pin.scope),
        **{name: getattr(pin, name) for name in _PLAIN},
        "infra": pin.infra.value,
    }


def from_row(row: sa.RowMapping) -> Pin:
    scope = scope_of(row)
    values = {name: row[name] for name in _PLAIN}
    return Pin(account=scope.account, org=scope.org, project=scope.project, infra=Infra(row["infra"]), **values)


class SqlPinRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def all(self, scope: Scope, infra: Infra) -> tuple[Pin, ...]:
        query = sa.select(pins).where(_is(scope, infra)).order_by(pins.c.field)
        return self._found(query)

    def along(self, scope: Scope, infra: Infra) -> tuple[Pin, ...]:
        places = [Scope(scope.account), *([Scope(scope.account, scope.org)] if scope.org else []), scope]
        here = sa.or_(*(_is(place, infra) for place in dict.fromkeys(places)))
        return self._found(sa.select(pins).where(here).order_by(pins.c.project.desc(), pins.c.org.desc(), pins.c.field))

    def canaries(self, account: str) -> tuple[Pin, ...]:
        below = sa.and_(pins.c.account == account, pins.c.org != "")
        return self._found(sa.select(pins).where(below).order_by(*pins.primary_key.columns))

    def put(self, new: Iterable[Pin]) -> None:
        for pin in new:
            self._connection.execute(_put, to_row(pin))

    def remove(self, scope: Scope, infra: Infra, fields: Iterable[str]) -> None:
        for name in fields:
            self._connection.execute(pins.delete().where(_is(scope, infra), pins.c.field == name))

    def _found(self, query: sa.Select[*tuple[object, ...]]) -> tuple[Pin, ...]:
        return tuple(from_row(row) for row in self._connection.execute(query).mappings())


class SqlPinSetRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def hold(self, account: str) -> None:
        SqlAccountRows(self._connection).hold(account)

    def highest(self, account: str) -> int:
        query = sa.select(sa.func.max(pin_sets.c.number)).where(pin_sets.c.account == account)
        return int(self._connection.execute(query).scalar() or 0)

    def add(self, made: PinSet) -> None:
        row = {
            **scope_columns(made.scope),
            "number": made.number,
            "previous": made.previous,
            "pins": {infra.value: dict(fields) for infra, fields in made.pins.items()},
            "made_at": made.made_at,
            "updated_by": made.because.updated_by,
            "cause": made.because.cause.value,
            "reason": made.because.reason,
            "preflight": made.because.preflight.value,
            "restores": made.because.restores,
        }
        self._connection.execute(pin_sets.insert(), row)

    def find(self, account: str, number: int) -> PinSet | None:
        query = sa.select(pin_sets).where(pin_sets.c.account == account, pin_sets.c.number == number)
        return self._first(query)

    def last(self, scope: Scope) -> PinSet | None:
        query = sa.select(pin_sets).where(in_scope(pin_sets, scope)).order_by(pin_sets.c.number.desc()).limit(1)
        return self._first(query)

    def page(self, scope: Scope, request: PageRequest, *, everywhere: bool = False) -> Page[PinSet]:
        where = pin_sets.c.account == scope.account if everywhere else in_scope(pin_sets, scope)
        query = sa.select(pin_sets).where(where).order_by(pin_sets.c.number.desc())
        return page(self._connection, query, request, set_from_row)

    def _first(self, query: sa.Select[*tuple[object, ...]]) -> PinSet | None:
        row = self._connection.execute(query).mappings().first()
        return None if row is None else set_from_row(row)


def set_from_row(row: sa.RowMapping) -> PinSet:
    because = Because(
        PinSetCause(row["cause"]), row["updated_by"], row["reason"], Preflight(row["preflight"]), row["restores"]
    )
    held = {infra: row["pins"].get(infra.value, {}) for infra in Infra}
    return PinSet(scope_of(row), row["number"], row["previous"], held, row["made_at"], because)


def _is(scope: Scope, infra: Infra) -> sa.ColumnElement[bool]:
    return sa.and_(in_scope(pins, scope), pins.c.infra == infra.value)
