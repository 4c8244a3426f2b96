"""Passwords at rest: argon2id, few at a time, so that logins cannot eat up memory and processors."""

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pierhead.kit.errors import InvalidInputError, RateLimitedError
from pierhead.kit.redact import SecretValue

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 1024
_AT_ONCE = 2
_MAY_WAIT = 6
_LONGEST_WAIT_S = 2.0
_TRY_AGAIN_S = 2.0
_MIB_KIB = 1024


class WeakPasswordError(InvalidInputError):
    code = "weak-password"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"the password {problem}",
            hint=f"take {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters; several words do well",
        )


class LoginsBusyError(RateLimitedError):
    code = "logins-busy"

    def __init__(self) -> None:
        super().__init__(
            "too many logins at once",
            retry_after_s=_TRY_AGAIN_S,
            hint="try again in a few seconds; nothing was counted",
        )


@dataclass(frozen=True, slots=True)
class HashCost:
    """What one hash takes; more of it makes guessing slower for whoever stole the database."""

    memory_kib: int = 64 * _MIB_KIB
    passes: int = 3


class PasswordHashes:
    """Thread-safe. Hashes made at another cost go on being good, until ``is_outdated`` has them made anew."""

    def __init__(
        self,
        cost: HashCost | None = None,
        *,
        at_once: int = _AT_ONCE,
        may_wait: int = _MAY_WAIT,
        wait_s: float = _LONGEST_WAIT_S,
    ) -> None:
        self._cost = cost or HashCost()
        self._free = threading.BoundedSemaphore(at_once)
        self._waiting = threading.BoundedSemaphore(at_once + may_wait)  # who waits keeps a thread from other answers
        self._wait_s = wait_s

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Room for one hash. Raises LoginsBusyError when there is none for a while."""
        if not self._waiting.acquire(blocking=False):
            raise LoginsBusyError
        try:
            if not self._free.acquire(timeout=self._wait_s):
                raise LoginsBusyError
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._waiting.release()

    def make(self, password: SecretValue) -> str:
        """Call it within a ``turn``, with a password that was checked."""
        return self._hasher.hash(_bytes(password))

    def fits(self, password: SecretValue, made: str | None) -> bool:
        """Call it within a ``turn``. False, after the same work, when there is no hash to compare with."""
        from argon2.exceptions import InvalidHashError, VerificationError

        is_sane = len(password.reveal()) <= MAX_PASSWORD_LENGTH
        try:
            self._hasher.verify(made or self._nobodys, _bytes(password) if is_sane else b"")
        except (VerificationError, InvalidHashError):
            return False
        return made is not None and is_sane

    def is_outdated(self, made: str) -> bool:
        return self._hasher.check_needs_rehash(made)

    @cached_property
    def _hasher(self) -> "PasswordHasher":
        from argon2 import PasswordHasher, Type

        return PasswordHasher(self._cost.passes, self._cost.memory_kib, parallelism=1, type=Type.ID)

    @cached_property
    def _nobodys(self) -> str:
        """Made without hashing, for then the first login of an unknown name would take twice as long."""
        cost = f"m={self._cost.memory_kib},t={self._cost.passes},p=1"
        return f"$argon2id$v=19${cost}${'A' * 22}${'A' * 43}"


def check_password(password: SecretValue) -> None:
    """Raises WeakPasswordError."""
    text = password.reveal()
    if len(text) > MAX_PASSWORD_LENGTH:
        raise WeakPasswordError(f"has more than {MAX_PASSWORD_LENGTH} characters")
    if len(unicodedata.normalize("NFKC", text)) < MIN_PASSWORD_LENGTH or len(set(text)) < 4:
        raise WeakPasswordError("is too easy to guess" if len(text) >= MIN_PASSWORD_LENGTH else "is too short")


def _bytes(password: SecretValue) -> bytes:
    """The same for every way in which keyboards and systems put the same characters together."""
    return unicodedata.normalize("NFKC", password.reveal()).encode("utf-8", "surrogatepass")
