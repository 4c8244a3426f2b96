"""Everything that is PostgreSQL's own: how it is reached, what a connection may cost, and its locks by name.

Nothing here is imported before a PostgreSQL database is named. Transactions are READ COMMITTED: each change is one
statement that says what it acts under, so none has to be tried again; snapshots are REPEATABLE READ and read only.
"""

import hashlib
import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import make_conninfo
from sqlalchemy import event

from .errors import DatabaseUnfitError, DatabaseUrlError, said, translate_errors

_POOL = 10
_POOL_MORE = 15  # a thread may look at a snapshot while it writes, and must not wait for itself
_POOL_TIMEOUT_S = 10.0
_OLDEST = 130000
_STATEMENT_TIMEOUT_MS = 30_000
_LOCK_TIMEOUT_MS = 15_000
_IDLE_IN_TRANSACTION_TIMEOUT_MS = 120_000
_ALONE_TIMEOUT_MS = 120_000

# Whatever of these the URL says itself holds instead.
_DEFAULTS: Mapping[str, str] = {
    "application_name": "pierhead",
    "connect_timeout": "5",
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_OPTIONS = " ".join(
    (
        f"-c statement_timeout={_STATEMENT_TIMEOUT_MS}",
        f"-c lock_timeout={_LOCK_TIMEOUT_MS}",
        f"-c idle_in_transaction_session_timeout={_IDLE_IN_TRANSACTION_TIMEOUT_MS}",
        "-c TimeZone=UTC",
    )
)


def complete(url: sa.URL) -> sa.URL:
    """``url`` for this driver, with limits for everything that it leaves open. Raises DatabaseUrlError."""
    given = dict(url.query)
    try:
        make_conninfo(**dict.fromkeys(given, ""))
    except psycopg.ProgrammingError as error:
        raise DatabaseUrlError(said(error)) from None
    options = " ".join((_OPTIONS, *(_texts(given.pop("options", ())))))  # of two the last one holds
    return url.set(drivername="postgresql+psycopg", query={**_DEFAULTS, **given, "options": options})


def make_engine(url: sa.URL) -> sa.Engine:
    """An engine for writing transactions. ``url`` comes from ``complete``."""
    engine = sa.create_engine(
        url,
        isolation_level="READ COMMITTED",
        use_native_hstore=False,
        pool_size=_POOL,
        max_overflow=_POOL_MORE,
        pool_timeout=_POOL_TIMEOUT_S,
        pool_use_lifo=True,
        hide_parameters=True,
    )
    translate_errors(engine)
    event.listen(engine, "connect", _check_server)
    event.listen(engine, "checkout", _check_alive)
    return engine


def for_reading(engine: sa.Engine) -> sa.Engine:
    """The same connections, for snapshots."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def connect(engine: sa.Engine) -> "psycopg.Connection[tuple[Any, ...]]":
    """A connection of one's own, outside the pool and outside transactions, without a limit for statements."""
    arguments, options = engine.dialect.create_connect_args(engine.url)
    return psycopg.connect(*arguments, **options, autocommit=True)


@contextmanager
def schema_change(connection: sa.Connection) -> Iterator[None]:
    """A transaction that waits for those of other servers, and may take its time."""
    with connection.begin():
        take_turn(connection, "schema")
        yield


@contextmanager
def exclusive(engine: sa.Engine, name: str) -> Iterator[None]:
    """Holds a lock by ``name`` on a connection of its own, whose transaction does nothing else."""
    with engine.connect() as connection, connection.begin():
        take_turn(connection, name)
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield


def take_turn(connection: sa.Connection, name: str) -> None:
    """One transaction of that name at a time, in the whole database, until this one ends."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_ALONE_TIMEOUT_MS}")
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.cast(_number_of(name), sa.BigInteger))))


def _number_of(name: str) -> int:
    digest = hashlib.sha256(b"pierhead lock\n" + name.encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def _check_server(connection: "psycopg.Connection[tuple[Any, ...]]", _record: object) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise DatabaseUnfitError(f"has the encoding {encoding}, which does not hold every text", "ENCODING 'UTF8'")
    if connection.info.server_version < _OLDEST:
        raise DatabaseUnfitError("runs on a PostgreSQL older than 13", "a newer PostgreSQL")


def _check_alive(connection: "psycopg.Connection[tuple[Any, ...]]", _record: object, _proxy: object) -> None:
    """Asks the kernel, not the server: a connection at rest has nothing to read but that it has ended."""
    if connection.closed or _is_readable(connection.fileno()):
        raise sa.exc.InvalidatePoolError


def _is_readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _texts(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
