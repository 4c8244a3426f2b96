"""Delegates that speak for a task in other hands: told to the audit trail, of each delegate once in a while."""

import threading
from datetime import datetime, timedelta

from pierhead.control.audit import Action, Actor, PrincipalType, Subject, note
from pierhead.control.delegates import KnownDelegate
from pierhead.control.scopes import ResourceType
from pierhead.control.tasks import TaskRow

from .linkage import LinkApplication

TOLD_EVERY = timedelta(minutes=1)
_MOST = 10_000


class Intrusions:
    """Thread-safe. A delegate that tries again and again fills no trail: what is left out is counted."""

    def __init__(self, app: LinkApplication) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._told: dict[str, tuple[datetime, int]] = {}

    def tell(self, known: KnownDelegate, task: TaskRow) -> None:
        left_out = self._left_out(known.id, self._app.clock.now())
        if left_out is None:
            return
        by = Actor(PrincipalType.DELEGATE, known.id, known.label)
        subject = Subject(task.scope, ResourceType.TASK, task.id, task.kind)
        after = {"heldBy": task.owner, "attemptsLeftOut": left_out}
        with self._app.store.transaction() as tx:
            note(tx, self._app.clock.now(), by, Action.REFUSED, subject, after=after)

    def _left_out(self, delegate_id: str, now: datetime) -> int | None:
        """How many attempts were not told since the last that was; None when this one is not told either."""
        with self._lock:
            at, count = self._told.pop(delegate_id, (None, 0))
            is_due = at is None or now - at >= TOLD_EVERY
            self._told[delegate_id] = (now, 0) if at is None or is_due else (at, count + 1)
            if len(self._told) > _MOST:
                del self._told[next(iter(self._told))]
            return count if is_due else None
