"""Carries a worker's progress into a run: gathers what happens, writes it in few transactions."""

import threading
from collections.abc import Mapping

from pierhead.control.pipelines import ImageFacts, ImageFailure, ImageState, RunService
from pierhead.control.tasks import Lease
from pierhead.protocol.tasks import ImageEvent


class RunReporter:
    """Thread-safe. ``emit`` only remembers; ``flush`` writes and is called by the lease's keeper.

    Once ``closing`` is set nothing is taken in any more: that work stops because the program ends is no outcome.
    """

    def __init__(self, runs: RunService, lease: Lease, closing: threading.Event) -> None:
        self._runs = runs
        self._lease = lease
        self._closing = closing
        self._lock = threading.Lock()
        self._waiting: dict[str, ImageFacts] = {}

    def emit(self, event: ImageEvent) -> None:
        if self._closing.is_set():
            return
        with self._lock:
            self._waiting[event.key] = self._waiting.get(event.key, ImageFacts()).after(facts_of(event))

    def flush(self) -> None:
        """Writes what has gathered. Raises StaleLeaseError."""
        facts = self._take()
        if facts:
            self._runs.record(self._lease, facts.items())

    def finish(self) -> None:
        """Writes the rest and ends the task and the run. Raises StaleLeaseError."""
        self._runs.finish(self._lease, self._take().items())

    def _take(self) -> Mapping[str, ImageFacts]:
        with self._lock:
            facts, self._waiting = self._waiting, {}
        return facts


def facts_of(event: ImageEvent) -> ImageFacts:
    error = event.error
    failure = None
    if error is not None:
        exchange = error.exchange.model_dump(by_alias=True) if error.exchange else None
        failure = ImageFailure(error.code, error.category, error.message, error.hint, exchange)
    return ImageFacts(
        state=ImageState(event.state),
        digest=event.digest,
        manifest_digest=event.manifest_digest,
        bytes_total=event.bytes_total,
        bytes_done=event.bytes_done or 0,
        bytes_fetched=event.bytes_fetched or 0,
        seconds=event.seconds,
        rate_limit=event.rate_limit.model_dump(by_alias=True) if event.rate_limit else None,
        failure=failure,
        warnings=tuple(event.warnings),
    )
