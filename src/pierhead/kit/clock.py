"""Time as a dependency: rules and loops get a clock, tests bring their own."""

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC wall-clock time, for records."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, for deadlines."""

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        """Pause; True when ``stop`` cut the pause short."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        if stop is not None:
            return stop.wait(max(0.0, seconds))
        time.sleep(max(0.0, seconds))
        return False


def to_epoch_ms(moment: datetime) -> int:
    """Milliseconds since the epoch, as the wire wants times."""
    return int(moment.timestamp() * 1000)
