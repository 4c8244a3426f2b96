"""What the access service needs of a store."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from .model import Account, ApiKey


class AccountRows(Protocol):
    def add(self, account: Account) -> None: ...

    def find(self, account: str) -> Account | None: ...

    def list(self) -> tuple[Account, ...]:
        """All accounts, oldest first."""


class KeyRows(Protocol):
    def add(self, key: ApiKey) -> None: ...

    def find(self, key_id: str) -> ApiKey | None: ...

    def list(self, account: str) -> tuple[ApiKey, ...]:
        """All keys of the account, oldest first, revoked ones included."""

    def revoke(self, key_id: str, at: datetime) -> bool:
        """False when there is no such key, or it was revoked before."""


class AccessTransaction(Protocol):
    @property
    def accounts(self) -> AccountRows: ...

    @property
    def keys(self) -> KeyRows: ...


class AccessStore(Protocol):
    def transaction(self) -> AbstractContextManager[AccessTransaction]:
        """Commits when the block ends, rolls back when it raises."""

    def snapshot(self) -> AbstractContextManager[AccessTransaction]:
        """One consistent view, for reading only; waits for no writer."""
