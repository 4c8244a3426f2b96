"""From a path or URL to engines: the one place that knows which databases there are.

PostgreSQL needs no turns between writers and no rules of its own for a change of the schema.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from pierhead.adapters.transactions import WritersTurn

from . import sqlite
from .errors import translate_errors


@dataclass(frozen=True, slots=True)
class Engines:
    """``writer`` for transactions that write, one at a time if ``turn`` says so; ``reader`` for snapshots."""

    writer: sa.Engine
    reader: sa.Engine
    turn: AbstractContextManager[None]

    def dispose(self) -> None:
        self.reader.dispose()
        self.writer.dispose()


def make_engines(where: str | Path) -> Engines:
    """``where`` is the path of a SQLite file, or a database URL."""
    url = sa.make_url(where) if isinstance(where, str) and "://" in where else None
    if url is None:
        return _sqlite(Path(where))
    if url.get_backend_name() == "sqlite":
        return _sqlite(Path(url.database or ""))
    return _server(url)


def schema_change(connection: sa.Connection) -> AbstractContextManager[object]:
    """A transaction that may change the schema, all of it or nothing."""
    if connection.dialect.name == "sqlite":
        return sqlite.schema_change(connection)
    return connection.begin()


def _sqlite(path: Path) -> Engines:
    writer = sqlite.make_engine(path, writes=True)
    return Engines(writer, sqlite.make_engine(path, writes=False), WritersTurn())


def _server(url: sa.URL) -> Engines:
    writer = sa.create_engine(url, pool_pre_ping=True)
    translate_errors(writer)
    reader = writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Engines(writer, reader, nullcontext())
