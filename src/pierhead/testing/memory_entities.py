"""Accounts, keys, secrets and connectors in memory."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from pierhead.control.access import Account
from pierhead.control.connectors import Connector, ConnectorExistsError, ConnectorFilter, ConnectorStatus
from pierhead.control.scopes import Scope
from pierhead.control.secrets import Secret, SecretExistsError
from pierhead.kit.errors import ConflictError
from pierhead.kit.paging import Page, PageRequest

from .memory_tables import Tables, page

T = TypeVar("T")


class MemoryAccountRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.accounts

    def add(self, account: Account) -> None:
        if account.id in self._rows:
            raise ConflictError(f"there is already an account {account.id!r}")
        self._rows[account.id] = account

    def find(self, account: str) -> Account | None:
        return self._rows.get(account)

    def list(self) -> tuple[Account, ...]:
        return tuple(sorted(self._rows.values(), key=lambda account: (account.created_at, account.id)))

    def hold(self, account: str) -> None:
        """Nothing to do: one transaction at a time."""


def _address(secret: Secret) -> tuple[str, str, str, str]:
    return secret.scope.account, secret.scope.org or "", secret.scope.project or "", secret.identifier


class MemorySecretRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.secrets

    def add(self, secret: Secret) -> None:
        if (secret.scope, secret.identifier) in self._rows:
            raise SecretExistsError(secret.identifier)
        self._rows[secret.scope, secret.identifier] = secret

    def find(self, scope: Scope, identifier: str) -> Secret | None:
        return self._rows.get((scope, identifier))

    def replace(self, secret: Secret) -> None:
        if (secret.scope, secret.identifier) in self._rows:
            self._rows[secret.scope, secret.identifier] = secret

    def remove(self, scope: Scope, identifier: str) -> bool:
        return self._rows.pop((scope, identifier), None) is not None

    def page(self, scope: Scope, search: str, request: PageRequest, only: frozenset[str] | None = None) -> Page[Secret]:
        wanted = search.casefold()
        found = [
            secret
            for secret in self._rows.values()
            if secret.scope == scope
            and (only is None or secret.identifier in only)
            and (wanted in secret.name.casefold() or wanted in secret.identifier.casefold())
        ]
        return page(_newest_first(found, lambda s: s.created_at, lambda s: s.identifier), request)

    def around(self, scope: Scope, search: str, *, above: bool, below: bool) -> tuple[Secret, ...]:
        wanted = search.casefold()
        found = [
            secret
            for secret in self._rows.values()
            if (
                secret.scope == scope
                or (above and secret.scope.contains(scope))
                or (below and scope.contains(secret.scope))
            )
            and (wanted in secret.name.casefold() or wanted in secret.identifier.casefold())
        ]
        return tuple(sorted(sorted(found, key=_address), key=lambda secret: secret.created_at, reverse=True))

    def key_ids(self) -> frozenset[str]:
        return frozenset(self.count_by_key())

    def count_by_key(self) -> dict[str, int]:
        return dict(Counter(secret.sealed.key_id for secret in self._rows.values() if secret.sealed))

    def not_under(self, key_id: str, after: tuple[Scope, str] | None, limit: int) -> tuple[Secret, ...]:
        found = [row for row in self._rows.values() if row.sealed is not None and row.sealed.key_id != key_id]
        found.sort(key=_address)
        behind = None if after is None else (after[0].account, after[0].org or "", after[0].project or "", after[1])
        return tuple(row for row in found if behind is None or _address(row) > behind)[:limit]


class MemoryConnectorRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.connectors
        self._next_tests = tables.next_tests

    def add(self, connector: Connector) -> None:
        if (connector.scope, connector.identifier) in self._rows:
            raise ConnectorExistsError(connector.name, connector.identifier)
        self._rows[connector.scope, connector.identifier] = connector

    def find(self, scope: Scope, identifier: str) -> Connector | None:
        return self._rows.get((scope, identifier))

    def replace(self, connector: Connector) -> None:
        if (connector.scope, connector.identifier) in self._rows:
            self._rows[connector.scope, connector.identifier] = connector

    def remove(self, scope: Scope, identifier: str) -> bool:
        self._next_tests.pop((scope, identifier), None)
        return self._rows.pop((scope, identifier), None) is not None

    def page(self, scope: Scope, wanted: ConnectorFilter, request: PageRequest) -> Page[Connector]:
        scopes = wanted.scopes(scope)
        found = [
            row for row in self._rows.values() if row.scope in scopes and wanted.shows(row) and wanted.matches(row)
        ]
        return page(wanted.in_order(found), request)

    def set_status(self, scope: Scope, identifier: str, status: ConnectorStatus) -> bool:
        connector = self._rows.get((scope, identifier))
        if connector is None:
            return False
        self._rows[scope, identifier] = replace(connector, status=status)
        return True

    def claim_due_tests(self, now: datetime, next_at: datetime, limit: int) -> tuple[tuple[Scope, str], ...]:
        due = [place for place, at in self._next_tests.items() if at <= now]
        first = sorted(due, key=lambda place: (self._next_tests[place], self._rows[place].id))[:limit]
        self._next_tests.update(dict.fromkeys(first, next_at))
        return tuple(first)

    def set_next_test(self, scope: Scope, identifier: str, at: datetime | None) -> bool:
        if (scope, identifier) not in self._rows:
            return False
        self._next_tests.pop((scope, identifier), None)
        if at is not None:
            self._next_tests[scope, identifier] = at
        return True

    def referring_to(self, scope: Scope, identifier: str) -> tuple[Connector, ...]:
        return tuple(
            connector
            for connector in self._rows.values()
            if connector.scope.account == scope.account and (scope, identifier) in connector.secrets()
        )


def _newest_first(items: Collection[T], when: Callable[[T], datetime], name: Callable[[T], str]) -> list[T]:
    return sorted(sorted(items, key=name), key=when, reverse=True)
