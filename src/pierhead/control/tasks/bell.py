"""Wakes those who wait in this process; what there is to do stands in the store, so a lost ring loses nothing."""

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


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


class Listeners(Generic[T]):
    """Callbacks for one kind of event; one that raises is logged and does not keep the others from hearing."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[T], None]] = []

    def add(self, callback: Callable[[T], None]) -> Callable[[], None]:
        """Gives the function that takes it off again."""
        self._callbacks = [*self._callbacks, callback]
        return lambda: self._remove(callback)

    def tell(self, event: T) -> None:
        for callback in self._callbacks:
            try:
                callback(event)
            except Exception:
                log.exception("a listener to the task queue failed")

    def _remove(self, callback: Callable[[T], None]) -> None:
        self._callbacks = [kept for kept in self._callbacks if kept is not callback]
