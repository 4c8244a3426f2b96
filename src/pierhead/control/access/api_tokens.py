"""Use cases of tokens: made, rotated, revoked. A token has the rights of its owner; its text is given out once.

Permissions are asked by the caller.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from pierhead.control.audit import Action, Actor, Subject, note
from pierhead.control.scopes import ResourceType, check_identifier, check_name
from pierhead.kit.clock import Clock
from pierhead.kit.ids import random_text
from pierhead.kit.redact import SecretValue
from pierhead.kit.signals import Signal, Topic

from .admins import way_in_kept
from .api_keys import found_key
from .errors import (
    PrincipalExistsError,
    PrincipalNotFoundError,
    TokenExpiredError,
    TokenRevokedError,
    TooManyPrincipalsError,
)
from .escalation import THE_PROGRAM, Giver
from .labels import check_labels
from .lifetimes import default_of, lifetime, overlap, renewed
from .makers import maker_of
from .model import KEY_ID_LENGTH, SECRET_LENGTH, KeyText, PrincipalRef, Token
from .people_documents import token_document
from .pepper import Pepper
from .ports import AccessStore, AccessTransaction
from .principals import check_present
from .turns import in_turn

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

    def find(self, account: str, token_id: str) -> Token | None:
        """By what is said of it in the audit trail."""
        with self._store.snapshot() as tx:
            token = tx.tokens.find(token_id)
        return token if token is not None and token.account == account else None

    def create(self, draft: TokenDraft, *, giver: Giver = THE_PROGRAM) -> tuple[Token, SecretValue]:
        """The token and its whole text, which is kept nowhere. Whoever makes it has all the rights that it has.

        Raises PrincipalNotFoundError, PrincipalExistsError, TooManyPrincipalsError, InvalidInputError and
        AccessDeniedError.
        """
        check_identifier(draft.address.identifier)
        _check(draft)
        with in_turn(self._store, draft.address.owner.scope.account) as tx:
            token, text = self._made(tx, draft, giver)
            giver.check_over(tx, token.owner)
            if not tx.tokens.add(token):
                raise PrincipalExistsError("token", token.identifier)
            self._note(tx, giver.actor, Action.CREATE_TOKEN, None, token)
        return token, text

    def update(self, draft: TokenDraft, *, giver: Giver = THE_PROGRAM) -> Token:
        """Name, description, tags and the times that are given. For whoever may do all that the owner may.

        Raises PrincipalNotFoundError, InvalidInputError, AccessDeniedError, TokenRevokedError for a revoked one,
        TokenExpiredError for other times of an expired one, and LastWayInError.
        """
        _check(draft)
        now, owner = self._clock.now(), draft.address.owner
        then = max(now, draft.end or now)
        account = owner.scope.account
        with in_turn(self._store, account) as tx, way_in_kept(tx, owner, now), way_in_kept(tx, owner, then):
            before = _live(tx, draft.address)
            after = replace(before, name=draft.name, description=draft.description, tags=draft.tags)
            giver.check_over(tx, owner)
            if _has_other_times(draft, before):
                after = _timed(after, draft, now)
            tx.tokens.replace(after)
            self._note(tx, giver.actor, Action.UPDATE, before, after)
        return after

    def rotate(
        self, address: TokenAddress, until: datetime | None = None, *, giver: Giver = THE_PROGRAM
    ) -> SecretValue:
        """The text with a new secret, for as long again as it was made for, or without an end where it had none; the
        old secret is good until ``until``, without which it ends at once.

        Raises PrincipalNotFoundError, InvalidPrincipalError, AccessDeniedError as ``create``, and TokenRevokedError
        for a revoked one.
        """
        now, secret = self._clock.now(), SecretValue(self._ids(SECRET_LENGTH))
        with in_turn(self._store, address.owner.scope.account) as tx:
            check_present(tx, address.owner)
            found_key(tx, address.owner, address.api_key)
            before = _live(tx, address)
            giver.check_over(tx, address.owner)
            old_until = overlap(before, now, until)
            after = replace(
                before,
                secret_hash=self._pepper.hash(secret),
                valid_from=now,
                expires_at=renewed(before, now),
                old_hash=before.secret_hash if old_until else None,
                old_until=old_until,
                made_by=maker_of(tx, giver, now),
                old_made_by=before.made_by if old_until else "",
            )
            tx.tokens.replace(after)
            self._note(tx, giver.actor, Action.ROTATE_TOKEN, before, after)
        return _text(after, secret)

    def revoke(self, address: TokenAddress, *, giver: Giver = THE_PROGRAM) -> Token:
        """It opens nothing from now on, and stays to be seen. For whoever may do all that the owner may: nobody locks
        out those who may do more. Raises PrincipalNotFoundError, AccessDeniedError, TokenRevokedError, LastWayInError.
        """
        with self._taking_from(address.owner) as tx:
            before = _live(tx, address)
            giver.check_over(tx, address.owner)
            after = replace(before, revoked_at=self._clock.now(), old_hash=None, old_until=None, old_made_by="")
            tx.tokens.replace(after)
            self._note(tx, giver.actor, Action.REVOKE_TOKEN, before, after)
        return after

    def delete(self, address: TokenAddress, *, giver: Giver = THE_PROGRAM) -> None:
        """It opens nothing from now on, and is forgotten. Raises as ``revoke``, but for TokenRevokedError."""
        with self._taking_from(address.owner) as tx:
            token = _found(tx, address)
            giver.check_over(tx, address.owner)
            tx.tokens.remove(token.id)
            self._note(tx, giver.actor, Action.DELETE, token, None)

    @contextmanager
    def _taking_from(self, owner: PrincipalRef) -> Iterator[AccessTransaction]:
        with in_turn(self._store, owner.scope.account) as tx, way_in_kept(tx, owner, self._clock.now()):
            yield tx

    def _made(self, tx: AccessTransaction, draft: TokenDraft, giver: Giver) -> tuple[Token, SecretValue]:
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
            made_by=maker_of(tx, giver, now),
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


def _has_other_times(draft: TokenDraft, token: Token) -> bool:
    given = (draft.begin or token.valid_from, draft.end or token.expires_at)
    return given != (token.valid_from, token.expires_at)


def _timed(token: Token, draft: TokenDraft, now: datetime) -> Token:
    if token.expires_at is not None and token.expires_at <= now:
        raise TokenExpiredError(token.identifier)
    begin, end = draft.begin or token.valid_from, draft.end or token.expires_at
    lifetime(now, begin, end, None)
    return replace(token, valid_from=begin, expires_at=end)


def _text(token: Token, secret: SecretValue) -> SecretValue:
    return KeyText(token.owner.type, token.account, token.id, secret).render()
