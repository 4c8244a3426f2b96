"""What the rows of several features ask in the same way: scopes as columns, literal search, pages."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import sqlalchemy as sa

from pierhead.control.scopes import Areas, Scope
from pierhead.kit.paging import Page, PageRequest

T = TypeVar("T")

# What SQLite takes for a pattern at most is 50,000 bytes; an escaped character of UTF-8 can be five.
_LONGEST_SEARCH = 10_000
_SEPARATOR = "\x1f"
_BEYOND_ANY_TABLE = 2**62
# SQLite takes 32,766 at most, and PostgreSQL twice that.
_MOST_PARAMETERS = 20_000


def scope_columns(scope: Scope) -> dict[str, str]:
    return {"account": scope.account, "org": scope.org or "", "project": scope.project or ""}


def scope_of(row: sa.RowMapping) -> Scope:
    return Scope(row["account"], row["org"] or None, row["project"] or None)


def in_scope(table: sa.Table, scope: Scope) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.c[name] == value for name, value in scope_columns(scope).items()))


def in_areas(table: sa.Table, areas: Areas) -> sa.ColumnElement[bool]:
    if areas is None:
        return sa.true()
    return sa.or_(sa.false(), *(_in_area(table, area.scope, area.with_children) for area in areas))


def _in_area(table: sa.Table, scope: Scope, with_children: bool) -> sa.ColumnElement[bool]:
    columns = scope_columns(scope)
    wanted = {name: value for name, value in columns.items() if value or not with_children}
    return sa.and_(*(table.c[name] == value for name, value in wanted.items()))


def entity_is(table: sa.Table, scope: Scope, identifier: str) -> sa.ColumnElement[bool]:
    return sa.and_(in_scope(table, scope), table.c.identifier == identifier)


def to_change(connection: sa.Connection, query: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    """In a transaction that writes, what ``query`` finds stays as it is until the end: another transaction that wants
    to change it, or finds it in this way, waits. So what is written may be made of what was read."""
    only_reads = connection.get_execution_options().get("postgresql_readonly", False)
    return query if only_reads else query.with_for_update()


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


def batches(values: Iterable[str]) -> Iterator[list[str]]:
    """All of them, each once and in one order (so that writers of the same rows meet in line), in as few lists as the
    databases take in one statement."""
    ordered = sorted(set(values))
    for start in range(0, len(ordered), _MOST_PARAMETERS):
        yield ordered[start : start + _MOST_PARAMETERS]


def upsert(table: sa.Table, *, if_newer: str = "") -> sa.TextClause:
    """Adds rows, or writes over those with the same primary key; with ``if_newer``, over those not newer by that
    column. One statement, in words that every one of our databases understands."""
    names = [column.name for column in table.columns]
    keys = {column.name for column in table.primary_key}
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in keys)
    condition = f' WHERE excluded."{if_newer}" >= {table.name}."{if_newer}"' if if_newer else ""
    statement = f"{_insert(table)} ON CONFLICT ({_quoted(sorted(keys))}) DO UPDATE SET {changes}{condition}"
    return _typed(table, statement)


def insert_if_absent(table: sa.Table) -> sa.TextClause:
    """Adds a row unless there is one with the same primary key."""
    return _typed(table, f"{_insert(table)} ON CONFLICT DO NOTHING")


def _insert(table: sa.Table) -> str:
    names = [column.name for column in table.columns]
    values = ", ".join(f":{name}" for name in names)
    return f"INSERT INTO {table.name} ({_quoted(names)}) VALUES ({values})"  # noqa: S608 - names of the schema only


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _typed(table: sa.Table, statement: str) -> sa.TextClause:
    return sa.text(statement).bindparams(*(sa.bindparam(c.name, type_=c.type) for c in table.columns))


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
