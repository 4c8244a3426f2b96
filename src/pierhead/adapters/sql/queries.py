"""What the rows of several features ask in the same way: scopes as columns, literal search, pages."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import sqlalchemy as sa

from pierhead.control.scopes import Scope
from pierhead.kit.paging import Page, PageRequest

T = TypeVar("T")

# What SQLite takes for a pattern at most is 50,000 bytes; an escaped character of UTF-8 can be five.
_LONGEST_SEARCH = 10_000
_SEPARATOR = "\x1f"
_BEYOND_ANY_TABLE = 2**62


def scope_columns(scope: Scope) -> dict[str, str]:
    return {"account": scope.account, "org": scope.org or "", "project": scope.project or ""}


def scope_of(row: sa.RowMapping) -> Scope:
    return Scope(row["account"], row["org"] or None, row["project"] or None)


def in_scope(table: sa.Table, scope: Scope) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.c[name] == value for name, value in scope_columns(scope).items()))


def entity_is(table: sa.Table, scope: Scope, identifier: str) -> sa.ColumnElement[bool]:
    return sa.and_(in_scope(table, scope), table.c.identifier == identifier)


def search_text(texts: Iterable[str]) -> str:
    """What is kept beside a row, so that a search does not depend on the database's idea of upper and lower case."""
    return _SEPARATOR.join(text.replace(_SEPARATOR, " ").casefold() for text in texts)


def text_matches(column: sa.ColumnElement[str], wanted: str) -> sa.ColumnElement[bool]:
    """``wanted`` is part of one of the texts, taken literally, in any case of letters."""
    if len(wanted) > _LONGEST_SEARCH or "\x00" in wanted or _SEPARATOR in wanted or not _is_unicode(wanted):
        return sa.false()  # no stored text has this, and not every database can be asked
    return column.contains(wanted.casefold(), autoescape=True) if wanted else sa.true()


def page(
    connection: sa.Connection, query: sa.Select[*tuple[object, ...]], request: PageRequest, build: Callable[..., T]
) -> Page[T]:
    """``query`` has its order; ``build`` makes the value of a row's mapping."""
    counted = query.order_by(None).with_only_columns(sa.func.count(), maintain_column_froms=True)
    total = connection.execute(counted).scalar_one()
    offset = min(request.offset, _BEYOND_ANY_TABLE)
    rows = connection.execute(query.limit(max(request.size, 0)).offset(offset)).mappings()
    return Page(tuple(build(row) for row in rows), total, request)


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
