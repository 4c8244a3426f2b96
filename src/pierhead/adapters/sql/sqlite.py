"""Everything that is SQLite's own: how it is opened, how writers take turns, how its schema is changed safely.

Write-ahead log, every commit synced to disk, foreign keys on. SQLite lets one writer in at a time; ours queue for
that in the process (``transactions``), because SQLite's own waiting is by sleeping and trying again.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event

from .errors import StoreDamagedError, StoreUnavailableError, translate_errors

_BUSY_TIMEOUT_S = 10.0


def make_engine(path: Path, *, writes: bool) -> sa.Engine:
    """An engine whose transactions are all writing ones, or all reading ones."""
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"isolation_level": None, "timeout": _BUSY_TIMEOUT_S, "check_same_thread": False},
        pool_size=1 if writes else 8,
        max_overflow=0 if writes else -1,  # the callers' threads are bounded already
    )
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
    translate_errors(engine)
    event.listen(engine, "connect", _prepare_writer if writes else _prepare_reader)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _prepare_writer(connection: sqlite3.Connection, _record: object) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreUnavailableError(f"its file system allows journal mode {mode} only")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _prepare_reader(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")


@contextmanager
def schema_change(connection: sa.Connection) -> Iterator[None]:
    """A transaction in which tables may be rebuilt.

    With foreign keys on, dropping the old copy of a table would delete the rows that refer to it; they cannot be
    switched off within a transaction, and are checked as a whole before it commits.
    """
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            yield
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise StoreDamagedError("the migration would leave rows that refer to nothing")
    finally:
        driver.execute("PRAGMA foreign_keys = ON")
