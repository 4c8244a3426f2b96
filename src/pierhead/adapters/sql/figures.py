"""Counts of what is in the database, for whoever watches a server. Each looks at so many rows at most."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from .access_schema import audit_tails, sessions, tokens
from .delegate_schema import delegate_tokens, delegates
from .schema import runs, tasks

MOST_ROWS = 50_000
"""Of each table; what is older counts no more once there are as many. Open tasks are counted besides."""

Figures = Mapping[str, Mapping[tuple[str, ...], int]]
"""By name of the thing: how many there are, by the values of its labels."""


def figures_of(connection: sa.Connection) -> Figures:
    return {
        "tasks": {
            **_counts(connection, tasks, "state", "kind", of=tasks.c.finished_at.is_not(None)),
            **_counts(connection, tasks, "state", "kind", of=tasks.c.finished_at.is_(None)),
        },
        "runs": _counts(connection, runs, "state"),
        "delegates": _counts(connection, delegates, "state", "is_connected"),
        "delegate_tokens": _counts(connection, delegate_tokens, "status"),
        "tokens": _counts(connection, tokens, "owner_type"),
        "sessions": _counts(connection, sessions),
        "audit_sequence": {(): connection.execute(sa.select(sa.func.max(audit_tails.c.sequence))).scalar() or 0},
    }


def _counts(
    connection: sa.Connection, table: sa.Table, *names: str, of: sa.ColumnElement[bool] | None = None
) -> Mapping[tuple[str, ...], int]:
    columns: list[sa.ColumnElement[Any]] = [table.c[name] for name in names] or [sa.literal(1).label("one")]
    newest = sa.select(*columns).select_from(table)
    if of is not None:
        newest = newest.where(of)
    if "sequence" in table.c:
        newest = newest.order_by(table.c.sequence.desc())
    rows = newest.limit(MOST_ROWS).subquery()
    labels = [rows.c[name] for name in names]
    counted = sa.select(*labels, sa.func.count()).select_from(rows).group_by(*labels)
    return {tuple(map(_text, row[:-1])): int(row[-1]) for row in connection.execute(counted)}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
