"""The schema of an old, a new, a newer and a half-upgraded database."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from pierhead.adapters.sql import DatabaseTooNewError, SqlStore, StoreDamagedError
from pierhead.adapters.sql.engine import Engines, make_engines, schema_change
from pierhead.adapters.sql.migrations import configuration
from pierhead.adapters.sql.schema import HEAD
from pierhead.adapters.sql.upgrade import migrate, revision_of
from pierhead.kit.errors import UnsupportedError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def engines(path: Path) -> Iterator[Engines]:
    made = make_engines(path)
    yield made
    made.dispose()


def _schema(engines: Engines) -> list[tuple[str, ...]]:
    with engines.reader.begin() as connection:
        rows = connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    # Alembic and metadata.create_all differ in white space, in the order of columns and constraints, and a table that
    # was rebuilt has its name in quotes; nothing else may differ.
    return sorted((kind, name, table, " ".join(sorted(_words(sql or "")))) for kind, name, table, sql in rows)


def _words(sql: str) -> list[str]:
    return sql.replace('"', "").replace(",", " ").replace("(", " ( ").replace(")", " ) ").split()


def _upgrade_by_scripts(engines: Engines, revision: str = "head") -> None:
    with engines.writer.connect() as connection, schema_change(connection):
        command.upgrade(configuration(connection), revision)


def test_the_constant_names_the_newest_script() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        assert ScriptDirectory.from_config(configuration(connection)).get_heads() == [HEAD]


def test_the_scripts_make_the_tables_that_the_code_describes(engines: Engines) -> None:
    _upgrade_by_scripts(engines)
    with engines.writer.begin() as connection:
        command.check(configuration(connection))


def test_a_fresh_database_is_the_same_as_one_made_by_the_scripts(engines: Engines, tmp_path: Path) -> None:
    migrate(engines)
    by_scripts = make_engines(tmp_path / "scripts.db")
    _upgrade_by_scripts(by_scripts)
    assert _schema(engines) == _schema(by_scripts)
    by_scripts.dispose()


def test_the_scripts_can_be_undone(engines: Engines) -> None:
    _upgrade_by_scripts(engines)
    with engines.writer.connect() as connection, schema_change(connection):
        command.downgrade(configuration(connection), "base")
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]


def test_migrating_again_changes_nothing(path: Path, engines: Engines) -> None:
    SqlStore(path).close()
    before = _schema(engines)
    migrate(engines)
    assert _schema(engines) == before
    with engines.reader.begin() as connection:
        assert revision_of(connection) == HEAD


def test_a_newer_database_is_refused_in_one_line_and_left_alone(path: Path, engines: Engines) -> None:
    SqlStore(path).close()
    with engines.writer.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    before = _schema(engines)
    with pytest.raises(DatabaseTooNewError) as raised:
        SqlStore(path)
    assert isinstance(raised.value, UnsupportedError)
    assert "9999" in raised.value.message
    assert "\n" not in raised.value.message
    assert _schema(engines) == before


def test_a_start_imports_neither_alembic_nor_another_database(path: Path) -> None:
    program = (
        "import sys; from pierhead.adapters.sql import SqlStore; "
        f"SqlStore({str(path)!r}).close(); SqlStore({str(path)!r}).close(); "
        "print({'alembic', 'sqlalchemy.dialects.postgresql'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_change_of_schema_that_fails_leaves_the_old_one_whole(engines: Engines) -> None:
    migrate(engines)
    before = _schema(engines)

    def fail_half_way() -> None:
        with engines.writer.connect() as connection, schema_change(connection):
            connection.exec_driver_sql("DROP TABLE pins")
            connection.exec_driver_sql("CREATE TABLE pins (half TEXT)")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert _schema(engines) == before


def test_rebuilding_a_table_keeps_the_rows_that_refer_to_it(engines: Engines) -> None:
    with engines.writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE child (parent INTEGER REFERENCES parent (id) ON DELETE CASCADE)")
        connection.exec_driver_sql("INSERT INTO parent VALUES (1)")
        connection.exec_driver_sql("INSERT INTO child VALUES (1)")
    with engines.writer.connect() as connection, schema_change(connection):
        connection.exec_driver_sql("CREATE TABLE fresh (id INTEGER PRIMARY KEY, more TEXT)")
        connection.exec_driver_sql("INSERT INTO fresh (id) SELECT id FROM parent")
        connection.exec_driver_sql("DROP TABLE parent")
        connection.exec_driver_sql("ALTER TABLE fresh RENAME TO parent")
    with engines.writer.begin() as connection:
        assert connection.exec_driver_sql("SELECT parent FROM child").fetchall() == [(1,)]
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_change_of_schema_that_would_orphan_rows_is_refused(engines: Engines) -> None:
    with engines.writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE child (parent INTEGER REFERENCES parent (id))")
        connection.exec_driver_sql("INSERT INTO parent VALUES (1)")
        connection.exec_driver_sql("INSERT INTO child VALUES (1)")

    def orphan() -> None:
        with engines.writer.connect() as connection, schema_change(connection):
            connection.exec_driver_sql("DELETE FROM parent")

    with pytest.raises(StoreDamagedError, match="refer to nothing"):
        orphan()
    with engines.reader.begin() as connection:
        assert connection.exec_driver_sql("SELECT id FROM parent").fetchall() == [(1,)]
