"""What accounts, principals, keys and grants need of a store."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from pierhead.control.audit import Auditing
from pierhead.control.organizations import PlaceTransaction
from pierhead.control.scopes import EntityRows
from pierhead.kit.paging import Page, PageRequest
from pierhead.kit.signals import Signal, Signals

from .model import (
    Account,
    ApiKey,
    LoginFailures,
    PrincipalRef,
    ResourceGroup,
    Role,
    RoleAssignment,
    ServiceAccount,
    Session,
    Token,
    User,
)


class AccountRows(Protocol):
    def add(self, account: Account) -> None: ...

    def find(self, account: str) -> Account | None: ...

    def list(self) -> tuple[Account, ...]:
        """All accounts, oldest first."""

    def hold(self, account: str) -> None:
        """Whoever else holds it in a transaction that writes comes before or after this one."""


class UserRows(Protocol):
    def add(self, user: User) -> bool:
        """False, and nothing is written, when the account has the email or the id already."""

    def find(self, account: str, user_id: str) -> User | None: ...

    def find_by_email(self, account: str, email: str) -> User | None: ...

    def find_by_subject(self, account: str, subject: str) -> User | None: ...

    def replace(self, user: User) -> None: ...

    def remove(self, account: str, user_id: str) -> bool: ...

    def page(self, account: str, search: str, request: PageRequest) -> Page[User]:
        """By email; ``search`` is part of email or name, in any case."""


class TokenRows(Protocol):
    def add(self, token: Token) -> bool:
        """False when owner and API key have a token of that identifier already."""

    def find(self, token_id: str) -> Token | None: ...

    def find_named(self, account: str, owner: PrincipalRef, api_key: str, identifier: str) -> Token | None: ...

    def replace(self, token: Token) -> None: ...

    def remove(self, token_id: str) -> bool: ...

    def list(self, account: str, owner: PrincipalRef | None = None, api_key: str | None = None) -> tuple[Token, ...]:
        """Oldest first, revoked and expired ones included; of one owner, and of one of its API keys."""

    def remove_of(self, account: str, owners: Iterable[PrincipalRef]) -> int:
        """Takes away every token of these owners; says how many."""


class SessionRows(Protocol):
    def add(self, session: Session) -> None: ...

    def find(self, id_hash: bytes) -> Session | None: ...

    def seen(self, id_hash: bytes, at: datetime) -> None: ...

    def remove(self, id_hash: bytes) -> bool: ...

    def remove_of(self, account: str, user: str) -> int: ...

    def keep_newest(self, account: str, user: str, most: int) -> int:
        """Takes away the oldest sessions of that user beyond so many; says how many."""

    def purge(self, before: datetime) -> int:
        """Forgets sessions that expired before."""


class LoginFailureRows(Protocol):
    def find(self, key: str) -> LoginFailures | None: ...

    def claim(self, key: str, at: datetime) -> LoginFailures:
        """The row to be changed in this transaction, made with a count of 0 if there is none; others wait for it."""

    def put(self, failures: LoginFailures) -> None: ...

    def remove(self, key: str) -> None: ...

    def purge(self, before: datetime) -> int:
        """Forgets those that began before and are not locked any more."""


class AccessTransaction(PlaceTransaction, Auditing, Protocol):
    @property
    def accounts(self) -> AccountRows: ...
    @property
    def users(self) -> UserRows: ...
    @property
    def service_accounts(self) -> EntityRows[ServiceAccount]: ...
    @property
    def api_keys(self) -> EntityRows[ApiKey]: ...
    @property
    def tokens(self) -> TokenRows: ...
    @property
    def sessions(self) -> SessionRows: ...
    @property
    def login_failures(self) -> LoginFailureRows: ...
    @property
    def roles(self) -> EntityRows[Role]: ...
    @property
    def resource_groups(self) -> EntityRows[ResourceGroup]: ...
    @property
    def role_assignments(self) -> EntityRows[RoleAssignment]: ...

    def announce(self, signal: Signal) -> None:
        """Tells every process that shares the store, once this is durable."""


class AccessStore(Protocol):
    @property
    def signals(self) -> Signals: ...

    def transaction(self) -> AbstractContextManager[AccessTransaction]:
        """Commits when the block ends, rolls back when it raises."""

    def snapshot(self) -> AbstractContextManager[AccessTransaction]:
        """One consistent view, for reading only; waits for no writer."""
