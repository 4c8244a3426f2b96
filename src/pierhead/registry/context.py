"""What a caller may impose on every call: an end and a way to stop. And bounds that hold for all."""

import threading
from dataclasses import dataclass
from typing import Final

from pierhead.kit.clock import Clock
from pierhead.kit.limits import KIB, MIB

from .errors import CallCancelledError, DeadlineExceededError

# How long a blocked socket or lock may keep us from seeing that we were cancelled.
SLICE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class CallContext:
    """``deadline_monotonic`` is in seconds of the transport's clock. Both bounds hold for all waiting a call does."""

    cancel: threading.Event | None = None
    deadline_monotonic: float | None = None

    def check(self, clock: Clock) -> None:
        """Raises CallCancelledError or DeadlineExceededError."""
        if self.cancel is not None and self.cancel.is_set():
            raise CallCancelledError
        if self.deadline_monotonic is not None and clock.monotonic() >= self.deadline_monotonic:
            raise DeadlineExceededError

    def remaining_s(self, clock: Clock) -> float | None:
        """Seconds left, None when there is no deadline."""
        return None if self.deadline_monotonic is None else self.deadline_monotonic - clock.monotonic()

    def pause(self, seconds: float, clock: Clock) -> None:
        """Waits, at most until the deadline. Raises CallCancelledError or DeadlineExceededError."""
        left = self.remaining_s(clock)
        clock.wait(seconds if left is None else min(seconds, left), self.cancel)
        self.check(clock)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. ``idle_s``: silence in a body. Too slow is less than ``min_bytes_per_s`` over ``rate_window_s``.

    ``commit_s``: until the answer to a body of ours, which is stored first.
    """

    resolve_s: float = 10.0
    connect_s: float = 5.0
    tls_s: float = 5.0
    first_byte_s: float = 30.0
    commit_s: float = 300.0
    idle_s: float = 60.0
    rate_window_s: float = 60.0
    min_bytes_per_s: float = 1024.0
    keep_idle_s: float = 55.0
    slice_s: float = SLICE_S


@dataclass(frozen=True, slots=True)
class Caps:
    """What a remote side may make us hold at once."""

    head_bytes: int = 32 * KIB
    manifest_bytes: int = 4 * MIB
    token_bytes: int = 64 * KIB
    error_bytes: int = 64 * KIB
    page_bytes: int = MIB
    list_entries: int = 100_000
    redirects: int = 5
