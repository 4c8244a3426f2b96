"""Rows of pins: an account's overrides of default images."""

from collections.abc import Iterable

import sqlalchemy as sa

from pierhead.control.catalogue import Infra, Pin

from .queries import upsert
from .schema import pins

_put = upsert(pins)


def to_row(pin: Pin) -> dict[str, object]:
    return {
        "account": pin.account,
        "infra": pin.infra.value,
        "field": pin.field,
        "value": pin.value,
        "updated_at": pin.updated_at,
        "updated_by": pin.updated_by,
    }


def from_row(row: sa.RowMapping) -> Pin:
    return Pin(**{**row, "infra": Infra(row["infra"])})


class SqlPinRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def all(self, account: str, infra: Infra) -> tuple[Pin, ...]:
        query = sa.select(pins).where(_is(account, infra)).order_by(pins.c.field)
        return tuple(from_row(row) for row in self._connection.execute(query).mappings())

    def put(self, new: Iterable[Pin]) -> None:
        for pin in new:
            self._connection.execute(_put, to_row(pin))

    def remove(self, account: str, infra: Infra, fields: Iterable[str]) -> None:
        for name in fields:
            self._connection.execute(pins.delete().where(_is(account, infra), pins.c.field == name))

    def clear(self, account: str) -> None:
        self._connection.execute(pins.delete().where(pins.c.account == account))


def _is(account: str, infra: Infra) -> sa.ColumnElement[bool]:
    return sa.and_(pins.c.account == account, pins.c.infra == infra.value)
