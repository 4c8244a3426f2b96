"""How SQLite is opened, what it refuses and how that comes out, and that threads do not get in each other's way."""

import random
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from pierhead.adapters.sql import SqlStore, StoreDamagedError, StoreUnavailableError, UnstorableValueError
from pierhead.adapters.sql.engine import make_engines
from pierhead.adapters.sql.errors import RowExistsError, translate
from pierhead.control.access import Account
from pierhead.control.scopes import Scope
from pierhead.control.tasks import TaskQueue, TaskState
from pierhead.kit.clock import SystemClock
from pierhead.kit.errors import ConflictError, IntegrityError, InvalidInputError, UnavailableError
from pierhead.kit.paging import PageRequest

NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqlStore]:
    made = SqlStore(path)
    yield made
    made.close()


def test_a_commit_is_synced_and_foreign_keys_are_checked(store: SqlStore) -> None:
    with store._engines.writer.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_snapshot_refuses_to_write(store: SqlStore) -> None:
    with store.snapshot() as tx, pytest.raises(StoreUnavailableError, match="readonly"):
        tx.accounts.add(Account("a", "A", NOW))


def test_a_url_opens_the_same_database_as_a_path(store: SqlStore, path: Path) -> None:
    with store.transaction() as tx:
        tx.accounts.add(Account("a", "A", NOW))
    again = SqlStore(f"sqlite:///{path}")
    with again.snapshot() as tx:
        assert tx.accounts.find("a") == Account("a", "A", NOW)
    again.close()


def test_closing_folds_the_log_into_the_one_file(store: SqlStore, path: Path) -> None:
    with store.transaction() as tx:
        tx.accounts.add(Account("a", "A", NOW))
    store.close()
    assert [file.name for file in path.parent.iterdir()] == ["store.db"]


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    content = b"my diary, not a database\n" * 400
    path.write_bytes(content)
    with pytest.raises(StoreDamagedError) as raised:
        SqlStore(path)
    assert isinstance(raised.value, IntegrityError)
    assert path.read_bytes() == content


def test_a_database_of_somebody_else_is_refused_and_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE photographs (id INTEGER)")
    other.close()
    with pytest.raises(StoreDamagedError, match="photographs"):
        SqlStore(path)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("photographs",)]
    other.close()


def test_a_place_where_no_database_can_be_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="unable to open") as raised:
        SqlStore(tmp_path / "missing" / "store.db")
    assert isinstance(raised.value, UnavailableError)


