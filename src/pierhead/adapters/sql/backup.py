"""All rows of a store as plain values, and back into an empty one; on either database, so a backup is also the way from
SQLite to PostgreSQL.

What is good for one life of the programs only is left out: sessions, counted logins, nonces. Secrets stay sealed, as
they are in the rows.
"""

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from pierhead.kit.errors import ConflictError, IntegrityError

from .schema import HEAD, metadata
from .store import SqlStore
from .types import UtcDateTime

LEFT_OUT = frozenset({"sessions", "login_failures", "nonces"})
_BATCH = 500
Row = dict[str, Any]


class StoreNotEmptyError(ConflictError):
    code = "store-not-empty"

    def __init__(self) -> None:
        super().__init__(
            "there is data in the place that the backup shall be restored to",
            hint="restore into a new data directory or an empty database; nothing is ever overwritten",
        )


class BackupRowError(IntegrityError):
    """A row is not what this version writes."""

    code = "backup-row"

    def __init__(self, table: str) -> None:
        super().__init__(f"the backup holds a row for {table[:100]!r} that this version does not understand")


def schema_of_backups() -> str:
    """The revision of the schema that rows are written and read for."""
    return HEAD


def read_rows(store: SqlStore) -> Iterator[tuple[str, Row]]:
    """Every row with the name of its table, as of one moment, parents before children; JSON can hold the values."""
    with store.reading() as connection:
        for table in _tables():
            query = sa.select(table).order_by(*table.primary_key.columns)
            for row in connection.execution_options(yield_per=_BATCH).execute(query).mappings():
                yield table.name, {column.name: _written(row[column.name]) for column in table.columns}


def write_rows(connection: sa.Connection, rows: Iterator[tuple[str, Row]]) -> int:
    """Adds rows as ``read_rows`` gave them, and says how many. Raises BackupRowError, StoreNotEmptyError."""
    tables = {table.name: table for table in _tables()}
    if connection.execute(sa.select(sa.func.count()).select_from(tables["accounts"])).scalar_one():
        raise StoreNotEmptyError
    count = 0
    for name, of_table in groupby(rows, key=lambda row: row[0]):
        if name not in tables:
            raise BackupRowError(name)
        for batch in _batches(_values(tables[name], row) for _, row in of_table):
            connection.execute(tables[name].insert(), batch)
            count += len(batch)
    _continue_sequences(connection, tables.values())
    return count


def _tables() -> list[sa.Table]:
    return [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]


def _written(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, datetime) else value


def _values(table: sa.Table, row: Mapping[str, Any]) -> Row:
    if set(row) != {column.name for column in table.columns}:
        raise BackupRowError(table.name)
    try:
        return {column.name: _read(column, row[column.name]) for column in table.columns}
    except (ValueError, TypeError):
        raise BackupRowError(table.name) from None


def _read(column: sa.Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, sa.LargeBinary):
        return base64.b64decode(value, validate=True)
    return datetime.fromisoformat(value).astimezone(UTC) if isinstance(column.type, UtcDateTime) else value


def _batches(values: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for value in values:
        batch.append(value)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _continue_sequences(connection: sa.Connection, tables: Any) -> None:
    """PostgreSQL counts on from where it was, which is the beginning; SQLite looks at the rows."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        if table.autoincrement_column is not None and table.autoincrement_column.name == "sequence":
            highest = connection.execute(sa.select(sa.func.max(table.c.sequence))).scalar_one_or_none()
            if highest is not None:
                named = sa.func.pg_get_serial_sequence(table.name, "sequence")
                connection.execute(sa.select(sa.func.setval(named, highest)))
