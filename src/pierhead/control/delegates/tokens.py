"""Use cases of delegate tokens: make them, show them again, revoke them, and forget them (harness-api §4.7).

What a token lets in is decided where delegates enrol; here its end is also the end of those it let in.
"""

import secrets
from collections.abc import Callable
from datetime import datetime

from pierhead.control.audit import SYSTEM, Action, Actor, note
from pierhead.control.organizations import check_place
from pierhead.control.scopes import Scope, check_name
from pierhead.control.secrets import Keyring, WrongKeyError
from pierhead.kit.clock import Clock
from pierhead.kit.errors import InvalidInputError
from pierhead.kit.ids import IdSource, new_id
from pierhead.kit.redact import SecretValue

from .endings import stop_delegates
from .errors import (
    TokenAlreadyRevokedError,
    TokenExistsError,
    TokenMissingError,
    TokenStillActiveError,
    TooManyTokensError,
)
from .model import DEFAULT_TOKEN, TOKEN_PURGED_AFTER, DelegateGroup, DelegateToken, TokenStatus
from .ports import DelegateStore, DelegateTransaction
from .records import about_token, token_document
from .token_seal import hash_of, key_id_of, seal, unseal
from .token_text import TokenText

MAX_TOKENS = 1000
_SECRET_BYTES = 32


