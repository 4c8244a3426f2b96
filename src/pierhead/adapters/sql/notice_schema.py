"""The tables of notices, and of their deliveries to subscriptions.

What a subscription is, is one of the ``entities``.
"""

import sqlalchemy as sa

from .columns import document, metadata, moment, number, optional, optional_moment, sequence, text

notices = sa.Table(
    "notices",
    metadata,
    sequence(),
    text("id"),
    text("account"),
    text("org"),
    text("project"),
    moment("at"),
    text("topic"),
    text("key"),
    document("document"),
    sa.UniqueConstraint("id"),
    sa.UniqueConstraint("account", "key"),
    sa.Index(None, "account", "sequence"),
    sqlite_autoincrement=True,
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sequence(),
    text("id"),
    text("account"),
    text("org"),
    text("project"),
    text("subscription"),
    text("notice"),
    text("topic"),
    text("state"),
    number("attempts"),
    moment("created_at"),
    moment("next_at"),
    sa.Column("status", sa.BigInteger, nullable=True),
    optional("error_code"),
    optional("error"),
    optional_moment("finished_at"),
    sa.UniqueConstraint("id"),
    sa.Index(None, "account", "org", "project", "subscription", "state", "sequence"),
    sa.Index(None, "state", "next_at"),
    sqlite_autoincrement=True,
)
