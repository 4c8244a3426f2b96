"""The tables, as the newest migration leaves them.

An absent org or project is the empty text, not NULL: NULLs differ from each other, so a unique key with one in it
would let the same identifier in twice. Change a table here and write a migration; ``HEAD`` names the newest one.
"""

import sqlalchemy as sa

from .access_schema import (
    audit_records,
    audit_tails,
    entities,
    login_failures,
    properties,
    sessions,
    tokens,
    users,
)
from .catalogue_schema import pin_sets, pins
from .columns import (
    document,
    metadata,
    moment,
    number,
    optional,
    optional_document,
    optional_moment,
    sequence,
    text,
    truth,
)
from .delegate_schema import delegate_groups, delegate_tokens, delegates, experiences, nonces, selection_log
from .mirror_schema import holdings, mirror_runs, sightings
from .notice_schema import deliveries, notices
from .types import text_column
from .watch_schema import watch_events, watch_states, watch_tags

__all__ = [
    "HEAD",
    "accounts",
    "audit_records",
    "audit_tails",
    "connectors",
    "delegate_groups",
    "delegate_tokens",
    "delegates",
    "deliveries",
    "entities",
    "experiences",
    "holdings",
    "login_failures",
    "metadata",
    "mirror_runs",
    "nonces",
    "notices",
    "pin_sets",
    "pins",
    "properties",
    "run_images",
    "run_stages",
    "runs",
    "secrets",
    "selection_log",
    "sessions",
    "sightings",
    "tasks",
    "tokens",
    "users",
    "watch_events",
    "watch_states",
    "watch_tags",
]

HEAD = "0007"

accounts = sa.Table(
    "accounts",
    metadata,
    text("id", primary_key=True),
    text("name"),
    moment("created_at"),
)

secrets = sa.Table(
    "secrets",
    metadata,
    text("account", primary_key=True),
    text("org", primary_key=True),
    text("project", primary_key=True),
    text("identifier", primary_key=True),
    text("name"),
    text("description"),
    document("tags"),
    text("secret_manager"),
    text("value_type"),
    optional("reference"),
    optional("sealed_key_id"),
    sa.Column("sealed_wrapped_key", sa.LargeBinary, nullable=True),
    sa.Column("sealed_nonce", sa.LargeBinary, nullable=True),
    sa.Column("sealed_ciphertext", sa.LargeBinary, nullable=True),
    number("version"),
    moment("created_at"),
    moment("updated_at"),
    text("search_text"),
    optional("reference_version"),
)

connectors = sa.Table(
    "connectors",
    metadata,
    text("id", primary_key=True),
    text("account"),
    text("org"),
    text("project"),
    text("identifier"),
    text("type"),
    text("name"),
    text("description"),
    document("tags"),
    document("spec"),
    number("version"),
    moment("created_at"),
    moment("last_modified_at"),
    optional_document("status"),
    text("search_text"),
    optional_moment("next_test_at"),
    sa.UniqueConstraint("account", "org", "project", "identifier"),
    sa.Index(None, "next_test_at"),
)

tasks = sa.Table(
    "tasks",
    metadata,
    sequence(),
    text("id"),
    text("account"),
    text("kind"),
    document("payload"),
    moment("created_at"),
    text("state"),
    optional("owner"),
    optional_moment("lease_expires_at"),
    number("fence"),
    number("attempts"),
    number("max_attempts"),
    optional_moment("deadline_at"),
    truth("is_cancel_requested"),
    optional_moment("finished_at"),
    optional_document("error"),
    optional_document("route"),
    optional_document("offers"),
    optional_moment("offer_at"),
    optional_document("checkpoint"),
    optional_document("result"),
    text("org"),
    text("project"),
    sa.UniqueConstraint("id"),
    sa.Index(None, "account", "sequence"),
    sa.Index(None, "offer_at", "sequence"),
    sqlite_autoincrement=True,
)

# Finished tasks pile up and open ones are few: leasing and sweeping look only here. Not a partial index, because
# SQLAlchemy imports the whole of a dialect (a tenth of a second for PostgreSQL) to read such an option of it. Offers
# that are due need none either: ``offer_at`` is NULL for all the rest, and NULLs stand together at one end.
sa.Index("ix_tasks_open", tasks.c.finished_at, tasks.c.sequence)

runs = sa.Table(
    "runs",
    metadata,
    sequence(),
    text("id"),
    text("account"),
    text("org"),
    text("project"),
    text("pipeline"),
    text("source"),
    text("requested_by"),
    text("state"),
    moment("created_at"),
    optional_moment("finished_at"),
    document("warnings"),
    sa.UniqueConstraint("id"),
    sa.Index(None, "account", "sequence"),
    sqlite_autoincrement=True,
)

run_stages = sa.Table(
    "run_stages",
    metadata,
    sa.Column("run_id", text_column(), sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True, nullable=False),
    text("identifier", primary_key=True),
    text("name"),
    text("infra"),
    number("position"),
    document("warnings"),
)

run_images = sa.Table(
    "run_images",
    metadata,
    text("run_id", primary_key=True),
    text("stage", primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
    text("role"),
    document("used_by"),
    text("reference"),
    text("name_reason"),
    optional("connector"),
    text("connector_source"),
    document("connector_trail"),
    text("version"),
    text("version_source"),
    document("version_trail"),
    text("platform"),
    text("pull_policy"),
    sa.Column("timeout_s", sa.Double, nullable=False),
    text("pull_key"),
    text("state"),
    optional("digest"),
    optional("manifest_digest"),
    sa.Column("bytes_total", sa.BigInteger, nullable=True),
    number("bytes_done"),
    number("bytes_fetched"),
    sa.Column("seconds", sa.Double, nullable=True),
    optional_document("rate_limit"),
    optional_document("failure"),
    document("warnings"),
    optional("task_id"),
    text("path_reason"),
    optional("delegate"),
    optional("performer"),
    sa.ForeignKeyConstraint(["run_id", "stage"], ["run_stages.run_id", "run_stages.identifier"], ondelete="CASCADE"),
    sa.Index(None, "task_id"),
)
