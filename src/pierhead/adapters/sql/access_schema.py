"""The tables of access and audit: people, tokens, sessions, entities of every kind, and the audit chain."""

import sqlalchemy as sa

from .columns import (
    binary,
    document,
    metadata,
    moment,
    number,
    optional,
    optional_moment,
    text,
    truth,
)

users = sa.Table(
    "users",
    metadata,
    text("account", primary_key=True),
    text("id", primary_key=True),
    text("email"),
    text("name"),
    moment("created_at"),
    moment("last_modified_at"),
    optional("password_hash"),
    text("password_by"),
    optional("subject"),
    truth("is_disabled"),
    text("search_text"),
    sa.UniqueConstraint("account", "email"),
)

tokens = sa.Table(
    "tokens",
    metadata,
    text("id", primary_key=True),
    text("account"),
    text("owner_type"),
    text("owner_org"),
    text("owner_project"),
    text("owner"),
    text("api_key"),
    text("identifier"),
    text("name"),
    binary("secret_hash"),
    moment("created_at"),
    moment("valid_from"),
    optional_moment("expires_at"),
    optional_moment("revoked_at"),
    sa.Column("old_hash", sa.LargeBinary, nullable=True),
    optional_moment("old_until"),
    text("description"),
    document("tags"),
    text("made_by"),
    text("old_made_by"),
    sa.UniqueConstraint("account", "owner_type", "owner_org", "owner_project", "owner", "api_key", "identifier"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id_hash", sa.LargeBinary, primary_key=True, nullable=False),
    text("account"),
    text("user"),
    moment("created_at"),
    moment("last_seen_at"),
    moment("expires_at"),
    text("address"),
    sa.Index(None, "account", "user"),
)

login_failures = sa.Table(
    "login_failures",
    metadata,
    text("key", primary_key=True),
    number("count"),
    moment("first_at"),
    optional_moment("locked_until"),
)

# One table for all small things that are read and written whole, by scope and identifier: organizations, roles and the
# like. ``kind`` is part of the key; ``document`` is the whole value, the other columns are what it is looked up by.
entities = sa.Table(
    "entities",
    metadata,
    text("kind", primary_key=True),
    text("account", primary_key=True),
    text("org", primary_key=True),
    text("project", primary_key=True),
    text("parent", primary_key=True),
    text("identifier", primary_key=True),
    text("about"),
    document("document"),
    moment("created_at"),
    moment("last_modified_at"),
    text("search_text"),
    sa.Index(None, "kind", "account", "about"),
)

audit_records = sa.Table(
    "audit_records",
    metadata,
    text("account", primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
    text("id"),
    moment("at"),
    text("principal_type"),
    text("principal"),
    text("principal_name"),
    text("credential"),
    text("address"),
    text("request_id"),
    text("action"),
    text("resource_type"),
    text("resource"),
    text("resource_name"),
    text("org"),
    text("project"),
    optional("before"),
    optional("after"),
    text("search_text"),
    binary("previous"),
    binary("seal"),
    sa.UniqueConstraint("account", "id"),
    sa.Index(None, "account", "at"),
)

audit_tails = sa.Table(
    "audit_tails",
    metadata,
    text("account", primary_key=True),
    number("sequence"),
    binary("last"),
    binary("seal"),
)

properties = sa.Table("properties", metadata, text("name", primary_key=True), text("value"))
