"""What the secret service needs of a store and of a keyring."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from pierhead.control.audit import AuditRows
from pierhead.control.organizations import PlaceTransaction
from pierhead.control.scopes import Scope
from pierhead.kit.paging import Page, PageRequest

from .model import Secret

Address = tuple[Scope, str]


class SecretRows(Protocol):
    def add(self, secret: Secret) -> None:
        """Raises SecretExistsError when the identifier is taken in the scope (the lost race)."""

    def find(self, scope: Scope, identifier: str) -> Secret | None: ...

    def replace(self, secret: Secret) -> None:
        """Writes over the row with the same scope and identifier, which is there."""

    def remove(self, scope: Scope, identifier: str) -> bool:
        """False when there was none."""

    def page(self, scope: Scope, search: str, request: PageRequest, only: frozenset[str] | None = None) -> Page[Secret]:
        """Secrets of exactly this scope, newest first; ``search`` is a part of name or identifier, in any case;
        with ``only``, none but those with these identifiers."""

    def around(self, scope: Scope, search: str, *, above: bool, below: bool) -> tuple[Secret, ...]:
        """As ``page``, whole, of this scope and of those that contain it, or that it contains, or both."""

    def key_ids(self) -> frozenset[str]:
        """The ``key_id`` of every sealed value in the store."""

    def count_by_key(self) -> Mapping[str, int]:
        """How many sealed values, of all accounts, have which ``key_id``."""

    def not_under(self, key_id: str, after: Address | None, limit: int) -> tuple[Secret, ...]:
        """Sealed values under another key, of all accounts, by address; the first ``limit`` behind ``after``. In a
        transaction they stay as they are until its end."""


class PropertyRows(Protocol):
    def get(self, name: str) -> str | None: ...

    def put(self, name: str, value: str) -> None: ...


class SecretUser(Protocol):
    @property
    def scope(self) -> Scope: ...
    @property
    def identifier(self) -> str: ...


class SecretUsers(Protocol):
    """Who refers to a secret; answered by the rows of connectors, so that both stand in one transaction."""

    def referring_to(self, scope: Scope, identifier: str) -> Sequence[SecretUser]:
        """The connectors, at this scope or below, that refer to the secret of that scope, in no order."""


class SecretTransaction(PlaceTransaction, Protocol):
    @property
    def secrets(self) -> SecretRows: ...

    @property
    def connectors(self) -> SecretUsers: ...

    @property
    def audit(self) -> AuditRows: ...

    @property
    def properties(self) -> PropertyRows: ...


class SecretStore(Protocol):
    def transaction(self) -> AbstractContextManager[SecretTransaction]:
        """Commits when the block ends, rolls back when it raises."""

    def snapshot(self) -> AbstractContextManager[SecretTransaction]:
        """One consistent view, for reading only; waits for no writer."""


class Keyring(Protocol):
    """Holds key-encryption keys and never gives them out."""

    @property
    def current_key_id(self) -> str:
        """The key that new data keys are wrapped with."""

    @property
    def root_key_id(self) -> str:
        """The key that ``derive`` works with."""

    @property
    def key_ids(self) -> tuple[str, ...]:
        """All keys that are held, oldest first."""

    def derive(self, purpose: str) -> bytes:
        """32 secret bytes for another use of the first key; the same at each start, and on each server with it."""

    def wrap(self, data_key: bytes, aad: bytes, key_id: str | None = None) -> bytes:
        """The data key, encrypted with a held key (the current one) and bound to ``aad``."""

    def unwrap(self, key_id: str, wrapped_key: bytes, aad: bytes) -> bytes:
        """The data key. Raises WrongKeyError when the key is not held, SecretDamagedError when the bytes do not fit."""


class GrowingKeyring(Keyring, Protocol):
    """A keyring to which keys are added while the program runs."""

    @property
    def makes_keys(self) -> bool:
        """Whether ``add_key`` is for us, and not for whoever gave us the keys."""

    def draw_key(self) -> tuple[str, bytes]:
        """A new key with its id; it is kept nowhere yet. Raises AppError when there is room for none."""

    def add_key(self, key_id: str, key: bytes) -> None:
        """Keeps the key for good, then makes it the current one. Raises AppError."""

    def look_again(self) -> bool:
        """Reads the keys anew where they came from. Whether there are more now."""
