"""Something has changed: told to whoever waits in this process, and through the store to other processes.

A signal carries no truth, only the hint to look; what is the case stands in the store, so a lost signal costs time
and nothing else.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

log = logging.getLogger(__name__)


class Topic(StrEnum):
    TASK_QUEUED = "task-queued"
    """There is something to lease for the platform; key: the task."""
    TASK_WAITS = "task-waits"
    """There is something to offer to delegates; key: the task, or empty for any."""
    TASK_OFFERED = "task-offered"
    """Key: ``<delegate> <task>``."""
    TASK_CANCEL = "task-cancel"
    """The holder of a leased task shall stop; key: the task."""
    TASK_ENDED = "task-ended"
    """Key: the task."""
    RUN = "run"
    """A run changed; key: the run."""
    ACCESS = "access"
    """What somebody may do, or whether a key or session is good; key: the principal, or empty for any."""
    DELEGATE = "delegate"
    """Approved, disabled, revoked, enrolled again, gone; key: the delegate, or empty for any."""


@dataclass(frozen=True, slots=True)
class Signal:
    topic: Topic
    key: str = ""


Callback = Callable[[str], None]


class Signals:
    """Thread-safe. Callbacks run on the telling thread and must be quick; one that raises is logged."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: dict[Topic, tuple[Callback, ...]] = {}

    def on(self, topic: Topic, callback: Callback) -> Callable[[], None]:
        """Calls back with the key of every signal of ``topic``; gives the function that ends this.

        An empty key means that anything may have changed, as after a broken connection to the database.
        """
        with self._lock:
            self._callbacks[topic] = (*self._callbacks.get(topic, ()), callback)
        return lambda: self._forget(topic, callback)

    def tell(self, signal: Signal) -> None:
        for callback in self._callbacks.get(signal.topic, ()):
            try:
                callback(signal.key)
            except Exception:
                log.exception("a listener to %s failed", signal.topic)

    def tell_all(self) -> None:
        """Every topic, with an empty key."""
        for topic in Topic:
            self.tell(Signal(topic))

    def _forget(self, topic: Topic, callback: Callback) -> None:
        with self._lock:
            self._callbacks[topic] = tuple(kept for kept in self._callbacks.get(topic, ()) if kept is not callback)
