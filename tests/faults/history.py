"""Every change that tasks went through, noted by the database itself; and whether they were all allowed ones."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LEASED = "LEASED"
QUEUED = "QUEUED"

# Noted within the transaction that changes the row and while that row is locked, so the order of one task's notes is
# the order of its changes. The time is the database's own, of that very statement.
INSTALL = (
    """
    CREATE TABLE task_history (
        n bigserial PRIMARY KEY, at timestamptz NOT NULL, task text NOT NULL,
        was_state text, was_owner text, was_fence bigint, was_until timestamptz, was_attempts bigint,
        state text NOT NULL, owner text, fence bigint NOT NULL, until timestamptz, attempts bigint NOT NULL
    )
    """,
    """
    CREATE FUNCTION note_task() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            INSERT INTO task_history (at, task, state, owner, fence, until, attempts)
            VALUES (clock_timestamp(), NEW.id, NEW.state, NEW.owner, NEW.fence, NEW.lease_expires_at, NEW.attempts);
        ELSE
            INSERT INTO task_history (at, task, was_state, was_owner, was_fence, was_until, was_attempts,
                                      state, owner, fence, until, attempts)
            VALUES (clock_timestamp(), NEW.id, OLD.state, OLD.owner, OLD.fence, OLD.lease_expires_at, OLD.attempts,
                    NEW.state, NEW.owner, NEW.fence, NEW.lease_expires_at, NEW.attempts);
        END IF;
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER note_task AFTER INSERT OR UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION note_task()",
)
READ = """
    SELECT at, task, was_state, was_owner, was_fence, was_until, was_attempts, state, owner, fence, until, attempts
    FROM task_history ORDER BY n
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """``until`` is the expiry of the lease."""

    state: str
    owner: str | None = None
    fence: int = 0
    until: datetime | None = None
    attempts: int = 0

    @property
    def is_final(self) -> bool:
        return self.state not in (QUEUED, LEASED)

    @property
    def holder(self) -> tuple[str | None, int]:
        return self.owner, self.fence


@dataclass(frozen=True, slots=True)
class Change:
    """``before`` is None for a new task."""

    at: datetime
    task: str
    before: Standing | None
    after: Standing


@dataclass(frozen=True, slots=True)
class Verdict:
    """``wrong``: what was not allowed, one sentence each."""

    leases: int
    renewals: int
    taken_back: int
    ended: int
    wrong: tuple[str, ...]


def changes_of(rows: Iterable[Sequence[Any]]) -> list[Change]:
    """From the rows that ``READ`` gives."""
    found = []
    for at, task, state, owner, fence, until, attempts, *new in rows:
        before = None if state is None else Standing(state, owner, fence, until, attempts)
        found.append(Change(at, task, before, Standing(*new)))
    return found


def judge(changes: Iterable[Change], acknowledged: Mapping[str, tuple[str, int]] | None = None) -> Verdict:
    """Whether leases never overlapped, fences grew one by one, and only a holder ended a task, which then stayed so.

    ``changes`` in the order in which they happened. ``acknowledged``: by whom and under which fence clients were told
    that a task ended.
    """
    by_task: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_task[change.task].append(change)
    wrong: list[str] = []
    counts = {"lease": 0, "renewal": 0, "back": 0, "end": 0}
    for task, its in by_task.items():
        known: Standing | None = None
        for change in its:
            kind, faults = _step(known, change)
            counts[kind] = counts.get(kind, 0) + 1
            wrong += [
                f"{task} at {change.at:%H:%M:%S.%f}: {fault} ({change.before} -> {change.after})" for fault in faults
            ]
            known = change.after
        if known is not None and acknowledged and task in acknowledged and known.holder != acknowledged[task]:
            wrong.append(f"{task}: ended by {known.holder}, but {acknowledged[task]} was told that it had")
    return Verdict(counts["lease"], counts["renewal"], counts["back"], counts["end"], tuple(wrong))


def _step(known: Standing | None, change: Change) -> tuple[str, list[str]]:
    """What kind of change it is, and what is wrong with it."""
    before, after = change.before, change.after
    if before is None:
        return "new", [] if (after.state, after.fence) == (QUEUED, 0) else ["a new task is not a fresh one"]
    faults = [] if before == known else ["a change is missing from the history"]
    if before.is_final:
        return "late", [*faults, *(["something changed after the end"] if before != after else [])]
    if after.state == LEASED and after.holder != before.holder:
        return "lease", faults + _granted(before, after, change.at)
    if after.fence != before.fence:
        return "other", [*faults, "a fence changed without a lease"]
    if after.is_final:
        return "end", faults + _ended(before, after)
    if before.state == LEASED and after.state == QUEUED:
        return "back", faults + _taken_back(before, after, change.at)
    return ("renewal" if before.until != after.until else "other"), faults


def _granted(before: Standing, after: Standing, at: datetime) -> list[str]:
    faults = []
    if after.fence != before.fence + 1:
        faults.append("a fence did not grow by one")
    if before.state == LEASED and (before.until is None or at < before.until):
        faults.append("a lease was granted while another was live")
    return faults


def _ended(before: Standing, after: Standing) -> list[str]:
    is_by_holder = before.state == LEASED and after.owner == before.owner
    is_by_nobody = before.state == QUEUED and after.state in ("DEAD", "CANCELLED")
    return [] if is_by_holder or is_by_nobody else ["somebody ended it who did not hold it"]


def _taken_back(before: Standing, after: Standing, at: datetime) -> list[str]:
    """Its holder may give it back, and then the attempt does not count; everybody else has to wait."""
    is_given_back = after.attempts == before.attempts - 1
    is_over = before.until is not None and at >= before.until
    return [] if is_given_back or is_over else ["a live lease was taken away"]
