"""What delegates need from a store. Every method takes part in the transaction that gave it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from pierhead.control.audit import Auditing
from pierhead.control.organizations import PlaceTransaction
from pierhead.control.scopes import Scope
from pierhead.control.tasks import TaskRows
from pierhead.kit.signals import Signal, Signals

from .model import Delegate, DelegateGroup, DelegateState, DelegateToken, Experience, LoggedLine


class DelegateTokenRows(Protocol):
    """Names are unique in their scope, revoked ones included, until they are purged."""

    def add(self, token: DelegateToken) -> None:
        """Raises TokenExistsError."""

    def find(self, scope: Scope, name: str) -> DelegateToken | None: ...

    def find_by_id(self, token_id: str) -> DelegateToken | None: ...

    def list(self, scope: Scope) -> Sequence[DelegateToken]:
        """Those of exactly this scope, newest first."""

    def list_all(self, after: str, limit: int) -> Sequence[DelegateToken]:
        """Those of all accounts, by id, the first ``limit`` behind ``after``. In a transaction they stay as they are
        until its end."""

    def put(self, token: DelegateToken) -> None:
        """Replaces the token with this id."""

    def delete(self, token_id: str) -> None: ...

    def due_for_revocation(self, now: datetime) -> Sequence[DelegateToken]:
        """ACTIVE ones whose ``revoke_after`` has passed."""

    def purge(self, revoked_before: datetime) -> int: ...


class DelegateGroupRows(Protocol):
    def add(self, group: DelegateGroup) -> None:
        """Raises RowExists-like ConflictError when the scope has a group of this name."""

    def find(self, scope: Scope, name: str) -> DelegateGroup | None: ...

    def list(self, account: str) -> Sequence[DelegateGroup]:
        """All groups of an account, by name."""

    def put(self, group: DelegateGroup) -> None: ...

    def delete(self, group_id: str) -> None: ...


class DelegateRows(Protocol):
    def put(self, delegate: Delegate) -> None:
        """Adds it, or replaces the one with this id."""

    def find(self, delegate_id: str) -> Delegate | None: ...

    def list(self, account: str, states: Collection[DelegateState] = ()) -> Sequence[Delegate]:
        """Those of an account in order of enrolment; no ``states`` means all but DELETED."""

    def count(self, account: str) -> int:
        """All but DELETED."""

    def list_by_token(self, token_id: str) -> Sequence[Delegate]:
        """All but DELETED."""

    def has_enabled(self, scopes: Collection[Scope]) -> bool:
        """Is any ENABLED delegate owned by one of these scopes? Quick: asked with every task."""

    def delete(self, delegate_id: str) -> None:
        """With its history."""

    def seen(self, delegate_ids: Collection[str], now: datetime) -> None:
        """Connected and heard of at ``now``; one statement for all of them."""

    def gone(self, delegate_ids: Collection[str], heard_at: datetime | None = None) -> None:
        """Not connected any more; one statement for all of them. Not those that were heard of after ``heard_at``."""

    def assigned(self, delegate_id: str, now: datetime) -> None:
        """Sets ``last_assigned_at``."""

    def lost_before(self, moment: datetime) -> Sequence[Delegate]:
        """Connected ones that were last heard of before that."""

    def forgettable(self, moment: datetime) -> Sequence[Delegate]:
        """Not connected and last heard of (or, never heard of, enrolled) before that."""


class ExperienceRows(Protocol):
    def put(self, experiences: Iterable[Experience]) -> None:
        """The latest per delegate and origin replaces the one before."""

    def list(self, delegate_ids: Collection[str], origins: Collection[str]) -> Sequence[Experience]: ...

    def list_of(self, delegate_id: str) -> Sequence[Experience]:
        """All of one delegate, by origin."""


class SelectionLogRows(Protocol):
    def add(self, lines: Iterable[LoggedLine]) -> None: ...

    def list(self, task_id: str) -> Sequence[LoggedLine]:
        """In the order they were added; at most 10,000."""


class NonceRows(Protocol):
    def use(self, delegate_id: str, nonce: str, expires_at: datetime) -> bool:
        """False when this delegate has used it before."""

    def purge(self, expired_before: datetime) -> int: ...


class DelegateTransaction(PlaceTransaction, Auditing, Protocol):
    @property
    def delegate_tokens(self) -> DelegateTokenRows: ...
    @property
    def delegate_groups(self) -> DelegateGroupRows: ...
    @property
    def delegates(self) -> DelegateRows: ...
    @property
    def experiences(self) -> ExperienceRows: ...
    @property
    def selection_log(self) -> SelectionLogRows: ...
    @property
    def nonces(self) -> NonceRows: ...
    @property
    def tasks(self) -> TaskRows: ...
    def announce(self, signal: Signal) -> None: ...
    def after_commit(self, callback: Callable[[], None]) -> None: ...


class DelegateStore(Protocol):
    @property
    def signals(self) -> Signals: ...
    def transaction(self) -> AbstractContextManager[DelegateTransaction]: ...
    def snapshot(self) -> AbstractContextManager[DelegateTransaction]: ...
