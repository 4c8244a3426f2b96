"""Sessions of people in a browser: a random id in a cookie, whose keyed hash is all that the store knows."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pierhead.control.audit import Action, Actor, Subject, note
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.clock import Clock
from pierhead.kit.errors import DeniedError, UnauthenticatedError
from pierhead.kit.ids import random_text
from pierhead.kit.redact import SecretValue
from pierhead.kit.signals import Signal, Topic

from .model import SECRET_LENGTH, Principal, Session, User, hash_secret
from .ports import AccessStore, AccessTransaction

SESSION_LASTS = timedelta(hours=12)
IDLE = timedelta(hours=1)
MOST_SESSIONS = 50
"""Of one user; the oldest ends for the next."""
_SEEN_AT_MOST_EVERY = timedelta(minutes=1)
_SHOWN_ID_BYTES = 8


class InvalidSessionError(UnauthenticatedError):
    """One answer for every session that is not there: unknown, ended, run out, of somebody who is gone."""

    code = "invalid-session"

    def __init__(self) -> None:
        super().__init__("there is no such session, or it has ended", hint="log in again")


class CsrfError(DeniedError):
    """The browser shows a session by itself, so a change needs the page's own word that it was meant."""

    code = "csrf"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"the request changes something and {problem}",
            hint="send the csrfToken of GET /pierhead/v1/session as X-CSRF-Token, from a page of this server",
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session. ``text`` goes into the cookie and is kept nowhere; ``csrf`` belongs into a header."""

    text: SecretValue
    csrf: str
    session: Session
    user: User


class SessionService:
    """Thread-safe. ``key``: at least 32 secret bytes kept outside the store."""

    def __init__(
        self, store: AccessStore, clock: Clock, key: bytes, random: Callable[[int], str] = random_text
    ) -> None:
        self._store = store
        self._clock = clock
        self._key = key
        self._random = random

    def open(self, tx: AccessTransaction, user: User, by: Actor, how: str) -> Opened:
        """``how`` the person proved to be that user, for the audit trail."""
        now, text = self._clock.now(), SecretValue(self._random(SECRET_LENGTH))
        session = Session(
            hash_secret(text, self._key), user.account, user.id, now, now, now + SESSION_LASTS, by.address
        )
        tx.sessions.keep_newest(user.account, user.id, MOST_SESSIONS - 1)
        tx.sessions.add(session)
        actor = Actor(user.ref.type, user.id, user.name, _shown(session.id_hash), by.address, by.request_id)
        note(tx, now, actor, Action.LOGIN, subject_of(user), after={"method": how})
        return Opened(text, self.csrf(text), session, user)

    def authenticate(self, text: SecretValue) -> Principal:
        """Who shows this session. Raises InvalidSessionError."""
        now, id_hash = self._clock.now(), hash_secret(text, self._key)
        with self._store.snapshot() as tx:
            session = tx.sessions.find(id_hash)
            user = tx.users.find(session.account, session.user) if session is not None else None
        if session is None or user is None or user.is_disabled or not _is_live(session, now):
            raise InvalidSessionError
        if now - session.last_seen_at >= _SEEN_AT_MOST_EVERY:
            with self._store.transaction() as tx:
                tx.sessions.seen(id_hash, now)
        return Principal(user.ref, user.name, _shown(id_hash), is_session=True)

    def get(self, text: SecretValue) -> Opened:
        """The session as it stands. Raises InvalidSessionError."""
        with self._store.snapshot() as tx:
            session = tx.sessions.find(hash_secret(text, self._key))
            user = tx.users.find(session.account, session.user) if session is not None else None
        if session is None or user is None:
            raise InvalidSessionError
        return Opened(text, self.csrf(text), session, user)

    def csrf(self, text: SecretValue) -> str:
        """What a page has to send with a change; whoever knows it does not know the session."""
        return hmac.digest(self._key, b"csrf\n" + text.reveal().encode(), "sha256").hex()

    def check_csrf(self, text: SecretValue, sent: str | None) -> None:
        """Raises CsrfError."""
        if not sent:
            raise CsrfError("has no X-CSRF-Token")
        if not hmac.compare_digest(self.csrf(text).encode(), sent.encode("utf-8", "replace")):
            raise CsrfError("its X-CSRF-Token is not that of the session")

    def close(self, text: SecretValue, by: Actor) -> bool:
        """Logs out. False when there is no such session."""
        id_hash = hash_secret(text, self._key)
        with self._store.transaction() as tx:
            session = tx.sessions.find(id_hash)
            user = tx.users.find(session.account, session.user) if session is not None else None
            if session is None or not tx.sessions.remove(id_hash):
                return False
            subject = Subject(Scope(session.account), ResourceType.USER, session.user, user.name if user else "")
            note(tx, self._clock.now(), by, Action.LOGOUT, subject)
            return True

    def sweep(self) -> int:
        """Forgets sessions that have run out."""
        with self._store.transaction() as tx:
            return tx.sessions.purge(self._clock.now())


def end_sessions(tx: AccessTransaction, account: str, user: str) -> int:
    """Every session of that user ends with this transaction: for a new password, for a user disabled or gone."""
    ended = tx.sessions.remove_of(account, user)
    tx.announce(Signal(Topic.ACCESS, user))
    return ended


def subject_of(user: User) -> Subject:
    return Subject(Scope(user.account), ResourceType.USER, user.id, user.name)


def _is_live(session: Session, now: datetime) -> bool:
    return now < session.expires_at and now - session.last_seen_at < IDLE


def _shown(id_hash: bytes) -> str:
    """What is said of a session in the audit trail."""
    return "session:" + id_hash[:_SHOWN_ID_BYTES].hex()
