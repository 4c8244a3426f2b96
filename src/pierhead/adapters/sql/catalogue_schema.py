"""The tables of pins: what is pinned now, and every set of pins that there was."""

import sqlalchemy as sa

from .columns import document, metadata, moment, text

pins = sa.Table(
    "pins",
    metadata,
    text("account", primary_key=True),
    text("org", primary_key=True),
    text("project", primary_key=True),
    text("infra", primary_key=True),
    text("field", primary_key=True),
    text("value"),
    moment("updated_at"),
    text("updated_by"),
)

pin_sets = sa.Table(
    "pin_sets",
    metadata,
    text("account", primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    text("org"),
    text("project"),
    sa.Column("previous", sa.BigInteger, nullable=True),
    document("pins"),
    moment("made_at"),
    text("updated_by"),
    text("cause"),
    text("reason"),
    text("preflight"),
    sa.Column("restores", sa.BigInteger, nullable=True),
    sa.Index(None, "account", "org", "project", "number"),
)
