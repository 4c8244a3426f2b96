"""Rows of notices, and of their deliveries: an outbox that several servers empty together."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime

import sqlalchemy as sa
from pydantic import TypeAdapter

from pierhead.control.notices import Delivery, DeliveryState, Notice, Topic
from pierhead.control.scopes import Areas, Scope
from pierhead.kit.paging import Page, PageRequest

from .errors import RowExistsError
from .notice_schema import deliveries, notices
from .queries import in_areas, in_scope, page, scope_columns, scope_of

_notice = TypeAdapter(Notice)
_is_waiting = deliveries.c.state == DeliveryState.WAITING.value
_ADDRESS = ("account", "org", "project", "subscription")


class SqlNoticeRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, notice: Notice) -> bool:
        columns = {"id": notice.id, "at": notice.at, "topic": notice.topic.value, "key": notice.key}
        row = {**scope_columns(notice.scope), **columns, "document": _notice.dump_python(notice, mode="json")}
        try:
            with self._connection.begin_nested():
                self._connection.execute(notices.insert(), row)
        except RowExistsError:
            return False
        return True

    def find(self, account: str, notice: str) -> Notice | None:
        query = sa.select(notices).where(notices.c.account == account, notices.c.id == notice)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _from_row(row)

    def page(
        self,
        account: str,
        request: PageRequest,
        areas: Areas = None,
        topics: tuple[Topic, ...] = (),
        since: datetime | None = None,
    ) -> Page[Notice]:
        where = [notices.c.account == account, in_areas(notices, areas)]
        if topics:
            where.append(notices.c.topic.in_([topic.value for topic in topics]))
        if since is not None:
            where.append(notices.c.at >= since)
        query = sa.select(notices).where(*where).order_by(notices.c.sequence.desc())
        return page(self._connection, query, request, _from_row)

    def prune(self, account: str, before: datetime, keep: int) -> int:
        own = notices.c.account == account
        newest_first = sa.select(notices.c.sequence).where(own).order_by(notices.c.sequence.desc())
        last_kept = self._connection.execute(newest_first.offset(keep - 1).limit(1)).scalar_one_or_none()
        old = notices.c.at < before
        if last_kept is not None:
            old = sa.or_(old, notices.c.sequence < last_kept)
        return self._connection.execute(notices.delete().where(own, old)).rowcount


class SqlDeliveryRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, new: Iterable[Delivery]) -> None:
        if rows := [_to_row(delivery) for delivery in new]:
            self._connection.execute(deliveries.insert(), rows)

    def has_due(self, now: datetime) -> bool:
        return self._connection.execute(_due(now).limit(1)).first() is not None

    def claim_due(self, now: datetime, until: datetime, limit: int) -> tuple[Delivery, ...]:
        query = _due(now).limit(limit).with_for_update(skip_locked=True)
        found = [_delivery(row) for row in self._connection.execute(query).mappings().all()]
        claimed = tuple(replace(each, attempts=each.attempts + 1, next_at=until) for each in found)
        for each in claimed:
            change = deliveries.update().where(deliveries.c.id == each.id)
            self._connection.execute(change.values(attempts=each.attempts, next_at=each.next_at))
        return claimed

    def settle(self, delivery: Delivery) -> bool:
        held = (deliveries.c.id == delivery.id, _is_waiting, deliveries.c.attempts == delivery.attempts)
        return self._connection.execute(deliveries.update().where(*held).values(_to_row(delivery))).rowcount == 1

    def page(self, scope: Scope, subscription: str, request: PageRequest) -> Page[Delivery]:
        query = sa.select(deliveries).where(_of(scope, subscription)).order_by(deliveries.c.sequence.desc())
        return page(self._connection, query, request, _delivery)

    def give_up(self, scope: Scope, subscription: str, at: datetime, code: str, error: str) -> int:
        change = deliveries.update().where(_of(scope, subscription), _is_waiting)
        ended = {"state": DeliveryState.GIVEN_UP.value, "finished_at": at, "error_code": code, "error": error}
        return self._connection.execute(change.values(ended)).rowcount

    def remove(self, scope: Scope, subscription: str) -> None:
        self._connection.execute(deliveries.delete().where(_of(scope, subscription)))

    def prune(self, account: str) -> None:
        is_gone = ~sa.exists().where(notices.c.id == deliveries.c.notice)
        self._connection.execute(deliveries.delete().where(deliveries.c.account == account, ~_is_waiting, is_gone))


def _due(now: datetime) -> sa.Select[*tuple[object, ...]]:
    """What waits again is asked of the row itself too: PostgreSQL looks only there once more after it had to wait."""
    older = deliveries.alias("older")
    of_the_same = [older.c[name] == deliveries.c[name] for name in _ADDRESS]
    waits_before = sa.and_(
        *of_the_same, older.c.state == DeliveryState.WAITING.value, older.c.sequence < deliveries.c.sequence
    )
    is_first = ~sa.exists(sa.select(older.c.sequence).where(waits_before))
    due = sa.select(deliveries).where(_is_waiting, deliveries.c.next_at <= now, is_first)
    return due.order_by(deliveries.c.next_at, deliveries.c.sequence)


def _of(scope: Scope, subscription: str) -> sa.ColumnElement[bool]:
    return sa.and_(in_scope(deliveries, scope), deliveries.c.subscription == subscription)


def _from_row(row: sa.RowMapping) -> Notice:
    return _notice.validate_python(row["document"])


def _to_row(delivery: Delivery) -> dict[str, object]:
    columns = asdict(delivery)
    del columns["scope"]
    return {
        **scope_columns(delivery.scope),
        **columns,
        "state": delivery.state.value,
        "topic": delivery.topic.value,
    }


def _delivery(row: sa.RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        scope=scope_of(row),
        subscription=row["subscription"],
        notice=row["notice"],
        topic=Topic(row["topic"]),
        created_at=row["created_at"],
        next_at=row["next_at"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        status=row["status"],
        error_code=row["error_code"] or "",
        error=row["error"] or "",
        finished_at=row["finished_at"],
    )
