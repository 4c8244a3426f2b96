"""Rows of the task queue.

Each change is one statement that also says whose lease it acts under, so it holds however many processes share the
database: ``FOR UPDATE SKIP LOCKED`` where rows can be locked, and nothing at all on SQLite, whose writer is alone.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from pierhead.control.tasks import TaskExistsError, TaskRow, TaskState, rules
from pierhead.kit.paging import Page, PageRequest

from .errors import RowExistsError
from .queries import page
from .schema import tasks

_open = tasks.c.finished_at.is_(None)

# Built once: putting these together costs more than running them.
# ``rules.is_due``, said to the database.
_first_due = (
    sa.select(tasks.c.sequence)
    .where(
        _open,
        tasks.c.kind.in_(sa.bindparam("kinds", expanding=True)),
        sa.or_(tasks.c.state == TaskState.QUEUED.value, tasks.c.lease_expires_at <= sa.bindparam("now")),
        tasks.c.attempts < tasks.c.max_attempts,
        tasks.c.is_cancel_requested.is_(False),
        sa.or_(tasks.c.deadline_at.is_(None), tasks.c.deadline_at > sa.bindparam("now")),
    )
    .order_by(tasks.c.sequence)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_lease = (
    tasks.update()
    .where(tasks.c.sequence == _first_due)
    .values(
        state=TaskState.LEASED.value,
        owner=sa.bindparam("new_owner"),
        lease_expires_at=sa.bindparam("until"),
        fence=tasks.c.fence + 1,
        attempts=tasks.c.attempts + 1,
    )
    .returning(tasks)
)
# ``rules.holds``, said to the database.
_held = sa.and_(
    tasks.c.id == sa.bindparam("held_id"),
    tasks.c.state == TaskState.LEASED.value,
    tasks.c.owner == sa.bindparam("held_by"),
    tasks.c.fence == sa.bindparam("held_fence"),
)
_holds = sa.select(tasks.c.sequence).where(_held).with_for_update()
_renew = tasks.update().where(_held).values(lease_expires_at=sa.bindparam("until")).returning(tasks)
# ``rules.released``, said to the database.
_ends = tasks.c.is_cancel_requested
_release = (
    tasks.update()
    .where(_held)
    .values(
        state=sa.case((_ends, TaskState.CANCELLED.value), else_=TaskState.QUEUED.value),
        owner=sa.case((_ends, tasks.c.owner), else_=None),
        attempts=tasks.c.attempts - sa.case((_ends, 0), else_=1),
        finished_at=sa.case((_ends, sa.bindparam("now")), else_=None),
        lease_expires_at=None,
    )
)
_finish = (
    tasks.update()
    .where(_held)
    .values(
        state=sa.bindparam("end"),
        error=sa.bindparam("failure"),
        finished_at=sa.bindparam("now"),
        lease_expires_at=None,
    )
)


def to_row(task: TaskRow) -> dict[str, object]:
    return {
        "id": task.id,
        "account": task.account,
        "kind": task.kind,
        "payload": dict(task.payload),
        "created_at": task.created_at,
        "state": task.state.value,
        "owner": task.owner,
        "lease_expires_at": task.lease_expires_at,
        "fence": task.fence,
        "attempts": task.attempts,
        "max_attempts": task.max_attempts,
        "deadline_at": task.deadline_at,
        "is_cancel_requested": task.is_cancel_requested,
        "finished_at": task.finished_at,
        "error": None if task.error is None else dict(task.error),
    }


def from_row(row: sa.RowMapping) -> TaskRow:
    values = {name: value for name, value in row.items() if name != "sequence"}
    return TaskRow(**{**values, "state": TaskState(row["state"])})


class SqlTaskRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, task: TaskRow) -> None:
        try:
            self._connection.execute(tasks.insert(), to_row(task))
        except RowExistsError:
            raise TaskExistsError(task.id) from None

    def find(self, task_id: str) -> TaskRow | None:
        return self._one(sa.select(tasks).where(tasks.c.id == task_id))

    def page(self, account: str, states: Collection[TaskState], request: PageRequest) -> Page[TaskRow]:
        query = sa.select(tasks).where(tasks.c.account == account).order_by(tasks.c.sequence.desc())
        if states:
            query = query.where(tasks.c.state.in_(sorted(states)))
        return page(self._connection, query, request, from_row)

    def lease(self, owner: str, kinds: Collection[str], now: datetime, until: datetime) -> TaskRow | None:
        return self._one(_lease, {"new_owner": owner, "kinds": sorted(kinds), "now": now, "until": until})

    def holds(self, task_id: str, owner: str, fence: int) -> bool:
        return self._connection.execute(_holds, _lease_is(task_id, owner, fence)).first() is not None

    def renew(self, task_id: str, owner: str, fence: int, until: datetime) -> TaskRow | None:
        return self._one(_renew, {**_lease_is(task_id, owner, fence), "until": until})

    def release(self, task_id: str, owner: str, fence: int, now: datetime) -> bool:
        return self._connection.execute(_release, {**_lease_is(task_id, owner, fence), "now": now}).rowcount == 1

    def finish(
        self,
        task_id: str,
        owner: str,
        fence: int,
        state: TaskState,
        error: Mapping[str, object] | None,
        now: datetime,
    ) -> bool:
        failure = None if error is None else dict(error)
        end = {"end": state.value, "failure": failure, "now": now}
        return self._connection.execute(_finish, {**_lease_is(task_id, owner, fence), **end}).rowcount == 1

    def cancel(self, task_id: str, now: datetime) -> TaskRow | None:
        queued = tasks.c.state == TaskState.QUEUED.value
        change = (
            tasks.update()
            .where(tasks.c.id == task_id, _open)
            .values(
                is_cancel_requested=True,
                state=sa.case((queued, TaskState.CANCELLED.value), else_=tasks.c.state),
                finished_at=sa.case((queued, now), else_=tasks.c.finished_at),
            )
        )
        return self._one(change.returning(tasks)) or self.find(task_id)

    def expire(self, owner: str, now: datetime) -> int:
        change = tasks.update().where(
            tasks.c.owner == owner, tasks.c.state == TaskState.LEASED.value, tasks.c.lease_expires_at > now
        )
        return self._connection.execute(change.values(lease_expires_at=now)).rowcount

    def requeue_expired(self, now: datetime) -> tuple[TaskRow, ...]:
        left_alone = (
            sa.select(tasks)
            .where(_open, sa.or_(tasks.c.lease_expires_at <= now, tasks.c.deadline_at <= now))
            .order_by(tasks.c.sequence)
            .with_for_update(skip_locked=True)
        )
        rows = self._connection.execute(left_alone).mappings().all()
        changed = [after for row in rows if (after := rules.swept(from_row(row), now))]
        for task in changed:
            self._connection.execute(tasks.update().where(tasks.c.id == task.id).values(to_row(task)))
        return tuple(changed)

    def _one(self, statement: sa.Executable, parameters: Mapping[str, object] | None = None) -> TaskRow | None:
        row = self._connection.execute(statement, parameters).mappings().first()
        return None if row is None else from_row(row)


def _lease_is(task_id: str, owner: str, fence: int) -> dict[str, object]:
    return {"held_id": task_id, "held_by": owner, "held_fence": fence}