def test_a_full_disk_is_said_and_what_was_committed_stays(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.accounts.add(Account("kept", "A", NOW))
    with store._engines.writer.begin() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        with store.transaction() as tx:
            for number in range(2000):
                tx.accounts.add(Account(f"{number}", "x" * 500, NOW))

    with pytest.raises(StoreUnavailableError, match="full"):
        fill()
    with store.snapshot() as tx:
        assert [account.id for account in tx.accounts.list()] == ["kept"]


@pytest.mark.parametrize("text", ["half a pair \ud800", "\udfff"])
def test_text_that_is_no_unicode_is_bad_input(store: SqlStore, text: str) -> None:
    with store.transaction() as tx, pytest.raises(UnstorableValueError) as raised:
        tx.accounts.add(Account(text, "A", NOW))
    assert isinstance(raised.value, InvalidInputError)
    with store.snapshot() as tx, pytest.raises(UnstorableValueError):
        tx.secrets.find(Scope("a"), text)


def test_a_naive_time_is_a_defect_not_a_guess(store: SqlStore) -> None:
    with store.transaction() as tx, pytest.raises(sa.exc.StatementError, match="naive"):
        tx.accounts.add(Account("a", "A", datetime(2026, 1, 5)))  # noqa: DTZ001


def test_a_wrong_statement_stays_a_defect(store: SqlStore) -> None:
    with store._engines.writer.begin() as connection, pytest.raises(sa.exc.OperationalError):
        connection.exec_driver_sql("SELECT nothing FROM nowhere")


def test_another_program_that_keeps_the_database_is_waited_for(store: SqlStore, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.2, lambda: other.execute("COMMIT")).start()
    with store.transaction() as tx:
        tx.accounts.add(Account("a", "A", NOW))
    other.close()


def test_what_a_transaction_has_read_no_other_program_changes_before_it_writes(store: SqlStore, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None, timeout=0)
    with store.transaction() as tx:
        assert tx.accounts.find("a") is None
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        tx.accounts.add(Account("a", "A", NOW))
    other.close()


class _Driver(Exception):
    """What a PostgreSQL driver raises, as far as it is looked at."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("the driver's own words")
        self.sqlstate = sqlstate


class OperationalError(_Driver):
    pass


@pytest.mark.parametrize(
    ("error", "category"),
    [
        (_Driver("23505"), ConflictError),
        (_Driver("08006"), UnavailableError),
        (_Driver("40001"), UnavailableError),
        (_Driver("53100"), UnavailableError),
        (_Driver("57P01"), UnavailableError),
        (_Driver("25006"), UnavailableError),
        (OperationalError(None), UnavailableError),
        (type("DataError", (Exception,), {})("NUL"), InvalidInputError),
        (OverflowError("too large"), InvalidInputError),
        (_Driver("42P01"), type(None)),
        (_Driver("23503"), type(None)),
        (_Driver(None), type(None)),
        (KeyError("defect"), type(None)),
        (sqlite3.ProgrammingError("defect"), type(None)),
    ],
)
def test_a_server_database_s_errors_come_out_as_ours(error: Exception, category: type) -> None:
    assert isinstance(translate(error), category)
    assert isinstance(RowExistsError(), ConflictError)


def test_sixteen_threads_of_mixed_work_never_see_a_locked_database(store: SqlStore, seed: int) -> None:
    """Bounded by the number of operations, not by time."""
    queue = TaskQueue(store, SystemClock(), lease_s=3600)
    failures: list[BaseException] = []
    writes: list[float] = []

    def work(number: int) -> None:
        rng = random.Random(seed + number)
        try:
            for _ in range(150):
                started = time.perf_counter()
                if _one_step(store, queue, rng, f"worker {number}"):
                    writes.append(time.perf_counter() - started)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    writes.sort()
    p50, p99 = (writes[int(len(writes) * share)] * 1000 for share in (0.5, 0.99))
    print(f"{len(writes)} writes, p50 {p50:.1f} ms, p99 {p99:.1f} ms")  # noqa: T201 - told, not judged
    assert failures == []
    with store.snapshot() as tx:
        done = tx.tasks.page("acct", {TaskState.SUCCEEDED}, PageRequest(0, 5000))
    assert all(task.fence == 1 for task in done.items)


def _one_step(store: SqlStore, queue: TaskQueue, rng: random.Random, owner: str) -> bool:
    """One of the things a server does all day; True when it wrote."""
    match rng.randrange(4):
        case 0:
            with store.transaction() as tx:
                queue.enqueue(tx, "acct", "pull", {"text": "x" * rng.randrange(2000)})
        case 1:
            lease = queue.lease(owner, ["pull"])
            if lease is not None:
                with store.transaction() as tx:
                    queue.finish(tx, lease, TaskState.SUCCEEDED)
        case 2:
            queue.sweep()
        case _:
            with store.snapshot() as tx:
                tx.tasks.page("acct", (), PageRequest(rng.randrange(3), 50))
            return False
    return True


def test_statements_for_the_queue_lock_rows_where_rows_can_be_locked() -> None:
    from sqlalchemy.dialects import postgresql

    from pierhead.adapters.sql import task_statements

    lease = str(task_statements.lease.compile(dialect=postgresql.dialect()))
    assert "FOR UPDATE SKIP LOCKED" in lease
    assert "RETURNING" in lease
    assert "FOR UPDATE" in str(task_statements.holds.compile(dialect=postgresql.dialect()))


def test_leasing_looks_only_at_open_tasks(path: Path) -> None:
    SqlStore(path).close()
    engines = make_engines(path)
    from sqlalchemy.dialects import sqlite

    from pierhead.adapters.sql import task_statements

    text = re.sub(r"\(__\[POSTCOMPILE_\w+\]\)", "(?)", str(task_statements.lease.compile(dialect=sqlite.dialect())))
    with engines.writer.begin() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (None,) * text.count("?")).fetchall()
    engines.dispose()
    assert "ix_tasks_open" in str(plan)
