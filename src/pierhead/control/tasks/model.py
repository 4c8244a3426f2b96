"""What a task is and which ways it may go; pure.

    QUEUED --lease--> LEASED --finish--> SUCCEEDED | FAILED | CANCELLED
      ^                 |
      +--release, expiry+--attempts exhausted, deadline passed--> DEAD

Each rule takes a row and gives the row that follows, or None where the answer is "no". A store may say the same
in one statement; the contract suite holds both to these rules. Who calls them, and when, is not decided here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from pierhead.control.scopes import Scope


class TaskState(StrEnum):
    QUEUED = "QUEUED"
    LEASED = "LEASED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    DEAD = "DEAD"

    @property
    def is_final(self) -> bool:
        return self in FINAL_STATES


OPEN_STATES = frozenset({TaskState.QUEUED, TaskState.LEASED})
FINAL_STATES = frozenset(TaskState) - OPEN_STATES
FREE_RELEASES = 5
"""Of one task. It is given back more often when servers or delegates are restarted again and again."""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """``payload`` and ``error`` are plain JSON, stored as they are: references to secrets, never secrets.

    ``fence`` grows by one with every lease and never shrinks; ``attempts`` counts the leases that were not given back
    for free, so that the difference is how many were.
    ``route`` is None for a task of the platform; any other is offered to delegates before it can be leased:
    ``offer_at`` says when somebody has to look at that next, ``offers`` what came of it so far. ``checkpoint`` is what
    an attempt left for the next one, ``result`` what came out. What stands in route and offers is not known here.
    """

    id: str
    account: str
    kind: str
    payload: Mapping[str, object]
    created_at: datetime
    state: TaskState = TaskState.QUEUED
    owner: str | None = None
    lease_expires_at: datetime | None = None
    fence: int = 0
    attempts: int = 0
    max_attempts: int = 3
    deadline_at: datetime | None = None
    is_cancel_requested: bool = False
    finished_at: datetime | None = None
    error: Mapping[str, object] | None = None
    route: Mapping[str, object] | None = None
    offers: Mapping[str, object] | None = None
    offer_at: datetime | None = None
    checkpoint: Mapping[str, object] | None = None
    result: Mapping[str, object] | None = None
    org: str | None = None
    project: str | None = None

    @property
    def scope(self) -> Scope:
        """Where the work was asked for: who may see it and end it is decided there."""
        return Scope(self.account, self.org, self.project)

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ValueError("a task needs at least one attempt")
        if (self.state is TaskState.LEASED) != (self.lease_expires_at is not None):
            raise ValueError("a task has a lease exactly while it is leased")
        if self.state.is_final != (self.finished_at is not None):
            raise ValueError("a task has an end exactly when its state is final")
        if self.offer_at is not None and (self.route is None or self.state is not TaskState.QUEUED):
            raise ValueError("only a queued task with a route waits for an offer")


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on ``task``, as it stood when the lease was granted or last renewed."""

    task: TaskRow

    def __post_init__(self) -> None:
        if self.task.owner is None or self.task.lease_expires_at is None:
            raise ValueError("not a leased task")

    @property
    def id(self) -> str:
        return self.task.id

    @property
    def owner(self) -> str:
        return self.task.owner or ""

    @property
    def fence(self) -> int:
        return self.task.fence

    @property
    def is_cancel_requested(self) -> bool:
        return self.task.is_cancel_requested


def is_due(task: TaskRow, kinds: Collection[str], now: datetime) -> bool:
    """May the platform lease it now?"""
    return task.route is None and task.kind in kinds and may_be_leased(task, now)


def may_be_leased(task: TaskRow, now: datetime) -> bool:
    return (
        _is_free(task, now)
        and task.attempts < task.max_attempts
        and not task.is_cancel_requested
        and not _is_past(task.deadline_at, now)
    )


def leased(task: TaskRow, owner: str, until: datetime) -> TaskRow:
    return replace(
        task,
        state=TaskState.LEASED,
        owner=owner,
        lease_expires_at=until,
        fence=task.fence + 1,
        attempts=task.attempts + 1,
        offer_at=None,
    )


def holds(task: TaskRow, owner: str, fence: int) -> bool:
    """Does this lease hold? Its expiry alone ends nothing: until somebody takes the task, its holder may finish it."""
    return task.state is TaskState.LEASED and task.owner == owner and task.fence == fence


