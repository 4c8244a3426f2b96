"""A way to stop work from outside, for good; shared by all that takes part in it."""

import threading


class CancelToken:
    """Thread-safe. Once cancelled it stays so."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        return self._event.is_set()

    @property
    def event(self) -> threading.Event:
        """For waits that take an event; set, never cleared."""
        return self._event
