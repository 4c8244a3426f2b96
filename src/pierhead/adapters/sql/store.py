"""The store on a database: transactions that write, snapshots that only read, rows for every feature."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa

from pierhead.adapters.transactions import AfterCommit
from pierhead.kit.signals import Signal, Signals

from .access_rows import AccessRows
from .catalogue import SqlPinRows, SqlPinSetRows
from .connectors import SqlConnectorRows
from .delegate_history import SqlExperienceRows, SqlNonceRows, SqlSelectionLogRows
from .delegate_tokens import SqlDelegateGroupRows, SqlDelegateTokenRows
from .delegates import SqlDelegateRows
from .engine import exclusive, make_engines, transaction
from .errors import StoreUnavailableError
from .figures import Figures, figures_of
from .mirrors import SqlHoldingRows, SqlMirrorRunRows, SqlSightingRows
from .notices import SqlDeliveryRows, SqlNoticeRows
from .runs import SqlRunRows
from .secrets import SqlSecretRows
from .tasks import SqlTaskRows
from .upgrade import check_current, migrate
from .watches import SqlWatchRecords


class SqlTransaction(AccessRows):
    """Rows that stand in one transaction. Of use only inside the ``with`` block that gave it, on its thread."""

    def __init__(
        self, connection: sa.Connection, after_commit: AfterCommit, signals: Signals, audit_key: bytes | None
    ) -> None:
        super().__init__(connection, audit_key)
        self._after_commit = after_commit
        self._signals = signals
        self._announced: dict[Signal, None] = {}

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Calls back, in order, once the transaction is durable; never when it is rolled back."""
        self._after_commit.add(callback)

    def announce(self, signal: Signal) -> None:
        """Tells every process that shares the store, this one included, once the transaction is durable."""
        if signal not in self._announced:
            self._announced[signal] = None
            self._after_commit.add(lambda: self._signals.tell(signal))

    @property
    def announced(self) -> Collection[Signal]:
        return self._announced.keys()

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
    def pin_sets(self) -> SqlPinSetRows:
        return SqlPinSetRows(self._connection)

    @cached_property
    def tasks(self) -> SqlTaskRows:
        return SqlTaskRows(self._connection)

    @cached_property
    def runs(self) -> SqlRunRows:
        return SqlRunRows(self._connection)

    @cached_property
    def delegate_tokens(self) -> SqlDelegateTokenRows:
        return SqlDelegateTokenRows(self._connection)

    @cached_property
    def delegate_groups(self) -> SqlDelegateGroupRows:
        return SqlDelegateGroupRows(self._connection)

    @cached_property
    def delegates(self) -> SqlDelegateRows:
        return SqlDelegateRows(self._connection)

    @cached_property
    def experiences(self) -> SqlExperienceRows:
        return SqlExperienceRows(self._connection)

    @cached_property
    def selection_log(self) -> SqlSelectionLogRows:
        return SqlSelectionLogRows(self._connection)

    @cached_property
    def sightings(self) -> SqlSightingRows:
        return SqlSightingRows(self._connection)

    @cached_property
    def holdings(self) -> SqlHoldingRows:
        return SqlHoldingRows(self._connection)

    @cached_property
    def mirror_runs(self) -> SqlMirrorRunRows:
        return SqlMirrorRunRows(self._connection)

    @cached_property
    def watch_records(self) -> SqlWatchRecords:
        return SqlWatchRecords(self._connection)

    @cached_property
    def notices(self) -> SqlNoticeRows:
        return SqlNoticeRows(self._connection)

    @cached_property
    def deliveries(self) -> SqlDeliveryRows:
        return SqlDeliveryRows(self._connection)

    @cached_property
    def nonces(self) -> SqlNonceRows:
        return SqlNonceRows(self._connection)


class SqlStore:
    """Thread-safe; one for each database in a process. Brings the schema up to date when made.

    ``where`` is the path of a SQLite file (made when absent) or a database URL. ``upgrades`` off: an older schema is an
    error, for whoever only looks at a store that a server may be using. Raises DatabaseUrlError,
    StoreUnavailableError and the other errors of this package.
    """

    def __init__(self, where: str | Path, *, upgrades: bool = True) -> None:
        self._engines = make_engines(where)
        self._audit_key: bytes | None = None
        try:
            migrate(self._engines, upgrades=upgrades)
        except BaseException as error:
            self.close()
            if isinstance(error, StoreUnavailableError) and error.detail:
                raise StoreUnavailableError(error.detail) from None  # whoever starts a server may know
            raise

    @property
    def signals(self) -> Signals:
        """What transactions of this store, in any process, have announced."""
        return self._engines.channel.signals

    def use_audit_key(self, key: bytes) -> None:
        """What audit records are sealed with: 32 secret bytes. Until then nothing that is audited can be written."""
        self._audit_key = key

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        """Commits when the block ends, rolls back when it raises. After a conflict, leave the block."""
        after_commit = AfterCommit()
        with self._engines.turn, transaction(self._engines.writer) as connection:
            tx = SqlTransaction(connection, after_commit, self.signals, self._audit_key)
            yield tx
            tx.audit.seal()
            self._engines.channel.send(connection, tx.announced)
        after_commit.run()

    @contextmanager
    def snapshot(self) -> Iterator[SqlTransaction]:
        """One consistent view, for reading only; waits for no writer."""
        with transaction(self._engines.reader) as connection:
            yield SqlTransaction(connection, AfterCommit(), self.signals, None)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """The bare rows of every table in one consistent view, for a backup."""
        with transaction(self._engines.reader) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """The same for writing, for restoring one. Nothing of it is audited or announced."""
        with self._engines.turn, transaction(self._engines.writer) as connection:
            yield connection

    def figures(self) -> Figures:
        """Counts of what is in it, for whoever watches the server. Raises StoreUnavailableError."""
        with self.reading() as connection:
            return figures_of(connection)

    def check(self) -> None:
        """Whether it answers, with the schema of this code. Raises StoreUnavailableError, DatabaseTooOldError."""
        check_current(self._engines)

    def exclusive(self, name: str) -> AbstractContextManager[None]:
        """A block that runs in one process at a time, of all that share the database; it may use transactions."""
        return exclusive(self._engines.writer, name)

    def close(self) -> None:
        """Closes every connection; SQLite then folds its log into the one file."""
        self._engines.dispose()
