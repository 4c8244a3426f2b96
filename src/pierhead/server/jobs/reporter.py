"""Carries what a worker in this process says into its task: gathers what happens, writes it in few transactions."""

import threading
from collections.abc import Mapping

from pierhead.control.tasks import Lease
from pierhead.protocol.tasks import CopyEvent, ImageEvent

from .work import Report, Work


class Reporter:
    """Thread-safe. What comes in is only remembered; ``flush`` writes and is called by the lease's keeper.

    Once ``closing`` is set nothing is taken in any more: that work stops because the program ends is no outcome.
    """

    def __init__(self, work: Work, lease: Lease, closing: threading.Event) -> None:
        self._work = work
        self._lease = lease
        self._closing = closing
        self._lock = threading.Lock()
        self._images: list[ImageEvent] = []
        self._copies: list[CopyEvent] = []
        self._checkpoint: Mapping[str, object] | None = None

    def image(self, event: ImageEvent) -> None:
        if not self._closing.is_set():
            with self._lock:
                self._images.append(event)

    def copy(self, event: CopyEvent) -> None:
        if not self._closing.is_set():
            with self._lock:
                self._copies.append(event)

    def checkpoint(self, document: Mapping[str, object]) -> None:
        with self._lock:
            self._checkpoint = document

    def flush(self) -> None:
        """Writes what has gathered. Raises StaleLeaseError."""
        report = self._take()
        if report != Report():
            self._work.progress(self._lease, report)

    def _take(self) -> Report:
        with self._lock:
            report = Report(tuple(self._images), tuple(self._copies), self._checkpoint)
            self._images, self._copies, self._checkpoint = [], [], None
        return report
