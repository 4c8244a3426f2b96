"""What a restored store may no longer believe: leases of the life before, connections, and, unless told otherwise, keys
and delegates that somebody may have turned away since the backup was made."""

import sqlalchemy as sa

from .properties import SqlPropertyRows
from .schema import delegates, properties, tasks, tokens
from .types import UtcDateTime

EPOCH = "epoch"
_FENCE_LEAP = 1_000_000
"""More leases than a task can have had after the backup, so that no lease of that time is ever the current one."""


def begin_epoch(connection: sa.Connection, now: object, *, keeps_access: bool) -> int:
    """Gives the number of the epoch that begins; sessions are in no backup, so they need no end."""
    rows = SqlPropertyRows(connection)
    epoch = int(rows.get(EPOCH) or 1) + 1
    rows.put(EPOCH, str(epoch))
    at = sa.literal(now, UtcDateTime())
    routed = sa.case((tasks.c.route.is_not(None), at), else_=None)
    open_tasks = tasks.update().where(tasks.c.finished_at.is_(None))
    connection.execute(
        open_tasks.values(
            state="QUEUED", owner=None, lease_expires_at=None, fence=tasks.c.fence + _FENCE_LEAP, offers=sa.null(),
            offer_at=routed,
        )
    )  # fmt: skip
    connection.execute(delegates.update().values(session="", is_connected=False))
    if not keeps_access:
        connection.execute(tokens.update().where(tokens.c.revoked_at.is_(None)).values(revoked_at=at, old_until=None))
        waiting = delegates.update().where(delegates.c.state == "ENABLED")
        connection.execute(waiting.values(state="WAITING_FOR_APPROVAL", approved_selectors=sa.null()))
    return epoch


def epoch_of(connection: sa.Connection) -> int:
    """1 for a store that was never restored."""
    value = connection.execute(sa.select(properties.c.value).where(properties.c.name == EPOCH)).scalar_one_or_none()
    return int(value or 1)
