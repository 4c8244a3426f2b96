"""Who is calling, and what may they do: founding an account, authentication, grants (harness-api §6.4).

What people, keys, roles and assignments there are is seen to by the services beside this one.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pierhead.control.audit import SYSTEM, Action, PrincipalType, Subject, note
from pierhead.control.organizations import DEFAULT_ORGANIZATION, DEFAULT_PROJECT, Organization, Project
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.clock import Clock
from pierhead.kit.ids import random_text
from pierhead.kit.redact import SecretValue
from pierhead.kit.signals import Topic

from .emails import ADMIN_EMAIL
from .errors import AccountNotFoundError, InvalidTokenError, MissingTokenError, NotOperatorError
from .grants import Grants
from .managed import ACCOUNT_ADMIN, EVERYTHING
from .model import (
    ACCOUNT_ID_LENGTH,
    KEY_ID_LENGTH,
    SECRET_LENGTH,
    USER_ID_LENGTH,
    Account,
    ApiKey,
    KeyText,
    Principal,
    PrincipalRef,
    RoleAssignment,
    Token,
    User,
)
from .pepper import Pepper
from .ports import AccessStore, AccessTransaction
from .resolving import grants_in, powers_in

RandomText = Callable[[int], str]
ADMIN_KEY = "admin"
GRANTS_FRESH_FOR = timedelta(seconds=4)
"""How long grants may be remembered when no word of a change arrives; a revocation has to count within five seconds."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    grants: Grants
    until: datetime


