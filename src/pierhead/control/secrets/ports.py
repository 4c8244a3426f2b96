"""What the secret service needs of a store and of a keyring."""

from contextlib import AbstractContextManager
from typing import Protocol

from pierhead.control.scopes import Scope
from pierhead.kit.paging import Page, PageRequest

from .model import Secret


class SecretRows(Protocol):
    def add(self, secret: Secret) -> None:
        """Raises SecretExistsError when the identifier is taken in the scope (the lost race)."""

    def find(self, scope: Scope, identifier: str) -> Secret | None: ...

    def replace(self, secret: Secret) -> None:
        """Writes over the row with the same scope and identifier, which is there."""

    def remove(self, scope: Scope, identifier: str) -> bool:
        """False when there was none."""

    def page(self, scope: Scope, search: str, request: PageRequest) -> Page[Secret]:
        """Secrets of exactly this scope, newest first; ``search`` is a part of name or identifier, in any case."""

    def key_ids(self) -> frozenset[str]:
        """The ``key_id`` of every sealed value in the store."""


class SecretUsers(Protocol):
    """Who refers to a secret; answered by the rows of connectors, so that both stand in one transaction."""

    def using_secret(self, scope: Scope, identifier: str) -> tuple[str, ...]:
        """Identifiers of the connectors, at this scope or below, that refer to the secret of that scope."""


class SecretTransaction(Protocol):
    @property
    def secrets(self) -> SecretRows: ...

    @property
    def connectors(self) -> SecretUsers: ...


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

    def wrap(self, data_key: bytes, aad: bytes) -> bytes:
        """The data key, encrypted with the current key and bound to ``aad``."""

    def unwrap(self, key_id: str, wrapped_key: bytes, aad: bytes) -> bytes:
        """The data key. Raises WrongKeyError when the key is not held, SecretDamagedError when the bytes do not fit."""