class TokenService:
    """Thread-safe: it holds nothing that changes. ``pepper`` is at least 32 secret bytes kept outside the store."""

    def __init__(
        self,
        *,
        store: DelegateStore,
        clock: Clock,
        keyring: Keyring,
        pepper: bytes,
        server_fingerprint: str,
        ids: IdSource = new_id,
        secret_text: Callable[[int], str] = secrets.token_urlsafe,
    ) -> None:
        self._store = store
        self._clock = clock
        self._keyring = keyring
        self._pepper = pepper
        self._server = server_fingerprint
        self._ids = ids
        self._secret_text = secret_text

    def create(
        self,
        scope: Scope,
        name: str,
        created_by: str,
        revoke_after: datetime | None = None,
        *,
        by: Actor = SYSTEM,
    ) -> tuple[DelegateToken, SecretValue]:
        """A new token and its text.

        Raises InvalidInputError, PlaceNotFoundError, TokenExistsError, TooManyTokensError.
        """
        check_name(name)
        if revoke_after is not None and revoke_after <= self._clock.now():
            raise InvalidInputError(f"revokeAfter {revoke_after.isoformat()} is not in the future")
        with self._store.transaction() as tx:
            check_place(tx, scope)
            return self._add(tx, scope, name, created_by, revoke_after, by)

    def list(self, scope: Scope, name: str = "", status: TokenStatus | None = None) -> tuple[DelegateToken, ...]:
        """Those of exactly this scope, newest first; a ``name`` is the whole name."""
        now = self._clock.now()
        with self._store.snapshot() as tx:
            found = [token.as_of(now) for token in tx.delegate_tokens.list(scope)]
        return tuple(token for token in found if name in ("", token.name) and status in (None, token.status))

    def get(self, scope: Scope, name: str) -> DelegateToken:
        """Raises TokenMissingError."""
        with self._store.snapshot() as tx:
            return _token(tx, scope, name).as_of(self._clock.now())

    def reveal(self, token: DelegateToken) -> SecretValue:
        """Its text. Whether the caller may see it was asked before. Raises WrongKeyError, SecretDamagedError."""
        return self._text(token.id, unseal(token.sealed, token.scope, token.id, self._keyring))

    def revoke(self, scope: Scope, name: str, *, by: Actor = SYSTEM) -> DelegateToken:
        """It lets nobody in any more, and whoever it let in is sent away; their tasks go on elsewhere.

        Raises TokenMissingError, TokenAlreadyRevokedError.
        """
        with self._store.transaction() as tx:
            token = _token(tx, scope, name, "revoke")
            if token.as_of(self._clock.now()).status is TokenStatus.REVOKED:
                raise TokenAlreadyRevokedError(name)
            return self._revoke(tx, token, by)

    def delete(self, scope: Scope, name: str, *, by: Actor = SYSTEM) -> None:
        """Its name is free again. Raises TokenMissingError, TokenStillActiveError."""
        with self._store.transaction() as tx:
            token = _token(tx, scope, name, "delete")
            if token.is_live(self._clock.now()):
                raise TokenStillActiveError(name)
            _send_away(tx, token, self._clock.now())
            tx.delegate_tokens.delete(token.id)
            note(tx, self._clock.now(), by, Action.DELETE, about_token(token), token_document(token))

    def groups_using(self, scope: Scope, name: str) -> tuple[DelegateGroup, ...]:
        """Groups with a delegate that this token let in, by name. Raises TokenMissingError."""
        with self._store.snapshot() as tx:
            token = _token(tx, scope, name)
            using = {delegate.group_id for delegate in tx.delegates.list_by_token(token.id)}
            return tuple(group for group in tx.delegate_groups.list(scope.account) if group.id in using)

    def check_keyring(self, account: str) -> None:
        """For the start of a program: raises WrongKeyError when the account's tokens need a key that is not held."""
        held = self._keyring.key_ids
        for token in self.list(Scope(account)):
            if (wanted := key_id_of(token.sealed)) not in held:
                raise WrongKeyError(wanted, held)

    def ensure_default(self, account: str) -> DelegateToken:
        """The token ``default_token`` of the account, made when there is none; a revoked one stays what it is."""
        scope = Scope(account)
        with self._store.transaction() as tx:
            found = tx.delegate_tokens.find(scope, DEFAULT_TOKEN)
            return found or self._add(tx, scope, DEFAULT_TOKEN, "pierhead", None, SYSTEM)[0]

    def sweep(self) -> None:
        """Writes down revocations whose time has come, and forgets tokens revoked 30 days ago."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            for token in tx.delegate_tokens.due_for_revocation(now):
                self._revoke(tx, token, SYSTEM)
            tx.delegate_tokens.purge(now - TOKEN_PURGED_AFTER)

    def _add(
        self,
        tx: DelegateTransaction,
        scope: Scope,
        name: str,
        created_by: str,
        revoke_after: datetime | None,
        by: Actor,
    ) -> tuple[DelegateToken, SecretValue]:
        if tx.delegate_tokens.find(scope, name) is not None:
            raise TokenExistsError(name)
        if len(tx.delegate_tokens.list(scope)) >= MAX_TOKENS:
            raise TooManyTokensError(MAX_TOKENS)
        identifier, secret = self._ids(), SecretValue(self._secret_text(_SECRET_BYTES))
        token = DelegateToken(
            id=identifier,
            scope=scope,
            name=name,
            created_by=created_by,
            created_at=self._clock.now(),
            secret_hash=hash_of(secret, self._pepper),
            sealed=seal(secret, scope, identifier, self._keyring),
            revoke_after=revoke_after,
            created_by_type=by.type.value,
        )
        tx.delegate_tokens.add(token)
        note(tx, token.created_at, by, Action.CREATE, about_token(token), after=token_document(token))
        return token, self._text(identifier, secret)

    def _revoke(self, tx: DelegateTransaction, token: DelegateToken, by: Actor) -> DelegateToken:
        now = self._clock.now()
        revoked = token.revoked(now)
        tx.delegate_tokens.put(revoked)
        note(tx, now, by, Action.REVOKE_TOKEN, about_token(token), token_document(token), token_document(revoked))
        _send_away(tx, token, now)
        return revoked

    def _text(self, identifier: str, secret: SecretValue) -> SecretValue:
        return TokenText(identifier, secret, self._server).render()


def _send_away(tx: DelegateTransaction, token: DelegateToken, now: datetime) -> None:
    let_in = tx.delegates.list_by_token(token.id)
    tx.delegates.gone([delegate.id for delegate in let_in])
    stop_delegates(tx, let_in, now)


def _token(tx: DelegateTransaction, scope: Scope, name: str, doing: str = "get") -> DelegateToken:
    token = tx.delegate_tokens.find(scope, name)
    if token is None:
        raise TokenMissingError(name, doing)
    return token
