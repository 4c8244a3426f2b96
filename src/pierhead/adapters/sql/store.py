"""The store on a database: transactions that write, snapshots that only read, rows for every feature."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa

from pierhead.adapters.transactions import AfterCommit

from .access import SqlAccountRows, SqlKeyRows
from .catalogue import SqlPinRows
from .connectors import SqlConnectorRows
from .engine import make_engines
from .runs import SqlRunRows
from .secrets import SqlSecretRows
from .tasks import SqlTaskRows
from .upgrade import migrate


class SqlTransaction:
    """Rows that stand in one transaction. Of use only inside the ``with`` block that gave it, on its thread."""

    def __init__(self, connection: sa.Connection, after_commit: AfterCommit) -> None:
        self._connection = connection
        self._after_commit = after_commit

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Calls back, in order, once the transaction is durable; never when it is rolled back."""
        self._after_commit.add(callback)

    @cached_property
    def accounts(self) -> SqlAccountRows:
        return SqlAccountRows(self._connection)

    @cached_property
    def keys(self) -> SqlKeyRows:
        return SqlKeyRows(self._connection)

    @cached_property
    def secrets(self) -> SqlSecretRows:
        return SqlSecretRows(self._connection)

    @cached_property
    def connectors(self) -> SqlConnectorRows:
        return SqlConnectorRows(self._connection)

    @cached_property
    def pins(self) -> SqlPinRows:
        return SqlPinRows(self._connection)

    @cached_property
    def tasks(self) -> SqlTaskRows:
        return SqlTaskRows(self._connection)

    @cached_property
    def runs(self) -> SqlRunRows:
        return SqlRunRows(self._connection)


class SqlStore:
    """Thread-safe; one for each database in a process. Brings the schema up to date when made.

    ``where`` is the path of a SQLite file (made when absent) or a database URL.
    """

    def __init__(self, where: str | Path) -> None:
        self._engines = make_engines(where)
        try:
            migrate(self._engines)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        """Commits when the block ends, rolls back when it raises. After a conflict, leave the block."""
        after_commit = AfterCommit()
        with self._engines.turn, self._engines.writer.begin() as connection:
            yield SqlTransaction(connection, after_commit)
        after_commit.run()

    @contextmanager
    def snapshot(self) -> Iterator[SqlTransaction]:
        """One consistent view, for reading only; waits for no writer."""
        with self._engines.reader.begin() as connection:
            yield SqlTransaction(connection, AfterCommit())

    def close(self) -> None:
        """Closes every connection; SQLite then folds its log into the one file."""
        self._engines.dispose()
