"""The tables, as the newest migration leaves them.

An absent org or project is the empty text, not NULL: NULLs differ from each other, so a unique key with one in it
would let the same identifier in twice. Change a table here and write a migration; ``HEAD`` names the newest one.
"""

import sqlalchemy as sa

from .types import UtcDateTime, json_column

HEAD = "0001"

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=primary_key, nullable=False)


def _optional(name: str) -> sa.Column[str | None]:
    return sa.Column(name, sa.Text, nullable=True)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _sequence() -> sa.Column[int]:
    """The order of insertion. SQLite counts on its own only in a column of exactly type INTEGER."""
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("sequence", kind, primary_key=True, autoincrement=True)


accounts = sa.Table(
    "accounts",
    metadata,
    _text("id", primary_key=True),
    _text("name"),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    _text("id", primary_key=True),
    _text("account"),
    _text("name"),
    sa.Column("secret_hash", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=True),
    sa.Column("revoked_at", UtcDateTime, nullable=True),
    sa.Index(None, "account"),
)

secrets = sa.Table(
    "secrets",
    metadata,
    _text("account", primary_key=True),
    _text("org", primary_key=True),
    _text("project", primary_key=True),
    _text("identifier", primary_key=True),
    _text("name"),
    _text("description"),
    sa.Column("tags", json_column(), nullable=False),
    _text("secret_manager"),
    _text("value_type"),
    _optional("reference"),
    _optional("sealed_key_id"),
    sa.Column("sealed_wrapped_key", sa.LargeBinary, nullable=True),
    sa.Column("sealed_nonce", sa.LargeBinary, nullable=True),
    sa.Column("sealed_ciphertext", sa.LargeBinary, nullable=True),
    _number("version"),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    _text("search_text"),
)

connectors = sa.Table(
    "connectors",
    metadata,
    _text("id", primary_key=True),
    _text("account"),
    _text("org"),
    _text("project"),
    _text("identifier"),
    _text("type"),
    _text("name"),
    _text("description"),
    sa.Column("tags", json_column(), nullable=False),
    sa.Column("spec", json_column(), nullable=False),
    _number("version"),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_modified_at", UtcDateTime, nullable=False),
    sa.Column("status", json_column(), nullable=True),
    _text("search_text"),
    sa.UniqueConstraint("account", "org", "project", "identifier"),
)

pins = sa.Table(
    "pins",
    metadata,
    _text("account", primary_key=True),
    _text("infra", primary_key=True),
    _text("field", primary_key=True),
    _text("value"),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    _text("updated_by"),
)

tasks = sa.Table(
    "tasks",
    metadata,
    _sequence(),
    _text("id"),
    _text("account"),
    _text("kind"),
    sa.Column("payload", json_column(), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    _text("state"),
    _optional("owner"),
    sa.Column("lease_expires_at", UtcDateTime, nullable=True),
    _number("fence"),
    _number("attempts"),
    _number("max_attempts"),
    sa.Column("deadline_at", UtcDateTime, nullable=True),
    sa.Column("is_cancel_requested", sa.Boolean, nullable=False),
    sa.Column("finished_at", UtcDateTime, nullable=True),
    sa.Column("error", json_column(), nullable=True),
    sa.UniqueConstraint("id"),
    sa.Index(None, "account", "sequence"),
    sqlite_autoincrement=True,
)

# Finished tasks pile up and open ones are few: leasing and sweeping look only here. Not a partial index, because
# SQLAlchemy imports the whole of a dialect (a tenth of a second for PostgreSQL) to read such an option of it.
sa.Index("ix_tasks_open", tasks.c.finished_at, tasks.c.sequence)

runs = sa.Table(
    "runs",
    metadata,
    _sequence(),
    _text("id"),
    _text("account"),
    _text("org"),
    _text("project"),
    _text("pipeline"),
    _text("source"),
    _text("requested_by"),
    _text("state"),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime, nullable=True),
    _optional("task_id"),
    sa.Column("warnings", json_column(), nullable=False),
    sa.UniqueConstraint("id"),
    sa.Index(None, "account", "sequence"),
    sa.Index(None, "task_id"),
    sqlite_autoincrement=True,
)

run_stages = sa.Table(
    "run_stages",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True, nullable=False),
    _text("identifier", primary_key=True),
    _text("name"),
    _text("infra"),
    _number("position"),
    sa.Column("warnings", json_column(), nullable=False),
)

run_images = sa.Table(
    "run_images",
    metadata,
    _text("run_id", primary_key=True),
    _text("stage", primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
    _text("role"),
    sa.Column("used_by", json_column(), nullable=False),
    _text("reference"),
    _text("name_reason"),
    _optional("connector"),
    _text("connector_source"),
    sa.Column("connector_trail", json_column(), nullable=False),
    _text("version"),
    _text("version_source"),
    sa.Column("version_trail", json_column(), nullable=False),
    _text("platform"),
    _text("pull_policy"),
    sa.Column("timeout_s", sa.Double, nullable=False),
    _text("pull_key"),
    _text("state"),
    _optional("digest"),
    _optional("manifest_digest"),
    sa.Column("bytes_total", sa.BigInteger, nullable=True),
    _number("bytes_done"),
    _number("bytes_fetched"),
    sa.Column("seconds", sa.Double, nullable=True),
    sa.Column("rate_limit", json_column(), nullable=True),
    sa.Column("failure", json_column(), nullable=True),
    sa.Column("warnings", json_column(), nullable=False),
    sa.ForeignKeyConstraint(["run_id", "stage"], ["run_stages.run_id", "run_stages.identifier"], ondelete="CASCADE"),
)
