"""The tables of watches: how their polls went, which tags they know, and what they told of them.

What a watch is, is one of the ``entities``.
"""

import sqlalchemy as sa

from .columns import document, metadata, moment, optional, optional_moment, sequence, text, truth

watch_states = sa.Table(
    "watch_states",
    metadata,
    text("account", primary_key=True),
    text("org", primary_key=True),
    text("project", primary_key=True),
    text("watch", primary_key=True),
    moment("next_poll_at"),
    document("document"),
    sa.Index(None, "next_poll_at"),
)

watch_tags = sa.Table(
    "watch_tags",
    metadata,
    text("account", primary_key=True),
    text("org", primary_key=True),
    text("project", primary_key=True),
    text("watch", primary_key=True),
    text("tag", primary_key=True),
    optional("digest"),
    moment("first_seen_at"),
    optional_moment("checked_at"),
    optional_moment("missing_since"),
    truth("is_first"),
)

watch_events = sa.Table(
    "watch_events",
    metadata,
    sequence(),
    text("account"),
    text("org"),
    text("project"),
    text("watch"),
    text("kind"),
    text("tag"),
    moment("at"),
    optional("old_digest"),
    optional("new_digest"),
    sa.Index(None, "account", "org", "project", "watch", "sequence"),
    sqlite_autoincrement=True,
)

WATCH_TABLES = (watch_states, watch_tags, watch_events)
