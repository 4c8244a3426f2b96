"""Logging in by password, and setting one. Whoever asks learns nothing about who has an account here."""

from dataclasses import dataclass, replace
from datetime import datetime

from pierhead.control.audit import SYSTEM, Action, Actor, Subject, note
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.clock import Clock
from pierhead.kit.errors import UnauthenticatedError
from pierhead.kit.redact import SecretValue

from .emails import MAX_EMAIL_LENGTH, canonical_email
from .errors import PrincipalNotFoundError
from .escalation import THE_PROGRAM, Giver
from .lockout import Attempt, Lockout
from .makers import maker_of
from .model import User
from .passwords import PasswordHashes, check_password
from .ports import AccessStore
from .sessions import InvalidSessionError, Opened, SessionService, end_sessions, subject_of
from .turns import in_turn

_SWEEP_EVERY_S = 60.0


class LoginFailedError(UnauthenticatedError):
    """One answer for a wrong password, an unknown name, a disabled user and one without a password."""

    code = "login-failed"

    def __init__(self) -> None:
        super().__init__(
            "email or password is wrong", hint="check both; after ten failures a name is locked for a while"
        )


@dataclass(frozen=True, slots=True)
class _Proof:
    """A right password. ``new_hash``: the same password at today's cost, when it was hashed at another."""

    user: User
    attempt: Attempt
    new_hash: str | None


class LoginService:
    """Thread-safe."""

    def __init__(
        self, store: AccessStore, clock: Clock, sessions: SessionService, hashes: PasswordHashes | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._sessions = sessions
        self._hashes = hashes or PasswordHashes()
        self._lockout = Lockout(store, clock)
        self._sweep_at = 0.0

    def log_in(self, account: str | None, email: str, password: SecretValue, by: Actor = SYSTEM) -> Opened:
        """A new session of whoever has this email and password, in ``account`` or else in the only one there is.

        Raises LoginFailedError, LoginLockedError and LoginsBusyError.
        """
        account, email = account or self._first_account(), email[: MAX_EMAIL_LENGTH + 1]
        proof = self._proved(account, email, password, by)
        with self._store.transaction() as tx:
            user = tx.users.find(proof.user.account, proof.user.id)
            if user is None or user.is_disabled or user.password_hash != proof.user.password_hash:
                raise LoginFailedError  # changed while we were looking
            self._lockout.succeeded(tx, proof.attempt)
            if proof.new_hash is not None:
                tx.users.replace(replace(user, password_hash=proof.new_hash))
            opened = self._sessions.open(tx, user, by, "password")
        self.sweep()
        return opened

    def set_password(self, account: str, user_id: str, new: SecretValue, giver: Giver = THE_PROGRAM) -> None:
        """For whoever may manage users, and may himself do all that this user may: a password makes him that user.
        Ends all sessions of the user, and a lockout of his name.

        Raises PrincipalNotFoundError, AccessDeniedError and WeakPasswordError.
        """
        check_password(new)
        with self._hashes.turn():
            made = self._hashes.make(new)
        with in_turn(self._store, account) as tx:
            user = tx.users.find(account, user_id)
            if user is None:
                raise PrincipalNotFoundError("user", user_id)
            giver.check_over(tx, user.ref)
            self._lockout.forgive(tx, account, user.email)
            now = self._clock.now()
            maker = maker_of(tx, giver, now)
            tx.users.replace(replace(user, password_hash=made, password_by=maker, last_modified_at=now))
            ended = end_sessions(tx, account, user_id)
            before = {"hasPassword": user.password_hash is not None}
            after = {"hasPassword": True, "sessionsEnded": ended}
            note(tx, now, giver.actor, Action.UPDATE, subject_of(user), before, after)

    def locked_until(self, user: User) -> datetime | None:
        """Until when a password does not let the user in, a right one neither; None when it does."""
        return self._lockout.locked_until(user.account, user.email)

    def has_password(self, account: str, user_id: str) -> bool:
        with self._store.snapshot() as tx:
            user = tx.users.find(account, user_id)
        return user is not None and user.password_hash is not None

    def change_password(
        self, account: str, user_id: str, current: SecretValue, new: SecretValue, by: Actor = SYSTEM
    ) -> None:
        """For oneself: a wrong ``current`` counts as a failed login. Ends all sessions, the one that asks too.

        Raises LoginFailedError and as ``set_password``.
        """
        check_password(new)
        with self._store.snapshot() as tx:
            user = tx.users.find(account, user_id)
        if user is None:
            raise InvalidSessionError
        proof = self._proved(account, user.email, current, by)
        with self._store.transaction() as tx:
            self._lockout.succeeded(tx, proof.attempt)
        self.set_password(account, user_id, new, Giver(by, user.ref))

    def sweep(self) -> None:
        """Forgets failures and sessions that do not count any more, now and then."""
        now = self._clock.monotonic()
        if now >= self._sweep_at:
            self._sweep_at = now + _SWEEP_EVERY_S
            self._lockout.sweep()
            self._sessions.sweep()

    def _proved(self, account: str, email: str, password: SecretValue, by: Actor) -> _Proof:
        """The failure is counted before the hash is looked at, and the turn is had before the failure is counted: it
        locks nobody out that others try a lot."""
        self._lockout.check(account, email, by.address)
        with self._hashes.turn():
            attempt = self._lockout.begin(account, email, by.address)
            with self._store.snapshot() as tx:
                user = tx.users.find_by_email(account, canonical_email(email))
            made = user.password_hash if user is not None else None
            fits = self._hashes.fits(password, made)
            if user is not None and made is not None and fits and not user.is_disabled:
                return _Proof(user, attempt, self._hashes.make(password) if self._hashes.is_outdated(made) else None)
        self._note_failure(account, user, by)
        self.sweep()
        raise LoginFailedError

    def _note_failure(self, account: str, user: User | None, by: Actor) -> None:
        """Not the name that was typed: people type their password there."""
        subject = subject_of(user) if user is not None else Subject(Scope(account), ResourceType.USER, "unknown")
        with self._store.transaction() as tx:
            if tx.accounts.find(account) is not None:
                note(tx, self._clock.now(), by, Action.UNSUCCESSFUL_LOGIN, subject)

    def _first_account(self) -> str:
        with self._store.snapshot() as tx:
            accounts = tx.accounts.list()
        return accounts[0].id if accounts else ""
