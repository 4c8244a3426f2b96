"""The tables of delegates: tokens, groups, the delegates themselves, and what was seen of them."""

import sqlalchemy as sa

from .columns import (
    binary,
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

delegate_tokens = sa.Table(
    "delegate_tokens",
    metadata,
    text("id", primary_key=True),
    text("account"),
    text("org"),
    text("project"),
    text("name"),
    text("created_by"),
    moment("created_at"),
    binary("secret_hash"),
    binary("sealed"),
    text("status"),
    optional_moment("revoke_after"),
    optional_moment("revoked_at"),
    optional("created_by_type"),
    sa.UniqueConstraint("account", "org", "project", "name"),
)

delegate_groups = sa.Table(
    "delegate_groups",
    metadata,
    text("id", primary_key=True),
    text("account"),
    text("org"),
    text("project"),
    text("name"),
    moment("created_at"),
    text("description"),
    document("added_tags"),
    sa.UniqueConstraint("account", "org", "project", "name"),
)

delegates = sa.Table(
    "delegates",
    metadata,
    text("id", primary_key=True),
    text("group_id"),
    text("account"),
    text("org"),
    text("project"),
    text("name"),
    text("host_name"),
    binary("signing_key"),
    binary("sealing_key"),
    text("token_id"),
    text("state"),
    text("version"),
    document("kinds"),
    number("capacity"),
    moment("enrolled_at"),
    document("tags"),
    optional_document("approved_selectors"),
    text("session"),
    truth("is_connected"),
    optional_moment("last_heartbeat_at"),
    optional_moment("last_assigned_at"),
    sa.Index(None, "account", "org", "project", "state"),
    sa.Index(None, "token_id"),
)

# No foreign key: what a delegate that was just deleted still reports is nothing to fail for.
experiences = sa.Table(
    "experiences",
    metadata,
    text("delegate_id", primary_key=True),
    text("origin", primary_key=True),
    truth("is_success"),
    moment("at"),
    text("reason"),
)

selection_log = sa.Table(
    "selection_log",
    metadata,
    sequence(),
    text("task_id"),
    moment("at"),
    text("conclusion"),
    text("text"),
    text("delegate"),
    text("delegate_id"),
    sa.Index(None, "task_id", "sequence"),
    sqlite_autoincrement=True,
)

nonces = sa.Table(
    "nonces",
    metadata,
    text("delegate_id", primary_key=True),
    text("nonce", primary_key=True),
    moment("expires_at"),
    sa.Index(None, "expires_at"),
)