class AccessService:
    """Thread-safe. ``pepper`` is at least 32 secret bytes kept outside the store."""

    def __init__(self, store: AccessStore, clock: Clock, pepper: bytes, ids: RandomText = random_text) -> None:
        self.pepper = Pepper(pepper)
        self._store = store
        self._clock = clock
        self._ids = ids
        self._lock = threading.Lock()
        self._remembered: dict[PrincipalRef, _Remembered] = {}
        store.signals.on(Topic.ACCESS, self._forget)

    def create_account(self, name: str = "default") -> tuple[Account, SecretValue]:
        """A new account with its default places and a first user who may do everything; and the full text of that
        user's key, which is shown this once."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            account = Account(self._ids(ACCOUNT_ID_LENGTH), name, _after_all(tx, now))
            scope = Scope(account.id)
            tx.accounts.add(account)
            tx.organizations.add(Organization(scope, DEFAULT_ORGANIZATION, DEFAULT_ORGANIZATION, now, now))
            in_default = Scope(account.id, DEFAULT_ORGANIZATION)
            tx.projects.add(Project(in_default, DEFAULT_PROJECT, "Default Project", now, now))
            user = User(account.id, self._ids(USER_ID_LENGTH), ADMIN_EMAIL, "admin", now, now)
            tx.users.add(user)
            tx.api_keys.add(ApiKey(scope, ADMIN_KEY, ADMIN_KEY, user.ref, now, now))
            admin = RoleAssignment(scope, ADMIN_KEY, ACCOUNT_ADMIN, EVERYTHING, user.ref, now, now, is_managed=True)
            tx.role_assignments.add(admin)
            text = self._add_token(tx, user.ref)
            note(tx, now, SYSTEM, Action.CREATE, Subject(scope, ResourceType.ACCOUNT, account.id, name))
        return account, text

    def renew_admin_key(self, account: str) -> SecretValue:
        """A new key of the first user in place of all that it had, for a first start that was cut short.

        Raises AccountNotFoundError.
        """
        with self._store.transaction() as tx:
            admin = tx.users.find_by_email(account, ADMIN_EMAIL)
            if admin is None:
                raise AccountNotFoundError(account)
            tx.tokens.remove_of(account, [admin.ref])
            subject = Subject(Scope(account), ResourceType.TOKEN, ADMIN_KEY, "admin")
            note(tx, self._clock.now(), SYSTEM, Action.CREATE_TOKEN, subject)
            return self._add_token(tx, admin.ref)

    def accounts(self) -> tuple[Account, ...]:
        """All accounts, oldest first."""
        with self._store.snapshot() as tx:
            return tx.accounts.list()

    def check_operator(self, account: str) -> None:
        """For what belongs to the server, whose operator has its first account. Raises NotOperatorError."""
        if account not in [first.id for first in self.accounts()[:1]]:
            raise NotOperatorError

    def authenticate(self, text: str, account: str | None = None) -> Principal:
        """Who shows this key; ``account`` is the one the request is about, when it says so.

        Raises MissingTokenError for an empty text and InvalidTokenError for everything else: an unknown key gets the
        same words as a wrong secret, after the same work, so that nobody learns which keys exist.
        """
        if not text:
            raise MissingTokenError
        key = KeyText.parse(text)
        called = account if account is not None else key.account if key else ""
        if key is None:
            raise InvalidTokenError(called)
        with self._store.snapshot() as tx:
            token = tx.tokens.find(key.key_id)
            name = _owner_name(tx, token) if self._fits(token, key) and token is not None else None
        if token is None or name is None or token.account != called:
            raise InvalidTokenError(called)
        return Principal(token.owner, name, token.id)

    def grants(self, principal: PrincipalRef) -> Grants:
        """All that was granted to it, at most ``GRANTS_FRESH_FOR`` old."""
        now = self._clock.now()
        found = self._remembered.get(principal)
        if found is not None and now < found.until:
            return found.grants
        with self._store.snapshot() as tx:
            grants = grants_in(tx, principal)
        with self._lock:
            self._remembered[principal] = _Remembered(grants, now + GRANTS_FRESH_FOR)
        return grants

    def powers(self, account: str, key: str, at: datetime) -> Grants:
        """What the principal with that key (``PrincipalRef.key``) may do now, read anew; nothing for one who is gone or
        disabled, and for a service account that was made after ``at``: another one may have had its name then."""
        try:
            ref = PrincipalRef.of_key(account, key)
        except ValueError:
            return Grants()
        with self._store.snapshot() as tx:
            if ref.type is not PrincipalType.USER:
                found = tx.service_accounts.find(ref.scope, ref.identifier)
                if ref.type is not PrincipalType.SERVICE_ACCOUNT or found is None or found.created_at > at:
                    return Grants()
            return powers_in(tx, ref)

    def _forget(self, _: str) -> None:
        with self._lock:
            self._remembered = {}

    def _fits(self, token: Token | None, key: KeyText) -> bool:
        """The same steps for a key that is not there, on a stand-in that nothing fits."""
        now, digest, known = self._clock.now(), self.pepper.hash(key.secret), token or _NO_TOKEN
        is_its = known.fits(digest, now)
        is_named = (known.account, known.owner.type) == (key.account, key.type)
        return known.is_live(now) and is_its and is_named and token is not None

    def _add_token(self, tx: AccessTransaction, owner: PrincipalRef) -> SecretValue:
        """A key that does not end, for the first user: whoever lost it could not get in any more."""
        now, secret = self._clock.now(), SecretValue(self._ids(SECRET_LENGTH))
        token = Token(
            id=self._ids(KEY_ID_LENGTH),
            account=owner.scope.account,
            owner=owner,
            api_key=ADMIN_KEY,
            identifier=ADMIN_KEY,
            name="admin",
            secret_hash=self.pepper.hash(secret),
            created_at=now,
            valid_from=now,
        )
        tx.tokens.add(token)
        return KeyText(PrincipalType.USER, token.account, token.id, secret).render()


_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_NO_TOKEN = Token(
    id="",
    account="",
    owner=PrincipalRef(PrincipalType.USER, Scope(""), ""),
    api_key="",
    identifier="",
    name="",
    secret_hash=b"\0" * 32,
    created_at=_LONG_AGO,
    valid_from=_LONG_AGO,
    expires_at=_LONG_AGO,
)


def _after_all(tx: AccessTransaction, now: datetime) -> datetime:
    """Later than every account: the first one stays it, wherever a clock was set back."""
    return max([now, *(account.created_at + timedelta.resolution for account in tx.accounts.list())])


def _owner_name(tx: AccessTransaction, token: Token) -> str | None:
    """The name of whoever a token belongs to; None when that one is gone or disabled."""
    owner = token.owner
    if owner.type is PrincipalType.USER:
        user = tx.users.find(token.account, owner.identifier)
        return None if user is None or user.is_disabled else user.name
    account = tx.service_accounts.find(owner.scope, owner.identifier)
    return None if account is None else account.name
