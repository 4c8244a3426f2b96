"""Use cases of tokens: made, rotated, revoked. A token has the rights of its owner; its text is given out once.

Permissions are asked by the caller.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pierhead.control.audit import SYSTEM, Action, Actor, Subject, note
from pierhead.control.scopes import ResourceType, check_identifier, check_name
from pierhead.kit.clock import Clock
from pierhead.kit.ids import random_text
from pierhead.kit.redact import SecretValue
from pierhead.kit.signals import Signal, Topic

from .api_keys import found_key
from .errors import PrincipalExistsError, PrincipalNotFoundError, TokenRevokedError, TooManyPrincipalsError
from .escalation import THE_PROGRAM, Giver
from .labels import check_labels
from .lifetimes import default_of, lifetime, overlap, renewed
from .model import KEY_ID_LENGTH, SECRET_LENGTH, KeyText, PrincipalRef, Token
from .people_documents import token_document
from .pepper import Pepper
from .ports import AccessStore, AccessTransaction
from .principals import check_present
from .resolving import grants_in

MOST_IN_KEY = 500


@dataclass(frozen=True, slots=True)
class TokenAddress:
    """Which token: by its owner, the API key it is in, and its identifier there."""

    owner: PrincipalRef
    api_key: str
    identifier: str


@dataclass(frozen=True, slots=True)
class TokenDraft:
    """``begin`` and ``end`` of None: from now on, and as long as the API key says, else 90 days."""

    address: TokenAddress
    name: str
    begin: datetime | None = None
    end: datetime | None = None
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class ApiTokenService:
    """Thread-safe: it holds nothing that changes. ``pepper`` is that of the AccessService, who opens with it."""

    def __init__(
        self, store: AccessStore, clock: Clock, pepper: Pepper, ids: Callable[[int], str] = random_text
    ) -> None:
        self._store = store
        self._clock = clock
        self._pepper = pepper
        self._ids = ids

    def list(self, owner: PrincipalRef, api_key: str | None = None) -> tuple[Token, ...]:
        """Oldest first, revoked and expired ones included. Raises PrincipalNotFoundError."""
        with self._store.snapshot() as tx:
            check_present(tx, owner)
            if api_key is not None:
                found_key(tx, owner, api_key)
            return tx.tokens.list(owner.scope.account, owner, api_key)

    def get(self, address: TokenAddress) -> Token:
        """Raises PrincipalNotFoundError."""
        with self._store.snapshot() as tx:
            return _found(tx, address)

    def create(self, draft: TokenDraft, *, giver: Giver = THE_PROGRAM) -> tuple[Token, SecretValue]:
        """The token and its whole text, which is kept nowhere. Whoever makes it has all the rights that it has.

        Raises PrincipalNotFoundError, PrincipalExistsError, TooManyPrincipalsError, InvalidInputError and
        AccessDeniedError.
        """
        check_identifier(draft.address.identifier)
        _check(draft)
        with self._store.transaction() as tx:
            token, text = self._made(tx, draft)
            giver.check(tx, grants_in(tx, token.owner).all)
            if not tx.tokens.add(token):
                raise PrincipalExistsError("token", token.identifier)
            self._note(tx, giver.actor, Action.CREATE_TOKEN, None, token)
        return token, text

    def update(self, draft: TokenDraft, *, by: Actor = SYSTEM) -> Token:
        """Name, description and tags, and the times that are given. Raises PrincipalNotFoundError,
        InvalidInputError, and TokenRevokedError for a revoked one."""
        _check(draft)
        now = self._clock.now()
        with self._store.transaction() as tx:
            before = _live(tx, draft.address)
            begin, end = draft.begin or before.valid_from, draft.end or before.expires_at
            if (begin, end) != (before.valid_from, before.expires_at):
                lifetime(now, begin, end, None)
            after = replace(
                before,
                name=draft.name,
                description=draft.description,
                tags=draft.tags,
                valid_from=begin,
                expires_at=end,
            )
            tx.tokens.replace(after)
            self._note(tx, by, Action.UPDATE, before, after)
        return after

    def rotate(
        self, address: TokenAddress, until: datetime | None = None, *, giver: Giver = THE_PROGRAM
    ) -> SecretValue:
        """The text with a new secret; the old one is good until ``until``, without which it ends at once.

        Raises PrincipalNotFoundError, InvalidPrincipalError, AccessDeniedError as ``create``, and TokenRevokedError
        for a revoked one.
        """
        now, secret = self._clock.now(), SecretValue(self._ids(SECRET_LENGTH))
        with self._store.transaction() as tx:
            key, before = found_key(tx, address.owner, address.api_key), _live(tx, address)
            giver.check(tx, grants_in(tx, address.owner).all)
            old_until = overlap(before, now, until)
            after = replace(
                before,
                secret_hash=self._pepper.hash(secret),
                valid_from=now,
                expires_at=renewed(before, now, default_of(key.default_expiry_ms)),
                old_hash=before.secret_hash if old_until else None,
                old_until=old_until,
            )
            tx.tokens.replace(after)
            self._note(tx, giver.actor, Action.UPDATE, before, after)
        return _text(after, secret)

    def revoke(self, address: TokenAddress, *, by: Actor = SYSTEM) -> Token:
        """It opens nothing from now on, and stays to be seen. Raises PrincipalNotFoundError and TokenRevokedError."""
        with self._store.transaction() as tx:
            before = _live(tx, address)
            after = replace(before, revoked_at=self._clock.now(), old_hash=None, old_until=None)
            tx.tokens.replace(after)
            self._note(tx, by, Action.REVOKE_TOKEN, before, after)
        return after

    def delete(self, address: TokenAddress, *, by: Actor = SYSTEM) -> None:
        """It opens nothing from now on, and is forgotten. Raises PrincipalNotFoundError."""
        with self._store.transaction() as tx:
            token = _found(tx, address)
            tx.tokens.remove(token.id)
            self._note(tx, by, Action.DELETE, token, None)

    def _made(self, tx: AccessTransaction, draft: TokenDraft) -> tuple[Token, SecretValue]:
        address, now, secret = draft.address, self._clock.now(), SecretValue(self._ids(SECRET_LENGTH))
        owner = address.owner
        check_present(tx, owner)
        key = found_key(tx, owner, address.api_key)
        if len(tx.tokens.list(owner.scope.account, owner, address.api_key)) >= MOST_IN_KEY:
            raise TooManyPrincipalsError("tokens in this API key", MOST_IN_KEY)
        times = lifetime(now, draft.begin, draft.end, default_of(key.default_expiry_ms))
        token = Token(
            id=self._ids(KEY_ID_LENGTH),
            account=owner.scope.account,
            owner=owner,
            api_key=address.api_key,
            identifier=address.identifier,
            name=draft.name,
            secret_hash=self._pepper.hash(secret),
            created_at=now,
            valid_from=times.begin,
            expires_at=times.end,
            description=draft.description,
            tags=draft.tags,
        )
        return token, _text(token, secret)

    def _note(
        self, tx: AccessTransaction, by: Actor, action: Action, before: Token | None, after: Token | None
    ) -> None:
        now, token = self._clock.now(), after or before
        assert token is not None
        subject = Subject(token.owner.scope, ResourceType.TOKEN, token.identifier, token.name)
        documents = [None if one is None else token_document(one, now) for one in (before, after)]
        note(tx, now, by, action, subject, *documents)
        tx.announce(Signal(Topic.ACCESS))


def _check(draft: TokenDraft) -> None:
    check_name(draft.name)
    check_labels(draft.description, draft.tags)


def _found(tx: AccessTransaction, address: TokenAddress) -> Token:
    owner = address.owner
    token = tx.tokens.find_named(owner.scope.account, owner, address.api_key, address.identifier)
    if token is None:
        raise PrincipalNotFoundError("token", address.identifier)
    return token


def _live(tx: AccessTransaction, address: TokenAddress) -> Token:
    token = _found(tx, address)
    if token.revoked_at is not None:
        raise TokenRevokedError(token.identifier)
    return token


def _text(token: Token, secret: SecretValue) -> SecretValue:
    return KeyText(token.owner.type, token.account, token.id, secret).render()
