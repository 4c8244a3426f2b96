"""Places, users, tokens, sessions and entities of every kind in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Generic, TypeVar

from pierhead.control.access import LoginFailures, PrincipalRef, Session, Token, User
from pierhead.control.scopes import Entity, Scope
from pierhead.kit.paging import Page, PageRequest

from .memory_tables import Tables, page

E = TypeVar("E", bound=Entity)


class MemoryEntityRows(Generic[E]):
    def __init__(self, tables: Tables, kind: str) -> None:
        self._rows: dict[tuple[str, Scope, str, str], E] = tables.entities
        self._kind = kind

    def add(self, entity: E) -> bool:
        address = self._address(entity.scope, entity.identifier, entity.parent)
        if address in self._rows:
            return False
        self._rows[address] = entity
        return True

    def find(self, scope: Scope, identifier: str, parent: str = "") -> E | None:
        return self._rows.get(self._address(scope, identifier, parent))

    def replace(self, entity: E) -> None:
        address = self._address(entity.scope, entity.identifier, entity.parent)
        if address in self._rows:
            self._rows[address] = entity

    def remove(self, scope: Scope, identifier: str, parent: str = "") -> bool:
        return self._rows.pop(self._address(scope, identifier, parent), None) is not None

    def page(self, scope: Scope, search: str, request: PageRequest) -> Page[E]:
        wanted = search.casefold()
        found = [
            entity
            for entity in self._own()
            if entity.scope == scope and any(wanted in text.casefold() for text in _texts(entity))
        ]
        in_order = sorted(found, key=lambda entity: (entity.parent, entity.identifier))
        return page(sorted(in_order, key=lambda entity: entity.last_modified_at, reverse=True), request)

    def list(self, scope: Scope, parent: str | None = None) -> tuple[E, ...]:
        return self._oldest_first(e for e in self._own() if e.scope == scope and parent in (None, e.parent))

    def list_below(self, scope: Scope) -> tuple[E, ...]:
        return self._oldest_first(entity for entity in self._own() if scope.contains(entity.scope))

    def list_about(self, account: str, about: str) -> tuple[E, ...]:
        return self._oldest_first(e for e in self._own() if e.scope.account == account and e.about == about)

    def remove_below(self, scope: Scope) -> int:
        doomed = self.list_below(scope)
        for entity in doomed:
            self.remove(entity.scope, entity.identifier, entity.parent)
        return len(doomed)

    def _address(self, scope: Scope, identifier: str, parent: str) -> tuple[str, Scope, str, str]:
        return self._kind, scope, parent, identifier

    def _own(self) -> Iterator[E]:
        return (entity for address, entity in self._rows.items() if address[0] == self._kind)

    def _oldest_first(self, entities: Iterable[E]) -> tuple[E, ...]:
        return tuple(sorted(entities, key=lambda entity: (entity.created_at, entity.parent, entity.identifier)))


class MemoryUserRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.users

    def add(self, user: User) -> bool:
        if (user.account, user.id) in self._rows or self.find_by_email(user.account, user.email):
            return False
        self._rows[user.account, user.id] = user
        return True

    def find(self, account: str, user_id: str) -> User | None:
        return self._rows.get((account, user_id))

    def find_by_email(self, account: str, email: str) -> User | None:
        return next((user for user in self._rows.values() if (user.account, user.email) == (account, email)), None)

    def find_by_subject(self, account: str, subject: str) -> User | None:
        return next((user for user in self._rows.values() if (user.account, user.subject) == (account, subject)), None)

    def replace(self, user: User) -> None:
        if (user.account, user.id) in self._rows:
            self._rows[user.account, user.id] = user

    def remove(self, account: str, user_id: str) -> bool:
        return self._rows.pop((account, user_id), None) is not None

    def page(self, account: str, search: str, request: PageRequest) -> Page[User]:
        wanted = search.casefold()
        found = [
            user
            for user in self._rows.values()
            if user.account == account and (wanted in user.email.casefold() or wanted in user.name.casefold())
        ]
        return page(sorted(found, key=lambda user: user.email), request)


class MemoryTokenRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.tokens

    def add(self, token: Token) -> bool:
        if token.id in self._rows or self.find_named(token.account, token.owner, token.api_key, token.identifier):
            return False
        self._rows[token.id] = token
        return True

    def find(self, token_id: str) -> Token | None:
        return self._rows.get(token_id)

    def find_named(self, account: str, owner: PrincipalRef, api_key: str, identifier: str) -> Token | None:
        of_key = self.list(account, owner, api_key)
        return next((token for token in of_key if token.identifier == identifier), None)

    def replace(self, token: Token) -> None:
        if token.id in self._rows:
            self._rows[token.id] = token

    def remove(self, token_id: str) -> bool:
        return self._rows.pop(token_id, None) is not None

    def list(self, account: str, owner: PrincipalRef | None = None, api_key: str | None = None) -> tuple[Token, ...]:
        found = [
            token
            for token in self._rows.values()
            if token.account == account and owner in (None, token.owner) and api_key in (None, token.api_key)
        ]
        return tuple(sorted(found, key=lambda token: (token.created_at, token.id)))

    def remove_of(self, account: str, owners: Iterable[PrincipalRef]) -> int:
        doomed = [token for owner in owners for token in self.list(account, owner)]
        for token in doomed:
            self._rows.pop(token.id, None)
        return len(doomed)


class MemorySessionRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.sessions

    def add(self, session: Session) -> None:
        self._rows[session.id_hash] = session

    def find(self, id_hash: bytes) -> Session | None:
        return self._rows.get(id_hash)

    def seen(self, id_hash: bytes, at: datetime) -> None:
        if id_hash in self._rows:
            self._rows[id_hash] = replace(self._rows[id_hash], last_seen_at=at)

    def remove(self, id_hash: bytes) -> bool:
        return self._rows.pop(id_hash, None) is not None

    def remove_of(self, account: str, user: str) -> int:
        return self._drop([s for s in self._rows.values() if (s.account, s.user) == (account, user)])

    def keep_newest(self, account: str, user: str, most: int) -> int:
        own = [s for s in self._rows.values() if (s.account, s.user) == (account, user)]
        newest_first = sorted(sorted(own, key=lambda s: s.id_hash), key=lambda s: s.created_at, reverse=True)
        return self._drop(newest_first[most:])

    def purge(self, before: datetime) -> int:
        return self._drop([session for session in self._rows.values() if session.expires_at < before])

    def _drop(self, doomed: list[Session]) -> int:
        for session in doomed:
            del self._rows[session.id_hash]
        return len(doomed)


class MemoryLoginFailureRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.login_failures

    def find(self, key: str) -> LoginFailures | None:
        return self._rows.get(key)

    def claim(self, key: str, at: datetime) -> LoginFailures:
        return self._rows.setdefault(key, LoginFailures(key, 0, at))

    def put(self, failures: LoginFailures) -> None:
        self._rows[failures.key] = failures

    def remove(self, key: str) -> None:
        self._rows.pop(key, None)

    def purge(self, before: datetime) -> int:
        doomed = [
            failures.key
            for failures in self._rows.values()
            if failures.first_at < before and (failures.locked_until is None or failures.locked_until < before)
        ]
        for key in doomed:
            del self._rows[key]
        return len(doomed)


class MemoryPropertyRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.properties

    def get(self, name: str) -> str | None:
        return self._rows.get(name)

    def put(self, name: str, value: str) -> None:
        self._rows[name] = value


def _texts(entity: Entity) -> tuple[str, ...]:
    return (entity.name, entity.identifier, *entity.tags, *entity.tags.values())
