"""Who is who, remembered in this process for a few seconds, so that a held poll costs no query; dropped by signal."""

import threading
from collections.abc import Callable

from pierhead.kit.clock import Clock
from pierhead.kit.signals import Signals, Topic

from .drafts import KnownDelegate

KEPT_S = 3.0
_MOST = 20_000


class KnownDelegates:
    """Thread-safe. ``look_up`` asks the store, and raises for a delegate that is not there."""

    def __init__(self, clock: Clock, signals: Signals, look_up: Callable[[str], KnownDelegate]) -> None:
        self._clock = clock
        self._look_up = look_up
        self._lock = threading.Lock()
        self._changes = 0
        self._kept: dict[str, tuple[KnownDelegate, float]] = {}
        signals.on(Topic.DELEGATE, self.drop)

    def get(self, delegate_id: str) -> KnownDelegate:
        kept = self._kept.get(delegate_id)
        if kept is not None and self._clock.monotonic() < kept[1]:
            return kept[0]
        changes = self._changes
        until = self._clock.monotonic() + KEPT_S
        found = self._look_up(delegate_id)
        with self._lock:
            if changes == self._changes:  # else it may have been read before it changed
                if len(self._kept) >= _MOST:
                    self._kept.clear()
                self._kept[delegate_id] = (found, until)
        return found

    def drop(self, delegate_id: str) -> None:
        """Forgets one, or all when the id is empty."""
        with self._lock:
            self._changes += 1
            if delegate_id:
                self._kept.pop(delegate_id, None)
            else:
                self._kept.clear()
