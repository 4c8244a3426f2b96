"""Wakes those who wait in this process; what there is to do stands in the store, so a lost ring loses nothing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Bell:
    """A counter of rings. Who notes ``count`` before looking for work misses no ring between the look and the wait."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        return self._count

    def ring(self) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait(self, seen: int, timeout_s: float) -> bool:
        """True when it rang after ``seen`` rings, at once or within ``timeout_s`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count != seen, timeout_s)


class Bells:
    """A bell for each key that somebody waits for, and none for the rest: thousands may wait, each for its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Bell]] = {}

    @contextmanager
    def at(self, key: str) -> Iterator[Bell]:
        bell = Bell()
        with self._lock:
            self._waiting.setdefault(key, []).append(bell)
        try:
            yield bell
        finally:
            with self._lock:
                self._waiting[key].remove(bell)
                if not self._waiting[key]:
                    del self._waiting[key]

    def ring(self, key: str = "") -> None:
        """Without a key, every bell."""
        with self._lock:
            lists = [self._waiting.get(key, [])] if key else self._waiting.values()
            bells = [bell for some in lists for bell in some]
        for bell in bells:
            bell.ring()
