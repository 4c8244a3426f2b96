"""Delegates, their tokens, groups and history in memory."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from pierhead.control.delegates import (
    Delegate,
    DelegateGroup,
    DelegateState,
    DelegateToken,
    Experience,
    GroupExistsError,
    LoggedLine,
    TokenExistsError,
    TokenStatus,
)
from pierhead.control.scopes import Scope

from .memory_tables import Tables

_MOST_LINES = 10_000


class MemoryDelegateTokenRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.delegate_tokens

    def add(self, token: DelegateToken) -> None:
        if token.id in self._rows or self.find(token.scope, token.name):
            raise TokenExistsError(token.name)
        self._rows[token.id] = token

    def find(self, scope: Scope, name: str) -> DelegateToken | None:
        return next((token for token in self._rows.values() if (token.scope, token.name) == (scope, name)), None)

    def find_by_id(self, token_id: str) -> DelegateToken | None:
        return self._rows.get(token_id)

    def list(self, scope: Scope) -> tuple[DelegateToken, ...]:
        return _newest_first(token for token in self._rows.values() if token.scope == scope)

    def list_all(self, after: str, limit: int) -> tuple[DelegateToken, ...]:
        behind = (token for token in self._rows.values() if token.id > after)
        return tuple(sorted(behind, key=lambda token: token.id)[:limit])

    def put(self, token: DelegateToken) -> None:
        if token.id in self._rows:
            self._rows[token.id] = token

    def delete(self, token_id: str) -> None:
        self._rows.pop(token_id, None)

    def due_for_revocation(self, now: datetime) -> tuple[DelegateToken, ...]:
        active = (token for token in self._rows.values() if token.status is TokenStatus.ACTIVE)
        return _newest_first(token for token in active if token.revoke_after and token.revoke_after <= now)

    def purge(self, revoked_before: datetime) -> int:
        revoked = [token for token in self._rows.values() if token.status is TokenStatus.REVOKED]
        old = [token.id for token in revoked if token.revoked_at and token.revoked_at < revoked_before]
        for token_id in old:
            del self._rows[token_id]
        return len(old)


class MemoryDelegateGroupRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.delegate_groups

    def add(self, group: DelegateGroup) -> None:
        if group.id in self._rows or self.find(group.scope, group.name):
            raise GroupExistsError(group.name)
        self._rows[group.id] = group

    def find(self, scope: Scope, name: str) -> DelegateGroup | None:
        return next((group for group in self._rows.values() if (group.scope, group.name) == (scope, name)), None)

    def list(self, account: str) -> tuple[DelegateGroup, ...]:
        found = [group for group in self._rows.values() if group.scope.account == account]
        return tuple(sorted(found, key=lambda group: (group.name, group.scope.org or "", group.scope.project or "")))

    def put(self, group: DelegateGroup) -> None:
        if group.id in self._rows:
            self._rows[group.id] = group

    def delete(self, group_id: str) -> None:
        self._rows.pop(group_id, None)


class MemoryDelegateRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.delegates
        self._experiences = tables.experiences

    def put(self, delegate: Delegate) -> None:
        self._rows[delegate.id] = delegate

    def find(self, delegate_id: str) -> Delegate | None:
        return self._rows.get(delegate_id)

    def list(self, account: str, states: Collection[DelegateState] = ()) -> tuple[Delegate, ...]:
        wanted = states or [state for state in DelegateState if state is not DelegateState.DELETED]
        return self._in_order(d for d in self._rows.values() if d.scope.account == account and d.state in wanted)

    def count(self, account: str) -> int:
        return len(self.list(account))

    def list_by_token(self, token_id: str) -> tuple[Delegate, ...]:
        let_in = (delegate for delegate in self._rows.values() if delegate.token_id == token_id)
        return self._in_order(delegate for delegate in let_in if delegate.state is not DelegateState.DELETED)

    def has_enabled(self, scopes: Collection[Scope]) -> bool:
        return any(d.state is DelegateState.ENABLED and d.scope in scopes for d in self._rows.values())

    def delete(self, delegate_id: str) -> None:
        self._rows.pop(delegate_id, None)
        for place in [place for place in self._experiences if place[0] == delegate_id]:
            del self._experiences[place]

    def seen(self, delegate_ids: Collection[str], now: datetime) -> None:
        for delegate in self._known(delegate_ids):
            self.put(replace(delegate, is_connected=True, last_heartbeat_at=now))

    def gone(self, delegate_ids: Collection[str], heard_at: datetime | None = None) -> None:
        for delegate in self._known(delegate_ids):
            if heard_at is None or (delegate.last_heartbeat_at or delegate.enrolled_at) <= heard_at:
                self.put(replace(delegate, is_connected=False))

    def assigned(self, delegate_id: str, now: datetime) -> None:
        for delegate in self._known((delegate_id,)):
            self.put(replace(delegate, last_assigned_at=now))

    def lost_before(self, moment: datetime) -> tuple[Delegate, ...]:
        return self._in_order(d for d in self._rows.values() if d.is_connected and _last_heard_of(d) < moment)

    def forgettable(self, moment: datetime) -> tuple[Delegate, ...]:
        return self._in_order(d for d in self._rows.values() if not d.is_connected and _last_heard_of(d) < moment)

    def _known(self, delegate_ids: Iterable[str]) -> tuple[Delegate, ...]:
        return tuple(self._rows[delegate_id] for delegate_id in delegate_ids if delegate_id in self._rows)

    def _in_order(self, delegates: Iterable[Delegate]) -> tuple[Delegate, ...]:
        return tuple(sorted(delegates, key=lambda delegate: (delegate.enrolled_at, delegate.id)))


class MemoryExperienceRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.experiences

    def put(self, experiences: Iterable[Experience]) -> None:
        for new in experiences:
            old = self._rows.get((new.delegate_id, new.origin))
            if old is None or new.at >= old.at:
                self._rows[new.delegate_id, new.origin] = new

    def list(self, delegate_ids: Collection[str], origins: Collection[str]) -> tuple[Experience, ...]:
        found = [
            row for (delegate, origin), row in self._rows.items() if delegate in delegate_ids and origin in origins
        ]
        return tuple(sorted(found, key=lambda experience: (experience.delegate_id, experience.origin)))

    def list_of(self, delegate_id: str) -> tuple[Experience, ...]:
        found = (row for (delegate, _), row in self._rows.items() if delegate == delegate_id)
        return tuple(sorted(found, key=lambda experience: experience.origin))


class MemorySelectionLogRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.selection_log

    def add(self, lines: Iterable[LoggedLine]) -> None:
        for line in lines:
            self._rows[len(self._rows)] = line

    def list(self, task_id: str) -> tuple[LoggedLine, ...]:
        return tuple(line for line in self._rows.values() if line.task_id == task_id)[:_MOST_LINES]


class MemoryNonceRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.nonces

    def use(self, delegate_id: str, nonce: str, expires_at: datetime) -> bool:
        if (delegate_id, nonce) in self._rows:
            return False
        self._rows[delegate_id, nonce] = expires_at
        return True

    def purge(self, expired_before: datetime) -> int:
        old = [place for place, expires_at in self._rows.items() if expires_at < expired_before]
        for place in old:
            del self._rows[place]
        return len(old)


def _last_heard_of(delegate: Delegate) -> datetime:
    return delegate.last_heartbeat_at or delegate.enrolled_at


def _newest_first(tokens: Iterable[DelegateToken]) -> tuple[DelegateToken, ...]:
    by_name = sorted(tokens, key=lambda token: (token.name, token.id))
    return tuple(sorted(by_name, key=lambda token: token.created_at, reverse=True))
