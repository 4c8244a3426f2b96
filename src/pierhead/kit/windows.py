"""How often something may happen in a stretch of time, for many callers at once, in memory that does not grow.

For each key two numbers are kept: what happened in this stretch, and in the one before. The one before counts for as
much as of it lies within the moving window.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable


class MovingWindow:
    """Thread-safe. ``limit`` times in any ``seconds``, 0 for as often as you like. Of more than ``max_keys`` callers,
    those are forgotten who have not called for longest."""

    def __init__(
        self, limit: int, seconds: float, *, max_keys: int = 50_000, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._seconds = seconds
        self._max_keys = max_keys
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._rows: OrderedDict[str, tuple[int, int, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rows)

    def hit(self, key: str) -> float | None:
        """Counts one more and gives None; or counts nothing, and gives the seconds after which there is room."""
        if self._limit <= 0:
            return None
        stretch, part = divmod(self._monotonic() / self._seconds, 1.0)
        with self._lock:
            begun, now, before = self._rows.get(key, (0, 0, 0))
            if begun != stretch:
                now, before = 0, now if begun == stretch - 1 else 0
                self._rows.pop(key, None)  # to the end: the order is that of their last stretch
                while len(self._rows) >= self._max_keys:
                    self._rows.popitem(last=False)
            has_room = before * (1.0 - part) + now + 1 <= self._limit
            self._rows[key] = (int(stretch), now + has_room, before)
        return None if has_room else self._wait_s(now, before, part)

    def _wait_s(self, now: int, before: int, part: float) -> float:
        room = self._limit - now - 1
        if room >= 0:  # enough of the stretch before has to leave the window
            return (1.0 - room / before - part) * self._seconds
        return (1.0 - part + 1.0 - (self._limit - 1) / now) * self._seconds
