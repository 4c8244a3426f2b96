"""Rows of the task queue.

Each change is one statement that also says whose lease it acts under, so it holds however many processes share the
database: ``FOR UPDATE SKIP LOCKED`` where rows can be locked, and nothing at all on SQLite, whose writer is alone.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from pierhead.control.scopes import Areas, Scope
from pierhead.control.tasks import TaskExistsError, TaskRow, TaskState, rules
from pierhead.kit.paging import Page, PageRequest

from . import task_statements as say
from .errors import RowExistsError
from .queries import batches, in_areas, page
from .schema import tasks


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
        "offer_at": task.offer_at,
        "org": task.org or "",
        "project": task.project or "",
        **{name: _document(getattr(task, name)) for name in ("error", "route", "offers", "checkpoint", "result")},
    }


def from_row(row: sa.RowMapping) -> TaskRow:
    values = {name: value for name, value in row.items() if name != "sequence"}
    place = {"org": row["org"] or None, "project": row["project"] or None}
    return TaskRow(**{**values, **place, "state": TaskState(row["state"])})


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

    def page(
        self, account: str, states: Collection[TaskState], request: PageRequest, areas: Areas = None
    ) -> Page[TaskRow]:
        query = sa.select(tasks).where(tasks.c.account == account, in_areas(tasks, areas))
        query = query.order_by(tasks.c.sequence.desc())
        if states:
            query = query.where(tasks.c.state.in_(sorted(states)))
        return page(self._connection, query, request, from_row)

    def lease(
        self, owner: str, kinds: Collection[str], now: datetime, until: datetime, busy: Collection[Scope] = ()
    ) -> TaskRow | None:
        places = [f"{scope.account}/{scope.org or ''}/{scope.project or ''}" for scope in busy]
        known = {"new_owner": owner, "kinds": sorted(kinds), "now": now, "until": until}
        return self._one(say.lease, {**known, "busy": sorted(places)})

    def lease_this(self, task_id: str, owner: str, now: datetime, until: datetime) -> TaskRow | None:
        return self._one(say.lease_this, {"wanted": task_id, "new_owner": owner, "now": now, "until": until})

    def holds(self, task_id: str, owner: str, fence: int) -> bool:
        return self._connection.execute(say.holds, _lease_is(task_id, owner, fence)).first() is not None

    def renew(self, task_id: str, owner: str, fence: int, until: datetime) -> TaskRow | None:
        return self._one(say.renew, {**_lease_is(task_id, owner, fence), "until": until})

    def release(self, task_id: str, owner: str, fence: int, now: datetime, *, is_declined: bool = False) -> bool:
        parameters = {**_lease_is(task_id, owner, fence), "now": now, "is_declined": is_declined}
        return self._connection.execute(say.release, parameters).rowcount == 1

    def put_checkpoint(self, task_id: str, owner: str, fence: int, checkpoint: Mapping[str, object]) -> bool:
        parameters = {**_lease_is(task_id, owner, fence), "document": dict(checkpoint)}
        return self._connection.execute(say.put_checkpoint, parameters).rowcount == 1

    def leased_by(self, owners: Collection[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for some in batches(owners):
            found.update({str(owner): count for owner, count in self._connection.execute(say.leases, {"owners": some})})
        return found

    def finish(
        self,
        task_id: str,
        owner: str,
        fence: int,
        state: TaskState,
        error: Mapping[str, object] | None,
        now: datetime,
        result: Mapping[str, object] | None = None,
    ) -> bool:
        end = {"end": state.value, "failure": _document(error), "outcome": _document(result), "now": now}
        return self._connection.execute(say.finish, {**_lease_is(task_id, owner, fence), **end}).rowcount == 1

    def cancel(self, task_id: str, now: datetime) -> TaskRow | None:
        return self._one(say.cancel, {"wanted": task_id, "now": now}) or self.find(task_id)

    def due_offers(self, now: datetime, limit: int) -> tuple[TaskRow, ...]:
        rows = self._connection.execute(say.due_offers, {"now": now, "most": limit}).mappings()
        return tuple(from_row(row) for row in rows)

    def next_offer_at(self) -> datetime | None:
        return self._connection.execute(say.next_offer).scalar_one_or_none()

    def put_offers(self, task_id: str, offers: Mapping[str, object], offer_at: datetime | None) -> bool:
        parameters = {"wanted": task_id, "document": dict(offers), "at": offer_at}
        return self._connection.execute(say.put_offers, parameters).rowcount == 1

    def hurry_offers(self, account: str, now: datetime) -> int:
        return self._connection.execute(say.hurry_offers, {"of_account": account, "now": now}).rowcount

    def give_up(self, task_id: str, error: Mapping[str, object], now: datetime) -> TaskRow | None:
        return self._one(say.give_up, {"wanted": task_id, "failure": dict(error), "now": now})

    def expire(self, owner: str, now: datetime) -> int:
        change = tasks.update().where(
            tasks.c.owner == owner, tasks.c.state == TaskState.LEASED.value, tasks.c.lease_expires_at > now
        )
        return self._connection.execute(change.values(lease_expires_at=now)).rowcount

    def spare(self, owner: str, until: datetime) -> int:
        """``rules.spared``, said to the database."""
        change = tasks.update().where(
            tasks.c.owner != owner,
            tasks.c.state == TaskState.LEASED.value,
            tasks.c.lease_expires_at < until,
            tasks.c.is_cancel_requested.is_(False),
        )
        return self._connection.execute(change.values(lease_expires_at=until)).rowcount

    def requeue_expired(self, now: datetime) -> tuple[TaskRow, ...]:
        rows = self._connection.execute(say.left_alone, {"now": now}).mappings().all()
        changed = [after for row in rows if (after := rules.swept(from_row(row), now))]
        for task in changed:
            self._connection.execute(tasks.update().where(tasks.c.id == task.id).values(to_row(task)))
        return tuple(changed)

    def _one(self, statement: sa.Executable, parameters: Mapping[str, object] | None = None) -> TaskRow | None:
        row = self._connection.execute(statement, parameters).mappings().first()
        return None if row is None else from_row(row)


def _document(value: Mapping[str, object] | None) -> dict[str, object] | None:
    return None if value is None else dict(value)


def _lease_is(task_id: str, owner: str, fence: int) -> dict[str, object]:
    return {"held_id": task_id, "held_by": owner, "held_fence": fence}
