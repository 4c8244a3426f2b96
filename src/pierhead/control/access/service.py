"""Use cases of accounts and API keys: make them, revoke them, and say who is calling (harness-api §6.4)."""

import hmac
from collections.abc import Callable
from datetime import datetime

from pierhead.kit.clock import Clock
from pierhead.kit.ids import random_text
from pierhead.kit.redact import SecretValue

from .errors import AccountNotFoundError, InvalidTokenError, KeyAlreadyRevokedError, KeyNotFoundError, MissingTokenError
from .model import (
    ACCOUNT_ID_LENGTH,
    KEY_ID_LENGTH,
    SECRET_LENGTH,
    Account,
    ApiKey,
    KeyText,
    Principal,
    hash_secret,
)
from .ports import AccessStore, AccessTransaction

RandomText = Callable[[int], str]
_MIN_PEPPER_BYTES = 32


class AccessService:
    """Thread-safe: it holds nothing that changes. ``pepper`` is at least 32 secret bytes kept outside the store."""

    def __init__(self, store: AccessStore, clock: Clock, pepper: bytes, ids: RandomText = random_text) -> None:
        if len(pepper) < _MIN_PEPPER_BYTES:
            raise ValueError(f"the pepper has fewer than {_MIN_PEPPER_BYTES} bytes")
        self._store = store
        self._clock = clock
        self._pepper = pepper
        self._ids = ids

    def create_account_with_admin_key(
        self, name: str = "default", key_name: str = "admin"
    ) -> tuple[Account, SecretValue]:
        """A new account and the full text of its first key, which is shown this once."""
        with self._store.transaction() as tx:
            account = Account(self._ids(ACCOUNT_ID_LENGTH), name, self._clock.now())
            tx.accounts.add(account)
            _, text = self._add_key(tx, account.id, key_name, None)
        return account, text

    def create_key(self, account: str, name: str, expires_at: datetime | None = None) -> tuple[ApiKey, SecretValue]:
        """One more key and its full text, which is shown this once. Raises AccountNotFoundError."""
        with self._store.transaction() as tx:
            if tx.accounts.find(account) is None:
                raise AccountNotFoundError(account)
            return self._add_key(tx, account, name, expires_at)

    def revoke_key(self, account: str, key_id: str) -> None:
        """From now on the key opens nothing. Raises KeyNotFoundError, KeyAlreadyRevokedError."""
        with self._store.transaction() as tx:
            key = tx.keys.find(key_id)
            if key is None or key.account != account:
                raise KeyNotFoundError(key_id)
            if not tx.keys.revoke(key_id, self._clock.now()):
                raise KeyAlreadyRevokedError(key_id)

    def accounts(self) -> tuple[Account, ...]:
        """All accounts, oldest first."""
        with self._store.snapshot() as tx:
            return tx.accounts.list()

    def keys(self, account: str) -> tuple[ApiKey, ...]:
        """All keys of an account, oldest first, revoked and expired ones included."""
        with self._store.snapshot() as tx:
            return tx.keys.list(account)

    def authenticate(self, token: str, account: str | None = None) -> Principal:
        """Who shows this key; ``account`` is the one the request is about, when it says so.

        Raises MissingTokenError for an empty text and InvalidTokenError for everything else: an unknown key gets the
        same words as a wrong secret, after the same work, so that nobody learns which keys exist.
        """
        if not token:
            raise MissingTokenError
        text = KeyText.parse(token)
        called = account if account is not None else text.account if text else ""
        if text is None:
            raise InvalidTokenError(called)
        with self._store.snapshot() as tx:
            key = tx.keys.find(text.key_id)
        if not self._is_right(key, text) or key is None or key.account != called:
            raise InvalidTokenError(called)
        return Principal(key.account, key.id, key.name)

    def _is_right(self, key: ApiKey | None, text: KeyText) -> bool:
        is_same = hmac.compare_digest(hash_secret(text.secret, self._pepper), key.secret_hash if key else _NO_HASH)
        return is_same and key is not None and key.account == text.account and key.is_live(self._clock.now())

    def _add_key(
        self, tx: AccessTransaction, account: str, name: str, expires_at: datetime | None
    ) -> tuple[ApiKey, SecretValue]:
        secret = SecretValue(self._ids(SECRET_LENGTH))
        key = ApiKey(
            id=self._ids(KEY_ID_LENGTH),
            account=account,
            name=name,
            secret_hash=hash_secret(secret, self._pepper),
            created_at=self._clock.now(),
            expires_at=expires_at,
        )
        tx.keys.add(key)
        return key, KeyText(account, key.id, secret).render()


_NO_HASH = b"\0" * 32
