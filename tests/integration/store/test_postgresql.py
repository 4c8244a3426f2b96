"""How PostgreSQL is reached, what it refuses and how that comes out."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from pierhead.adapters.sql import (
    DatabaseUnfitError,
    DatabaseUrlError,
    SqlStore,
    StoreDamagedError,
    StoreUnavailableError,
    UnstorableValueError,
)
from pierhead.adapters.sql.engine import make_engines
from pierhead.adapters.transactions import StoreBusyError
from pierhead.control.access import Account
from pierhead.kit.errors import UnavailableError
from pierhead.testing.postgres import PostgresServer

NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def store(database: str) -> Iterator[SqlStore]:
    made = SqlStore(database)
    yield made
    made.close()


@pytest.fixture
def empty(postgres: PostgresServer) -> Iterator[str]:
    """The name of a database without tables, for tests that change its schema."""
    name = postgres.new_database()
    yield name
    postgres.drop_database(name)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ann:geheim@127.0.0.1:1/pier",
        "postgresql+psycopg2://ann:geheim@127.0.0.1:1/pier",
        "postgresql://ann:x@geheim/y@127.0.0.1:1/pier",
        "postgresql://ann:geheim@127.0.0.1:geheim/pier",
        "postgresql://ann:geheim@127.0.0.1:1/pier@geheim",
        "postgresql://ann:geheim@127.0.0.1:1/pier",
        "postgresql://ann:geheim@127.0.0.1:1/pier?sslmod=require",
        "postgresql://127.0.0.1:1/pier?user=ann&password=geheim",
    ],
)
def test_no_refusal_repeats_the_password(url: str) -> None:
    with pytest.raises((DatabaseUrlError, StoreUnavailableError)) as raised:
        SqlStore(url)
    for shown in (str(raised.value), repr(raised.value), raised.value.hint):
        assert "geheim" not in shown
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_a_wrong_password_is_said_to_whoever_starts_the_server(postgres: PostgresServer) -> None:
    url = postgres.url(over_tcp=True).replace(postgres.password, "geheim")
    with pytest.raises(StoreUnavailableError, match="password authentication failed") as raised:
        SqlStore(url)
    assert "geheim" not in raised.value.message
    assert "\n" not in raised.value.message


def test_a_store_and_its_engines_do_not_show_the_password(postgres: PostgresServer, empty: str) -> None:
    store = SqlStore(postgres.url(empty, over_tcp=True))
    for thing in (store, store._engines, store._engines.writer, store._engines.writer.url):
        assert postgres.password not in f"{thing!r} {thing}"
    store.close()


def test_both_names_of_the_scheme_are_taken(database: str) -> None:
    with_short = SqlStore(database.replace("postgresql://", "postgres://"))
    with with_short.snapshot() as tx:
        assert tx.accounts.list() == ()
    with_short.close()


def test_a_connection_says_who_it_is_and_has_limits(store: SqlStore) -> None:
    with store._engines.writer.begin() as connection:

        def shown(name: str) -> object:
            return connection.exec_driver_sql(f"SHOW {name}").scalar_one()

        assert shown("application_name") == "pierhead"
        assert shown("statement_timeout") == "30s"
        assert shown("lock_timeout") == "15s"
        assert shown("idle_in_transaction_session_timeout") == "2min"
        assert shown("TimeZone") == "UTC"
        assert shown("transaction_isolation") == "read committed"
    with store._engines.reader.begin() as connection:
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar_one() == "repeatable read"
        assert connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "on"
    with store._engines.writer.begin() as connection:
        assert connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "off"


def test_what_the_url_says_holds(database: str) -> None:
    store = SqlStore(f"{database}&application_name=mine&options=-c%20statement_timeout%3D100")
    with store._engines.writer.begin() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar_one() == "mine"
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "15s"
    with (
        store._engines.writer.begin() as connection,
        pytest.raises(StoreUnavailableError, match="statement timeout") as raised,
    ):
        connection.exec_driver_sql("SELECT pg_sleep(30)")
    assert raised.value.retryable
    store.close()


def test_a_snapshot_refuses_to_write(store: SqlStore) -> None:
    with store.snapshot() as tx, pytest.raises(StoreUnavailableError, match="read-only"):
        tx.accounts.add(Account("a", "A", NOW))


def test_texts_sort_by_code_point_wherever_the_database_was_made(store: SqlStore) -> None:
    names = ["a", "B", "_", "ä", "Z", "10", "9"]
    with store.transaction() as tx:
        for name in names:
            tx.accounts.add(Account(name, name, NOW))
    with store._engines.reader.begin() as connection:
        assert connection.exec_driver_sql("SELECT 'a' < 'B'").scalar_one(), "the test wants a database that sorts words"
    with store.snapshot() as tx:
        assert [account.id for account in tx.accounts.list()] == sorted(names)


@pytest.mark.parametrize("text", ["half a pair \ud800", "\x00"])
def test_text_that_cannot_be_stored_is_bad_input(store: SqlStore, text: str) -> None:
    with store.transaction() as tx, pytest.raises(UnstorableValueError) as raised:
        tx.accounts.add(Account("a", text, NOW))
    assert "\n" not in raised.value.message


def test_a_defect_shows_the_statement_and_not_the_values(store: SqlStore) -> None:
    with store._engines.writer.begin() as connection, pytest.raises(sa.exc.ProgrammingError) as raised:
        connection.execute(sa.text("SELECT nothing FROM nowhere WHERE x = :secret"), {"secret": "geheim"})
    assert "geheim" not in str(raised.value)


def test_a_database_of_somebody_else_is_refused_and_left_alone(postgres: PostgresServer, empty: str) -> None:
    postgres.execute("CREATE TABLE photographs (id INTEGER)", empty)
    with pytest.raises(StoreDamagedError, match="photographs"):
        SqlStore(postgres.url(empty))
    assert postgres.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", empty) == [("photographs",)]


def test_a_database_that_cannot_hold_every_text_is_refused(postgres: PostgresServer) -> None:
    postgres.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER 'libc' TEMPLATE template0")
    with pytest.raises(DatabaseUnfitError, match="LATIN1") as raised:
        SqlStore(postgres.url("latin"))
    postgres.drop_database("latin")
    assert "UTF8" in raised.value.hint


def test_a_user_who_may_not_make_tables_is_told_so(postgres: PostgresServer, empty: str) -> None:
    postgres.execute("CREATE ROLE guest LOGIN")
    try:
        with pytest.raises(StoreUnavailableError, match="permission denied for schema"):
            SqlStore(postgres.url(empty).replace("//pierhead@", "//guest@"))
    finally:
        postgres.execute("DROP ROLE guest")


def test_a_connection_that_ended_while_nobody_used_it_is_replaced_unseen(
    store: SqlStore, postgres: PostgresServer
) -> None:
    with store.transaction() as tx, store.snapshot():
        tx.accounts.add(Account("a", "A", NOW))
    _end_sessions(postgres)
    for _ in range(3):
        with store.transaction() as tx:
            assert tx.accounts.find("a") is not None


def test_a_connection_that_ends_under_a_transaction_is_unavailable_and_writes_nothing(
    store: SqlStore, postgres: PostgresServer
) -> None:
    def write() -> None:
        with store.transaction() as tx:
            tx.accounts.add(Account("a", "A", NOW))
            _end_sessions(postgres)

    with pytest.raises(UnavailableError):
        write()
    with store.snapshot() as tx:
        assert tx.accounts.list() == ()


def test_outsiders_do_not_learn_where_the_database_is(postgres: PostgresServer, empty: str) -> None:
    store = SqlStore(postgres.url(empty, over_tcp=True))
    postgres.drop_database(empty)
    with pytest.raises(StoreUnavailableError) as raised, store.transaction():
        pass
    assert "127.0.0.1" not in raised.value.message
    assert empty not in raised.value.message
    assert empty in raised.value.detail
    store.close()


def test_a_store_whose_connections_are_all_in_use_says_so(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from pierhead.adapters.sql import postgresql

    for name, value in {"_POOL": 1, "_POOL_MORE": 0, "_POOL_TIMEOUT_S": 0.05}.items():
        monkeypatch.setattr(postgresql, name, value)
    store = SqlStore(database)
    with store.snapshot(), pytest.raises(StoreBusyError) as raised, store.snapshot():
        pass
    assert raised.value.retryable
    store.close()


def test_writers_of_one_row_wait_for_each_other_and_deadlocks_come_out_as_unavailable(store: SqlStore) -> None:
    with store.transaction() as tx:
        for name in ("a", "b"):
            tx.accounts.add(Account(name, "0", NOW))
    meet = threading.Barrier(2)
    outcomes: list[str] = []

    def swap(first: str, second: str) -> None:
        change = sa.text("UPDATE accounts SET name = :id WHERE id = :id")
        try:
            with store._engines.writer.begin() as connection:
                connection.execute(change, {"id": first})
                meet.wait(10)
                connection.execute(change, {"id": second})
        except StoreUnavailableError as error:
            outcomes.append(error.reason)
        else:
            outcomes.append("done")

    threads = [threading.Thread(target=swap, args=order) for order in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["deadlock detected", "done"]


@pytest.mark.parametrize("program", ["import pierhead.cli.main", "import pierhead.adapters.sql"])
def test_the_driver_is_not_loaded_before_a_url_names_it(program: str) -> None:
    ask = "import sys; print({'psycopg', 'sqlalchemy.dialects.postgresql'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", f"{program}; {ask}"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_closing_ends_every_connection(new_database: Callable[[], str], postgres: PostgresServer) -> None:
    url = new_database()
    store = SqlStore(f"{url}&application_name=closing")
    with store.transaction(), store.snapshot():
        pass
    store.close()
    engines = make_engines(url)
    with engines.reader.begin() as connection:
        count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'closing'"
        assert connection.exec_driver_sql(count).scalar_one() == 0
    engines.dispose()


def _end_sessions(postgres: PostgresServer) -> None:
    postgres.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'pierhead'")
