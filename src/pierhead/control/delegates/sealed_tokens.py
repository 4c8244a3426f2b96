"""Delegate tokens as things that are kept sealed: how many under which key, and some of them sealed anew."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from pierhead.control.secrets import Keyring, Moved, SecretDamagedError, WrongKeyError

from .model import DelegateToken
from .ports import DelegateStore
from .token_seal import key_id_of, seal, unseal

_BATCH = 100


class SealedTokens:
    """Thread-safe. Tokens let in whom they let in before."""

    def __init__(self, store: DelegateStore) -> None:
        self._store = store

    def count(self) -> Mapping[str, int]:
        counts: Counter[str] = Counter()
        after = ""
        while True:
            with self._store.snapshot() as tx:
                found = tx.delegate_tokens.list_all(after, _BATCH)
            counts.update(key_id_of(token.sealed) for token in found)
            if len(found) < _BATCH:
                return counts
            after = found[-1].id

    def move(self, keyring: Keyring, after: object) -> Moved:
        moved = unreadable = 0
        with self._store.transaction() as tx:
            found = tx.delegate_tokens.list_all(after if isinstance(after, str) else "", _BATCH)
            for token in found:
                if key_id_of(token.sealed) == keyring.current_key_id:
                    continue
                try:
                    tx.delegate_tokens.put(replace(token, sealed=_sealed_anew(token, keyring)))
                    moved += 1
                except (SecretDamagedError, WrongKeyError):
                    unreadable += 1
        return Moved(moved, unreadable, found[-1].id if len(found) == _BATCH else None)


def _sealed_anew(token: DelegateToken, keyring: Keyring) -> bytes:
    return seal(unseal(token.sealed, token.scope, token.id, keyring), token.scope, token.id, keyring)
