"""Rows of delegates. What each of them says every minute is written for all of them at once."""

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa

from pierhead.control.delegates import Delegate, DelegateState
from pierhead.control.scopes import Scope

from .delegate_records import delegate_from_row, delegate_to_row
from .queries import batches, scope_columns, to_change, upsert
from .schema import delegates, experiences

_put = upsert(delegates)
_is_there = delegates.c.state != DelegateState.DELETED.value
# One look into the index for each scope.
_enabled_in = (
    sa.select(delegates.c.id)
    .where(*(delegates.c[name] == sa.bindparam(name) for name in ("account", "org", "project")))
    .where(delegates.c.state == DelegateState.ENABLED.value)
    .limit(1)
)
_last_heard_of = sa.func.coalesce(delegates.c.last_heartbeat_at, delegates.c.enrolled_at)


class SqlDelegateRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(self, delegate: Delegate) -> None:
        self._connection.execute(_put, delegate_to_row(delegate))

    def find(self, delegate_id: str) -> Delegate | None:
        query = to_change(self._connection, sa.select(delegates).where(delegates.c.id == delegate_id))
        row = self._connection.execute(query).mappings().first()
        return None if row is None else delegate_from_row(row)

    def list(self, account: str, states: Collection[DelegateState] = ()) -> tuple[Delegate, ...]:
        wanted = delegates.c.state.in_(sorted(states)) if states else _is_there
        return self._all(delegates.c.account == account, wanted)

    def count(self, account: str) -> int:
        query = sa.select(sa.func.count()).select_from(delegates).where(delegates.c.account == account, _is_there)
        return self._connection.execute(query).scalar_one()

    def list_by_token(self, token_id: str) -> tuple[Delegate, ...]:
        of_the_token = sa.select(delegates.c.id).where(delegates.c.token_id == token_id).order_by(delegates.c.id)
        self._connection.execute(to_change(self._connection, of_the_token))  # in the order in which ``_change`` locks
        return self._all(delegates.c.token_id == token_id, _is_there)

    def has_enabled(self, scopes: Collection[Scope]) -> bool:
        places = (scope_columns(scope) for scope in scopes)
        return any(self._connection.execute(_enabled_in, place).first() is not None for place in places)

    def delete(self, delegate_id: str) -> None:
        self._connection.execute(experiences.delete().where(experiences.c.delegate_id == delegate_id))
        self._connection.execute(delegates.delete().where(delegates.c.id == delegate_id))

    def seen(self, delegate_ids: Collection[str], now: datetime) -> None:
        self._change(delegate_ids, {"is_connected": True, "last_heartbeat_at": now})

    def gone(self, delegate_ids: Collection[str], heard_at: datetime | None = None) -> None:
        since = () if heard_at is None else (_last_heard_of <= heard_at,)
        self._change(delegate_ids, {"is_connected": False}, *since)

    def assigned(self, delegate_id: str, now: datetime) -> None:
        self._change((delegate_id,), {"last_assigned_at": now})

    def lost_before(self, moment: datetime) -> tuple[Delegate, ...]:
        return self._all(delegates.c.is_connected, _last_heard_of < moment)

    def forgettable(self, moment: datetime) -> tuple[Delegate, ...]:
        return self._all(sa.not_(delegates.c.is_connected), _last_heard_of < moment)

    def _change(self, delegate_ids: Iterable[str], values: dict[str, object], *where: sa.ColumnElement[bool]) -> None:
        for some in batches(delegate_ids):
            # Locked in one order, so that two servers that hear of the same delegates do not wait for each other.
            in_order = sa.select(delegates.c.id).where(delegates.c.id.in_(some)).order_by(delegates.c.id)
            these = delegates.c.id.in_(in_order.with_for_update())
            self._connection.execute(delegates.update().where(these, *where).values(values))

    def _all(self, *where: sa.ColumnElement[bool]) -> tuple[Delegate, ...]:
        query = sa.select(delegates).where(*where).order_by(delegates.c.enrolled_at, delegates.c.id)
        return tuple(delegate_from_row(row) for row in self._connection.execute(query).mappings())
