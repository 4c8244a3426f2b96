"""A clock that moves only when told to, so that no test waits for time to pass."""

import threading
from datetime import UTC, datetime, timedelta


class FakeClock:
    """Starts at ``start``; ``wait`` advances it at once. Thread-safe. ``waits`` records every pause asked for."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
        self._monotonic = 1000.0
        self._lock = threading.Lock()
        self.waits: list[float] = []

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def monotonic(self) -> float:
        with self._lock:
            return self._monotonic

    def wait(self, seconds: float, stop: threading.Event | None = None) -> bool:
        with self._lock:
            self.waits.append(seconds)
        if stop is not None and stop.is_set():
            return True
        self.advance(max(0.0, seconds))
        return False

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += timedelta(seconds=seconds)
            self._monotonic += seconds
