"""Logging in through an OIDC provider: authorization code with PKCE, state and nonce.

What has to be known again when the browser comes back stands in a signed cookie of that browser, so that an answer
which somebody else asked for opens nothing. Nobody gets an account by this: the provider has to name a user that is
here, by subject or, the first time, by an email that the provider has verified.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

from pierhead.control.audit import SYSTEM, Action, Actor, note
from pierhead.kit.clock import Clock
from pierhead.kit.errors import InvalidInputError, NotFoundError, UnauthenticatedError
from pierhead.kit.ids import random_text
from pierhead.kit.redact import SecretValue

from .emails import ADMIN_EMAIL, canonical_email
from .makers import end_of_others
from .model import SECRET_LENGTH, User
from .ports import AccessStore, AccessTransaction
from .resolving import grants_in
from .sessions import Opened, SessionService, subject_of

OIDC_STATE_LASTS = timedelta(minutes=10)
_MAX_STATE_LENGTH = 4096
_MAX_NEXT_LENGTH = 1000
_NEXT = re.compile(r"/(?!/)[A-Za-z0-9._~!$&'()*+,;=:@%/?#-]*\Z")


class OidcNotConfiguredError(NotFoundError):
    code = "oidc-not-configured"

    def __init__(self) -> None:
        super().__init__(
            "this server has no OIDC provider", hint="set PIERHEAD_OIDC_ISSUER and what goes with it, or use a password"
        )


class OidcLoginError(UnauthenticatedError):
    """What the browser or the provider brought cannot be used."""

    code = "oidc-login"

    def __init__(self, problem: str) -> None:
        super().__init__(f"the login at the provider cannot be used: {problem}", hint="begin the login again")


class InvalidNextError(InvalidInputError):
    code = "invalid-next"

    def __init__(self) -> None:
        super().__init__("next is not a path of this server", hint="give a path such as /connectors")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is, after everything about its word was checked."""

    subject: str
    email: str | None
    is_email_verified: bool


class OidcProvider(Protocol):
    def authorization_url(self, state: str, nonce: str, challenge: str) -> str:
        """Where the browser goes; ``challenge`` is that of PKCE, by S256. Raises AppError."""

    def redeem(self, code: str, verifier: SecretValue, nonce: str) -> Identity:
        """Trades the code for an identity. Raises OidcLoginError, and UnavailableError for a provider that is down."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """What the cookie says."""

    state: str
    nonce: str
    verifier: str
    next: str
    until: float


class OidcService:
    """Thread-safe. ``key``: 32 secret bytes, the same for all servers; ``provider``: None when there is none."""

    def __init__(
        self,
        store: AccessStore,
        clock: Clock,
        sessions: SessionService,
        provider: OidcProvider | None,
        key: bytes,
        random: Callable[[int], str] = random_text,
    ) -> None:
        self._store = store
        self._clock = clock
        self._sessions = sessions
        self._provider = provider
        self._key = key
        self._random = random

    def begin(self, next_path: str = "/") -> tuple[str, SecretValue]:
        """Where the browser goes, and the cookie that it has to bring back.

        Raises OidcNotConfiguredError and InvalidNextError.
        """
        if self._provider is None:
            raise OidcNotConfiguredError
        until = (self._clock.now() + OIDC_STATE_LASTS).timestamp()
        state, nonce, verifier = (self._random(SECRET_LENGTH) for _ in range(3))
        begun = _Begun(state, nonce, verifier, check_next(next_path), until)
        challenge = _text(hashlib.sha256(verifier.encode()).digest())
        return self._provider.authorization_url(state, nonce, challenge), self._sealed(begun)

    def finish(
        self, account: str | None, cookie: SecretValue, state: str, code: str, by: Actor = SYSTEM
    ) -> tuple[Opened, str]:
        """A new session of whoever the provider names, and where the browser goes on to.

        Raises OidcNotConfiguredError, OidcLoginError, and UnavailableError for a provider that is down.
        """
        if self._provider is None:
            raise OidcNotConfiguredError
        begun = self._unsealed(cookie)
        if not hmac.compare_digest(begun.state.encode(), state.encode("utf-8", "replace")):
            raise OidcLoginError("it is not the one that this browser began")
        identity = self._provider.redeem(code, SecretValue(begun.verifier), begun.nonce)
        with self._store.transaction() as tx:
            account = account or _first_account(tx)
            tx.accounts.hold(account)  # keys may end with it; see ``turns``
            user = _user_of(tx, account, identity)
            if user is not None and not user.is_disabled:
                return self._sessions.open(tx, self._bound(tx, user, identity), by, "oidc"), begun.next
            if user is not None:
                note(tx, self._clock.now(), by, Action.UNSUCCESSFUL_LOGIN, subject_of(user), after={"method": "oidc"})
        raise OidcLoginError("there is no user here with that subject or verified email")

    def _bound(self, tx: AccessTransaction, user: User, identity: Identity) -> User:
        """From the first login on, the subject decides: an email may go to somebody else one day. What others made for
        the person before he came ends, where they may do less than he."""
        if user.subject is not None:
            return user
        bound = replace(user, subject=identity.subject, last_modified_at=self._clock.now())
        tx.users.replace(bound)
        before, after = {"subject": None}, {"subject": identity.subject}
        note(tx, self._clock.now(), SYSTEM, Action.UPDATE, subject_of(user), before, after)
        end_of_others(tx, user.ref, grants_in(tx, user.ref), SYSTEM, self._clock.now())
        return tx.users.find(user.account, user.id) or bound

    def _sealed(self, begun: _Begun) -> SecretValue:
        said = {name: getattr(begun, name) for name in _Begun.__slots__}
        text = _text(json.dumps(said, separators=(",", ":")).encode())
        return SecretValue(f"{text}.{self._signature(text)}")

    def _unsealed(self, cookie: SecretValue) -> _Begun:
        text, _, signature = cookie.reveal()[:_MAX_STATE_LENGTH].partition(".")
        if not hmac.compare_digest(self._signature(text).encode(), signature.encode("utf-8", "replace")):
            raise OidcLoginError("this browser has not begun it, or not lately")
        begun = _Begun(**json.loads(base64.urlsafe_b64decode(text + "==")))
        if begun.until < self._clock.now().timestamp():
            raise OidcLoginError("it took too long")
        return begun

    def _signature(self, text: str) -> str:
        return _text(hmac.digest(self._key, b"oidc\n" + text.encode("utf-8", "replace"), "sha256"))


def check_next(path: str) -> str:
    """``path`` if a browser stays on this server with it, whatever it makes of slashes. Raises InvalidNextError."""
    if len(path) > _MAX_NEXT_LENGTH or not _NEXT.match(path):
        raise InvalidNextError
    own = urlsplit(path).path
    if "//" in own or any(part in (".", "..") for part in own.lower().replace("%2e", ".").split("/")):
        raise InvalidNextError
    return path


def _user_of(tx: AccessTransaction, account: str, identity: Identity) -> User | None:
    """By subject; else by verified email, if nobody else has proved to be that user before."""
    if user := tx.users.find_by_subject(account, identity.subject):
        return user
    if not identity.email or not identity.is_email_verified:
        return None
    email = canonical_email(identity.email)
    user = tx.users.find_by_email(account, email) if email != ADMIN_EMAIL else None
    return user if user is not None and user.subject is None else None


def _first_account(tx: AccessTransaction) -> str:
    accounts = tx.accounts.list()
    return accounts[0].id if accounts else ""


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
