"""From a path or URL to engines: the one place that knows which databases there are.

PostgreSQL needs no turns between writers, and is imported only when a URL names it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from pierhead.adapters.transactions import OnePerThread, StoreBusyError, WritersTurn

from . import sqlite
from .channel import Channel, LocalChannel
from .errors import DatabaseUrlError

_POSTGRESQL = frozenset({"postgresql", "postgres", "postgresql+psycopg"})


@dataclass(frozen=True, slots=True)
class Engines:
    """``writer`` for transactions that write, one at a time if ``turn`` says so; ``reader`` for snapshots."""

    writer: sa.Engine
    reader: sa.Engine
    turn: AbstractContextManager[None]
    channel: Channel

    def dispose(self) -> None:
        self.channel.close()
        self.reader.dispose()
        self.writer.dispose()


def make_engines(where: str | Path) -> Engines:
    """``where`` is the path of a SQLite file, or a database URL. Raises DatabaseUrlError."""
    url = _url(where) if isinstance(where, str) and "://" in where else None
    if url is None:
        return _sqlite(Path(where))
    if url.drivername == "sqlite":
        return _sqlite(Path(url.database or ""))
    if url.drivername in _POSTGRESQL:
        return _postgresql(url)
    raise DatabaseUrlError(f"it is for {url.drivername!r}")


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Commits when the block ends, rolls back when it raises. Raises StoreBusyError when no connection gets free."""
    try:
        connection = engine.connect()
    except sa.exc.TimeoutError:
        raise StoreBusyError(engine.pool.timeout()) from None  # type: ignore[attr-defined]
    with connection, connection.begin():
        yield connection


def schema_change(connection: sa.Connection) -> AbstractContextManager[None]:
    """A transaction that may change the schema, all of it or nothing."""
    if connection.dialect.name == "sqlite":
        return sqlite.schema_change(connection)
    from . import postgresql

    return postgresql.schema_change(connection)


def exclusive(engine: sa.Engine, name: str) -> AbstractContextManager[None]:
    """One block of that name at a time, of all servers that share the database. A SQLite file has one server."""
    if engine.dialect.name == "sqlite":
        return nullcontext()
    from . import postgresql

    return postgresql.exclusive(engine, name)


def _url(text: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):  # what they say may repeat a part of the password
        raise DatabaseUrlError("it cannot be read; special characters in a password are written as %..") from None
    if "@" in f"{url.host}{url.database}":  # the rest of a password, and would be taken for something to be shown
        raise DatabaseUrlError("it has an @ too many; in a password it is written as %40")
    return url


def _sqlite(path: Path) -> Engines:
    writer = sqlite.make_engine(path, writes=True)
    return Engines(writer, sqlite.make_engine(path, writes=False), WritersTurn(), LocalChannel())


def _postgresql(url: sa.URL) -> Engines:
    from . import postgresql
    from .listen import NotifyChannel

    writer = postgresql.make_engine(postgresql.complete(url))
    channel = NotifyChannel(lambda: postgresql.connect(writer))
    return Engines(writer, postgresql.for_reading(writer), OnePerThread(), channel)
