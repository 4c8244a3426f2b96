"""Rows of delegate tokens and delegate groups."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pierhead.control.delegates import (
    DelegateGroup,
    DelegateToken,
    GroupExistsError,
    TokenExistsError,
    TokenStatus,
)
from pierhead.control.scopes import Scope

from .delegate_records import group_from_row, group_to_row, token_from_row, token_to_row
from .errors import RowExistsError
from .queries import in_scope, to_change
from .schema import delegate_groups, delegate_tokens


class SqlDelegateTokenRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, token: DelegateToken) -> None:
        try:
            self._connection.execute(delegate_tokens.insert(), token_to_row(token))
        except RowExistsError:
            raise TokenExistsError(token.name) from None

    def find(self, scope: Scope, name: str) -> DelegateToken | None:
        named = sa.and_(in_scope(delegate_tokens, scope), delegate_tokens.c.name == name)
        return self._one(to_change(self._connection, sa.select(delegate_tokens).where(named)))

    def find_by_id(self, token_id: str) -> DelegateToken | None:
        return self._one(sa.select(delegate_tokens).where(delegate_tokens.c.id == token_id))

    def list(self, scope: Scope) -> tuple[DelegateToken, ...]:
        return self._all(in_scope(delegate_tokens, scope))

    def list_all(self, after: str, limit: int) -> tuple[DelegateToken, ...]:
        columns = delegate_tokens.c
        query = sa.select(delegate_tokens).where(columns.id > after).order_by(columns.id).limit(limit)
        rows = self._connection.execute(to_change(self._connection, query)).mappings()
        return tuple(token_from_row(row) for row in rows)

    def put(self, token: DelegateToken) -> None:
        change = delegate_tokens.update().where(delegate_tokens.c.id == token.id)
        self._connection.execute(change.values(token_to_row(token)))

    def delete(self, token_id: str) -> None:
        self._connection.execute(delegate_tokens.delete().where(delegate_tokens.c.id == token_id))

    def due_for_revocation(self, now: datetime) -> tuple[DelegateToken, ...]:
        is_active = delegate_tokens.c.status == TokenStatus.ACTIVE.value
        return self._all(sa.and_(is_active, delegate_tokens.c.revoke_after <= now))

    def purge(self, revoked_before: datetime) -> int:
        is_revoked = delegate_tokens.c.status == TokenStatus.REVOKED.value
        old = delegate_tokens.delete().where(is_revoked, delegate_tokens.c.revoked_at < revoked_before)
        return self._connection.execute(old).rowcount

    def _one(self, query: sa.Select[*tuple[Any, ...]]) -> DelegateToken | None:
        row = self._connection.execute(query).mappings().first()
        return None if row is None else token_from_row(row)

    def _all(self, where: sa.ColumnElement[bool]) -> tuple[DelegateToken, ...]:
        columns = delegate_tokens.c
        query = sa.select(delegate_tokens).where(where).order_by(columns.created_at.desc(), columns.name, columns.id)
        return tuple(token_from_row(row) for row in self._connection.execute(query).mappings())


class SqlDelegateGroupRows:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, group: DelegateGroup) -> None:
        try:
            self._connection.execute(delegate_groups.insert(), group_to_row(group))
        except RowExistsError:
            raise GroupExistsError(group.name) from None

    def find(self, scope: Scope, name: str) -> DelegateGroup | None:
        query = sa.select(delegate_groups).where(in_scope(delegate_groups, scope), delegate_groups.c.name == name)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else group_from_row(row)

    def list(self, account: str) -> tuple[DelegateGroup, ...]:
        columns = delegate_groups.c
        query = sa.select(delegate_groups).where(columns.account == account)
        found = (group_from_row(row) for row in self._connection.execute(query).mappings())
        # Sorted here: databases disagree on the order of letters.
        return tuple(sorted(found, key=lambda group: (group.name, group.scope.org or "", group.scope.project or "")))

    def put(self, group: DelegateGroup) -> None:
        change = delegate_groups.update().where(delegate_groups.c.id == group.id)
        self._connection.execute(change.values(group_to_row(group)))

    def delete(self, group_id: str) -> None:
        self._connection.execute(delegate_groups.delete().where(delegate_groups.c.id == group_id))
