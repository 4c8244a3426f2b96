"""Rows of what watches have seen."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime

import sqlalchemy as sa
from pydantic import TypeAdapter

from pierhead.control.scopes import Scope
from pierhead.control.sources import EventKind, SeenTag, WatchEvent, WatchState
from pierhead.kit.paging import Page, PageRequest

from .queries import batches, in_scope, page, scope_columns, scope_of, to_change, upsert
from .watch_schema import WATCH_TABLES, watch_events, watch_states, watch_tags

_put_state = upsert(watch_states)
_put_tag = upsert(watch_tags)
_state = TypeAdapter(WatchState)
_TAG = tuple(each.name for each in fields(SeenTag))
_EVENT = ("tag", "at", "old_digest", "new_digest")


class SqlWatchRecords:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put_state(self, scope: Scope, watch: str, state: WatchState) -> None:
        said = _state.dump_python(state, mode="json")
        self._connection.execute(
            _put_state, {**_address(scope, watch), "next_poll_at": state.next_poll_at, "document": said}
        )

    def find_state(self, scope: Scope, watch: str) -> WatchState | None:
        query = to_change(self._connection, sa.select(watch_states).where(_of(watch_states, scope, watch)))
        row = self._connection.execute(query).mappings().first()
        if row is None:
            return None
        return replace(_state.validate_python(row["document"]), next_poll_at=row["next_poll_at"])

    def claim_due(self, now: datetime, next_at: datetime, limit: int) -> tuple[tuple[Scope, str], ...]:
        keys = tuple(watch_states.primary_key.columns)
        due = sa.select(*keys).where(watch_states.c.next_poll_at <= now).limit(limit)
        in_order = due.order_by(watch_states.c.next_poll_at, *keys).with_for_update(skip_locked=True)
        found = [(scope_of(row), row["watch"]) for row in self._connection.execute(in_order).mappings().all()]
        for scope, watch in found:
            change = watch_states.update().where(_of(watch_states, scope, watch))
            self._connection.execute(change.values(next_poll_at=next_at))
        return tuple(found)

    def tags(self, scope: Scope, watch: str) -> Mapping[str, SeenTag]:
        query = sa.select(*(watch_tags.c[name] for name in _TAG)).where(_of(watch_tags, scope, watch))
        rows = self._connection.execute(query.order_by(watch_tags.c.tag)).mappings()
        return {row["tag"]: SeenTag(**row) for row in rows}

    def put_tags(self, scope: Scope, watch: str, tags: Iterable[SeenTag]) -> None:
        address = _address(scope, watch)
        rows = [{**address, **{name: getattr(tag, name) for name in _TAG}} for tag in tags]
        if rows:
            self._connection.execute(_put_tag, rows)

    def remove_tags(self, scope: Scope, watch: str, tags: Iterable[str]) -> None:
        for some in batches(tags):
            where = sa.and_(_of(watch_tags, scope, watch), watch_tags.c.tag.in_(some))
            self._connection.execute(watch_tags.delete().where(where))

    def add_events(self, scope: Scope, watch: str, events: Iterable[WatchEvent], keep: int) -> None:
        address = _address(scope, watch)
        rows = [
            {**address, "kind": event.kind.value, **{name: getattr(event, name) for name in _EVENT}} for event in events
        ]
        if not rows:
            return
        self._connection.execute(watch_events.insert(), rows)
        own = _of(watch_events, scope, watch)
        newest_first = sa.select(watch_events.c.sequence).where(own).order_by(watch_events.c.sequence.desc())
        last_kept = self._connection.execute(newest_first.offset(keep - 1).limit(1)).scalar_one_or_none()
        if last_kept is not None:
            self._connection.execute(watch_events.delete().where(own, watch_events.c.sequence < last_kept))

    def events(self, scope: Scope, watch: str, request: PageRequest) -> Page[WatchEvent]:
        query = sa.select(watch_events).where(_of(watch_events, scope, watch))
        return page(self._connection, query.order_by(watch_events.c.sequence.desc()), request, _event)

    def remove(self, scope: Scope, watch: str) -> None:
        for table in WATCH_TABLES:
            self._connection.execute(table.delete().where(_of(table, scope, watch)))


def _event(row: sa.RowMapping) -> WatchEvent:
    return WatchEvent(EventKind(row["kind"]), **{name: row[name] for name in _EVENT})


def _address(scope: Scope, watch: str) -> dict[str, str]:
    return {**scope_columns(scope), "watch": watch}


def _of(table: sa.Table, scope: Scope, watch: str) -> sa.ColumnElement[bool]:
    return sa.and_(in_scope(table, scope), table.c.watch == watch)
