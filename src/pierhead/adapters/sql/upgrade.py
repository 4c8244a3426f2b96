"""Brings a database to the schema of this code, before anything else touches it.

At the newest revision, and for an empty database, Alembic is not even imported: it takes longer than all the rest of
a start. That the tables made here and those made by the migrations are the same is held by a test.
"""

import sqlalchemy as sa

from .engine import Engines, schema_change
from .errors import DatabaseTooNewError, DatabaseTooOldError, StoreDamagedError
from .schema import HEAD, metadata

_VERSION = sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), nullable=False))
_VERSION.append_constraint(sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"))


def migrate(engines: Engines, *, upgrades: bool = True) -> None:
    """Safe to be called by several servers at once: one of them works, the others find it done.

    Raises DatabaseTooOldError without ``upgrades``, and DatabaseTooNewError when a newer Pierhead was here before; then
    nothing is changed.
    """
    if not upgrades:
        check_current(engines)
        return
    with engines.writer.connect() as connection:
        with connection.begin():
            if revision_of(connection) == HEAD:
                return
        with schema_change(connection):
            _bring_up(connection)


def check_current(engines: Engines) -> None:
    """Waits for no writer."""
    with engines.reader.connect() as connection, connection.begin():
        revision = revision_of(connection)
    if revision != HEAD:
        raise DatabaseTooOldError(revision or "none", HEAD)


def _bring_up(connection: sa.Connection) -> None:
    revision = revision_of(connection)  # again: another server may have been faster
    if revision is None:
        _create(connection)
    elif revision != HEAD:
        _upgrade(connection, revision)


def revision_of(connection: sa.Connection) -> str | None:
    """The revision the database is at, None for one that no migration has seen."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    return connection.execute(sa.select(_VERSION.c.version_num)).scalar_one_or_none()


def _create(connection: sa.Connection) -> None:
    foreign = sa.inspect(connection).get_table_names()
    if foreign:
        raise StoreDamagedError(f"it holds other tables ({', '.join(foreign[:3])})")
    metadata.create_all(connection)
    _VERSION.create(connection)
    connection.execute(_VERSION.insert().values(version_num=HEAD))


def _upgrade(connection: sa.Connection, revision: str) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    from .migrations import configuration

    config = configuration(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision not in known:
        raise DatabaseTooNewError(revision, HEAD)
    command.upgrade(config, "head")
