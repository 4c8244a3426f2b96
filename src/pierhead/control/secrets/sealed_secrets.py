"""Secrets as things that are kept sealed: how many under which key, and some of them wrapped anew."""

from collections.abc import Mapping
from dataclasses import replace

from .encryption_keys import Moved
from .errors import SecretDamagedError, WrongKeyError
from .ports import Address, Keyring, SecretStore
from .sealing import rewrap

_BATCH = 100


class SealedSecrets:
    """Thread-safe. Nothing that a client sees of a secret changes, nor its version."""

    def __init__(self, store: SecretStore) -> None:
        self._store = store

    def count(self) -> Mapping[str, int]:
        with self._store.snapshot() as tx:
            return tx.secrets.count_by_key()

    def move(self, keyring: Keyring, after: object) -> Moved:
        behind: Address | None = after if isinstance(after, tuple) else None
        moved = unreadable = 0
        with self._store.transaction() as tx:
            found = tx.secrets.not_under(keyring.current_key_id, behind, _BATCH)
            for secret in found:
                try:
                    tx.secrets.replace(replace(secret, sealed=rewrap(secret, keyring)))
                    moved += 1
                except (SecretDamagedError, WrongKeyError):
                    unreadable += 1
        last = found[-1] if len(found) == _BATCH else None
        return Moved(moved, unreadable, None if last is None else (last.scope, last.identifier))
