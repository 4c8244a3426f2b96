"""In which order connectors are listed: by an allow-list of columns, never by what a stranger names; pure."""

import json
from dataclasses import dataclass
from enum import StrEnum

from pierhead.kit.errors import InvalidInputError

MAX_ORDERS = 4


class SortColumn(StrEnum):
    NAME = "name"
    IDENTIFIER = "identifier"
    CREATED_AT = "createdAt"
    LAST_MODIFIED_AT = "lastModifiedAt"

    @property
    def attribute(self) -> str:
        """What it is called in a connector, and in its row."""
        return {"createdAt": "created_at", "lastModifiedAt": "last_modified_at"}.get(self.value, self.value)


class SortOrderError(InvalidInputError):
    code = "sort-order-invalid"

    def __init__(self, text: str) -> None:
        names = ", ".join(SortColumn)
        super().__init__(
            f"sortOrders {text[:200]!r} is not an order of connectors",
            hint=f"write it as lastModifiedAt,DESC; at most {MAX_ORDERS}, and the field is one of {names}",
        )


@dataclass(frozen=True, slots=True)
class Order:
    column: SortColumn
    is_descending: bool = False

    @classmethod
    def parse(cls, text: str) -> "Order":
        """``lastModifiedAt,DESC``, or ``{"fieldName":"lastModifiedAt","orderType":"DESC"}``. Raises SortOrderError."""
        field, direction = _parts(text)
        try:
            column = SortColumn(field)
        except ValueError:
            raise SortOrderError(text) from None
        if direction not in ("ASC", "DESC"):
            raise SortOrderError(text)
        return cls(column, direction == "DESC")


def parse_orders(texts: "list[str]") -> tuple[Order, ...]:
    """Raises SortOrderError."""
    if len(texts) > MAX_ORDERS:
        raise SortOrderError(f"{len(texts)} orders")
    return tuple(Order.parse(text) for text in texts if text)


def _parts(text: str) -> tuple[str, str]:
    if not text.startswith("{"):
        field, _, direction = text.partition(",")
        return field.strip(), direction.strip().upper() or "ASC"
    try:
        found = json.loads(text[:1000])
        return str(found["fieldName"]), str(found.get("orderType", "ASC")).upper()
    except (ValueError, KeyError, RecursionError):
        raise SortOrderError(text) from None
