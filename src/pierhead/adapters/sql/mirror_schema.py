"""The tables of mirrors: what was seen at sources, what is held at targets, and runs."""

import sqlalchemy as sa

from .columns import document, metadata, moment, number, optional, optional_moment, sequence, text, truth

sightings = sa.Table(
    "sightings",
    metadata,
    text("account", primary_key=True),
    text("place", primary_key=True),
    text("tag", primary_key=True),
    text("digest", primary_key=True),
    moment("first_seen_at"),
    moment("last_seen_at"),
)

holdings = sa.Table(
    "holdings",
    metadata,
    text("account", primary_key=True),
    text("org", primary_key=True),
    text("project", primary_key=True),
    text("mirror", primary_key=True),
    text("repository", primary_key=True),
    text("tag", primary_key=True),
    text("digest"),
    text("target_digest"),
    moment("copied_at"),
    text("run_id"),
    number("missed"),
    optional_moment("missed_since"),
    truth("is_deleted"),
)

# ``running`` names the mirror while the run goes on, so that there is no second one. ``items`` are apart, for they
# may be thousands, and lists of runs do without them.
mirror_runs = sa.Table(
    "mirror_runs",
    metadata,
    sequence(),
    text("id"),
    text("account"),
    text("org"),
    text("project"),
    text("mirror"),
    text("state"),
    moment("started_at"),
    optional("running"),
    document("document"),
    document("items"),
    sa.UniqueConstraint("id"),
    sa.UniqueConstraint("running"),
    sa.Index(None, "account", "org", "project", "mirror"),
)
