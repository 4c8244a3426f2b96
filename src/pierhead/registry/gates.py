"""One gate for each (origin, credential): who is told to wait makes all others wait too."""

import random
import threading
from typing import Literal, NamedTuple

from pierhead.kit.clock import Clock

from .context import CallContext
from .errors import RegistryRateLimitedError
from .exchange import Exchange

Kind = Literal["quota", "abuse"]
JITTER = 0.1


class Closure(NamedTuple):
    """``until`` is when we look again; ``asked_until`` when the registry said it would answer, which may be later."""

    until: float
    asked_until: float
    host: str
    kind: Kind
    exchange: Exchange | None


class RateGates:
    """Thread-safe. Times are of the clock's monotonic kind."""

    def __init__(self, clock: Clock, max_wait_s: float, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._lock = threading.Lock()
        self._closed: dict[str, Closure] = {}
        self.max_wait_s = max_wait_s

    def close(self, key: str, seconds: float, host: str, kind: Kind, exchange: Exchange | None) -> None:
        """Nobody passes for ``seconds``, at most ``max_wait_s``."""
        now = self._clock.monotonic()
        until = now + min(seconds, self.max_wait_s)
        with self._lock:
            before = self._closed.get(key)
            if before is None or before.until < until:
                self._closed[key] = Closure(until, now + seconds, host, kind, exchange)

    def wait(self, key: str, call: CallContext) -> None:
        """Returns when the gate is open. Raises RegistryRateLimitedError at once when that is after the deadline."""
        while (closure := self._closure(key)) is not None:
            now = self._clock.monotonic()
            left_s = closure.until - now
            remaining_s = call.remaining_s(self._clock)
            if remaining_s is not None and left_s > remaining_s:
                raise RegistryRateLimitedError(closure.host, closure.kind, closure.asked_until - now, closure.exchange)
            # Each waiter adds its own bit, so that they do not all come back in the same instant.
            call.pause(left_s * (1 + JITTER * self._rng.random()), self._clock)

    def _closure(self, key: str) -> Closure | None:
        with self._lock:
            closure = self._closed.get(key)
            if closure is not None and closure.until <= self._clock.monotonic():
                del self._closed[key]
                return None
            return closure
