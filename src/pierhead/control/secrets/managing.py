"""Secret managers of others, of which this server keeps a path and asks for the value when it is used.

They are set by whoever runs the server. A value is remembered for some seconds, in memory alone; what cannot be read is
an error, and never asked of another manager.
"""

import hmac
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Final, Protocol

from pierhead.control.scopes import Level, Scope
from pierhead.kit.clock import Clock
from pierhead.kit.errors import AppError
from pierhead.kit.redact import SecretValue

from .errors import UnknownManagerError
from .manager_errors import ManagedValueInvalidError

MAX_VALUE_BYTES: Final = 64 * 1024
REMEMBERED_S: Final = 30.0
_FAILURE_REMEMBERED_S = 2.0  # many who wait for a store that is down hear of it once
_MOST_REMEMBERED = 1000
_NOTHING = SecretValue("")


class ManagerType(StrEnum):
    ENVIRONMENT = "environment"
    FILE = "file"
    VAULT = "vault"
    AWS = "aws"


class OutsideStore(Protocol):
    """One store of somebody else's. Thread-safe; holds no connection open for long."""

    def check(self, path: str, version: str | None) -> None:
        """Raises ReferencePathError for a path that cannot be one of this store's. Asks nobody."""

    def read(self, path: str, version: str | None) -> SecretValue:
        """The value now. Raises the errors of ``manager_errors``."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Scopes that a manager may be used from: the account itself, everything in it, or organizations and projects by
    their identifiers (``("org",)``, ``("org", "project")``)."""

    account: bool = True
    everything: bool = False
    places: frozenset[tuple[str, ...]] = frozenset()

    def covers(self, scope: Scope) -> bool:
        if self.everything:
            return True
        if scope.level is Level.ACCOUNT:
            return self.account
        assert scope.org is not None
        return (scope.org,) in self.places or (scope.org, scope.project) in self.places


@dataclass(frozen=True, slots=True)
class ConfiguredStore:
    """``details`` are for people to see; no secret is among them."""

    identifier: str
    name: str
    type: ManagerType
    reach: Reach
    store: OutsideStore
    details: Mapping[str, str] = field(default_factory=dict)


class SecretManagers:
    """Thread-safe."""

    def __init__(self, clock: Clock, managers: Sequence[ConfiguredStore] = ()) -> None:
        self._clock = clock
        self._managers = {manager.identifier: manager for manager in managers}
        self._lock = threading.Lock()
        self._remembered: OrderedDict[tuple[str, str, str | None], _Remembered] = OrderedDict()

    def list(self) -> tuple[ConfiguredStore, ...]:
        """In the order of the configuration."""
        return tuple(self._managers.values())

    def find(self, reference: str, user: Scope) -> ConfiguredStore:
        """``reference`` is the plain identifier or ``account.`` and the identifier: managers belong to the account.

        Raises UnknownManagerError, also for one that may not be used from ``user``.
        """
        found = self._managers.get(reference.removeprefix("account."))
        if found is None or not found.reach.covers(user):
            raise UnknownManagerError(reference)
        return found

    def read(self, reference: str, user: Scope, path: str, version: str | None) -> SecretValue:
        """At most 30 seconds old. Raises UnknownManagerError and the errors of ``manager_errors``."""
        manager = self.find(reference, user)
        slot = self._slot((manager.identifier, path, version))
        with slot.lock:  # of many who ask at once, one reads
            if self._clock.monotonic() >= slot.ends_at:
                self._fill(slot, manager, path, version)
            if slot.error is not None:
                raise slot.error.with_traceback(None)
            return slot.value

    def _fill(self, slot: "_Remembered", manager: ConfiguredStore, path: str, version: str | None) -> None:
        slot.value, slot.error = _NOTHING, None
        try:
            slot.value = _sound(manager, path, manager.store.read(path, version))
        except AppError as error:
            slot.error = error
        slot.ends_at = self._clock.monotonic() + (REMEMBERED_S if slot.error is None else _FAILURE_REMEMBERED_S)

    def _slot(self, key: tuple[str, str, str | None]) -> "_Remembered":
        with self._lock:
            slot = self._remembered.setdefault(key, _Remembered())
            self._remembered.move_to_end(key)
            while len(self._remembered) > _MOST_REMEMBERED:
                self._remembered.popitem(last=False)
            return slot


@dataclass(slots=True)
class _Remembered:
    value: SecretValue = field(default_factory=lambda: _NOTHING)
    error: AppError | None = None
    ends_at: float = -inf
    lock: threading.Lock = field(default_factory=threading.Lock)


def _sound(manager: ConfiguredStore, path: str, value: SecretValue) -> SecretValue:
    text = value.reveal()
    if not text:
        raise ManagedValueInvalidError(manager.identifier, path, "is empty")
    if len(text.encode(errors="surrogatepass")) > MAX_VALUE_BYTES:
        raise ManagedValueInvalidError(manager.identifier, path, f"is longer than {MAX_VALUE_BYTES:,} bytes")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ManagedValueInvalidError(manager.identifier, path, "is not text")
    return value


def version_of_value(value: SecretValue, key: bytes) -> str:
    """Another text for another value; nothing can be told from it without the key."""
    return hmac.digest(key, b"version\n" + value.reveal().encode(), "sha256").hex()[:32]
