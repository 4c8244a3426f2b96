"""The schema of a PostgreSQL database: new, old, newer, and with several servers that start at once."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic import command

from pierhead.adapters.sql import DatabaseTooNewError, SqlStore
from pierhead.adapters.sql.engine import Engines, make_engines, schema_change
from pierhead.adapters.sql.migrations import configuration
from pierhead.adapters.sql.schema import HEAD
from pierhead.adapters.sql.upgrade import migrate, revision_of
from pierhead.testing.postgres import PostgresServer

SERVERS = 4

# Forks the servers, which spares each the imports, and lets all of them go at the same moment.
STARTER = """
import os, sys
from alembic import command
from pierhead.adapters.sql import SqlStore

gate, key = os.pipe()
servers = []
for _ in range(int(sys.argv[2])):
    server = os.fork()
    if server == 0:
        os.close(key)
        os.read(gate, 1)
        SqlStore(sys.argv[1]).close()
        os._exit(0)
    servers.append(server)
os.close(key)
print([os.waitstatus_to_exitcode(os.waitpid(server, 0)[1]) for server in servers])
"""


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database."""
    name = postgres.new_database()
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def engines(url: str) -> Iterator[Engines]:
    made = make_engines(url)
    yield made
    made.dispose()


def _upgrade_by_scripts(engines: Engines, revision: str) -> None:
    with engines.writer.connect() as connection, schema_change(connection):
        command.upgrade(configuration(connection), revision)


def _schema(engines: Engines) -> dict[str, object]:
    """Everything but the order of columns and of sorting."""
    with engines.reader.begin() as connection:
        seen = sa.inspect(connection)
        return {
            table: (
                sorted((c["name"], _kind(c["type"]), c["nullable"]) for c in seen.get_columns(table)),
                seen.get_pk_constraint(table),
                sorted(map(repr, seen.get_foreign_keys(table))),
                sorted(map(repr, seen.get_indexes(table))),
                sorted(map(repr, seen.get_unique_constraints(table))),
            )
            for table in seen.get_table_names()
        }


def _kind(kind: sa.types.TypeEngine[object]) -> str:
    return str(kind).partition(" COLLATE ")[0]


def test_a_fresh_database_is_the_same_as_one_made_by_the_scripts(engines: Engines, postgres: PostgresServer) -> None:
    migrate(engines)
    name = postgres.new_database()
    by_scripts = make_engines(postgres.url(name))
    _upgrade_by_scripts(by_scripts, "head")
    assert _schema(engines) == _schema(by_scripts)
    by_scripts.dispose()
    postgres.drop_database(name)


def test_the_scripts_can_be_undone(engines: Engines) -> None:
    _upgrade_by_scripts(engines, "head")
    with engines.writer.connect() as connection, schema_change(connection):
        command.downgrade(configuration(connection), "base")
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]


@pytest.mark.parametrize("before", ["empty", "0001"])
def test_servers_that_start_at_once_all_succeed(url: str, engines: Engines, before: str) -> None:
    if before != "empty":
        _upgrade_by_scripts(engines, before)
    program = [sys.executable, "-c", STARTER, url, str(SERVERS)]
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == (f"{[0] * SERVERS}\n", "")
    with engines.reader.begin() as connection:
        assert revision_of(connection) == HEAD


def test_a_newer_database_is_refused_and_left_alone(url: str, engines: Engines) -> None:
    SqlStore(url).close()
    with engines.writer.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    before = _schema(engines)
    with pytest.raises(DatabaseTooNewError, match="9999"):
        SqlStore(url)
    assert _schema(engines) == before


def test_a_change_of_schema_that_fails_leaves_the_old_one_whole(engines: Engines) -> None:
    migrate(engines)
    before = _schema(engines)

    def fail_half_way() -> None:
        with engines.writer.connect() as connection, schema_change(connection):
            connection.exec_driver_sql("DROP TABLE pins")
            connection.exec_driver_sql("CREATE TABLE pins (half TEXT)")
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    assert _schema(engines) == before