def renewed(task: TaskRow, until: datetime) -> TaskRow:
    """To be cancelled, it keeps the time it has: a holder that does not stop cannot keep it open."""
    return task if task.is_cancel_requested else expiring(task, until)


def spared(task: TaskRow, owner: str, until: datetime) -> TaskRow | None:
    """Of somebody else's lease, one that lasts until then; None where it does, or is to be cancelled."""
    is_theirs = task.state is TaskState.LEASED and task.owner != owner
    is_short = task.lease_expires_at is not None and task.lease_expires_at < until
    return expiring(task, until) if is_theirs and is_short and not task.is_cancel_requested else None


def expiring(task: TaskRow, at: datetime) -> TaskRow:
    return replace(task, lease_expires_at=at)


def released(task: TaskRow, now: datetime, *, is_declined: bool = False) -> TaskRow:
    """Given back undone: it may be leased again; to be cancelled, it ends here.

    The attempt does not count, unless that was so ``FREE_RELEASES`` times already: nobody keeps a task for ever by
    taking it and giving it back. When it was the last attempt, the lease expires now, and ``swept`` ends the task.
    Who has declined it is not asked again, so declining is always free.
    """
    if task.is_cancel_requested:
        return finished(task, TaskState.CANCELLED, None, now)
    if is_declined or task.fence - task.attempts < FREE_RELEASES:
        return replace(_requeued(task, now), attempts=task.attempts - 1)
    return expiring(task, now) if task.attempts >= task.max_attempts else _requeued(task, now)


def finished(
    task: TaskRow,
    state: TaskState,
    error: Mapping[str, object] | None,
    now: datetime,
    result: Mapping[str, object] | None = None,
) -> TaskRow:
    return replace(task, state=state, error=error, result=result, finished_at=now, lease_expires_at=None, offer_at=None)


def given_up(task: TaskRow, error: Mapping[str, object], now: datetime) -> TaskRow | None:
    """A queued task that nobody will take; None when it is not queued any more."""
    return finished(task, TaskState.DEAD, error, now) if task.state is TaskState.QUEUED else None


def is_ended_by(task: TaskRow, owner: str, fence: int) -> bool:
    """Was it this very lease that ended the task? Then saying so again is no news, and no mistake."""
    return task.state.is_final and task.owner == owner and task.fence == fence


def cancelled(task: TaskRow, now: datetime) -> TaskRow:
    """Ends a queued task at once; asks the holder of a leased one; leaves a finished one alone."""
    if task.state is TaskState.QUEUED:
        return replace(finished(task, TaskState.CANCELLED, None, now), is_cancel_requested=True)
    return replace(task, is_cancel_requested=True) if task.state is TaskState.LEASED else task


def swept(task: TaskRow, now: datetime) -> TaskRow | None:
    """What becomes of a task nobody looks after any more; None: leave it alone."""
    if task.state.is_final:
        return None
    if _is_past(task.deadline_at, now):
        return finished(task, TaskState.DEAD, _DEADLINE_PASSED, now)
    if task.state is TaskState.QUEUED or not _is_past(task.lease_expires_at, now):
        return None
    if task.is_cancel_requested:
        return finished(task, TaskState.CANCELLED, None, now)
    if task.attempts >= task.max_attempts:
        return finished(task, TaskState.DEAD, _exhausted(task), now)
    return _requeued(task, now)


def _is_free(task: TaskRow, now: datetime) -> bool:
    return task.state is TaskState.QUEUED or _is_past(task.lease_expires_at, now)


def _is_past(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def _requeued(task: TaskRow, now: datetime) -> TaskRow:
    offer_at = None if task.route is None else now
    return replace(task, state=TaskState.QUEUED, owner=None, lease_expires_at=None, offer_at=offer_at)


# Both in the shape of any other failure on the wire, so that a reader of runs needs one way to show them.
_DEADLINE_PASSED: Mapping[str, object] = {
    "code": "task-deadline-passed",
    "category": "unavailable",
    "message": "the task was not finished before its deadline",
    "hint": "look whether a delegate is running and reaches the registry, then start it again",
    "retryable": True,
}


def _exhausted(task: TaskRow) -> Mapping[str, object]:
    return {
        "code": "task-attempts-exhausted",
        "category": "unavailable",
        "message": f"{task.attempts} attempts ended without an answer, the last one by {task.owner}",
        "hint": "look into the log of the delegate for why it stopped, then start it again",
        "retryable": True,
    }
