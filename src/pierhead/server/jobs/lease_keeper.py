"""Keeps a lease alive while its work goes on, and stops the work when the lease is lost or a cancel is asked for."""

import logging
import threading
from collections.abc import Callable

from pierhead.control.tasks import Lease, StaleLeaseError, TaskQueue
from pierhead.kit.signals import Signals, Topic
from pierhead.kit.tasks import Loop

log = logging.getLogger(__name__)

FLUSH_EVERY_S = 0.25


class LeaseKeeper:
    """A context: renews every third of a lease, calls ``flush`` a few times a second, ``cancel`` when it must end."""

    def __init__(
        self,
        queue: TaskQueue,
        signals: Signals,
        lease: Lease,
        flush: Callable[[], None],
        cancel: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._signals = signals
        self._lease = lease
        self._flush = flush
        self._cancel = cancel
        self._loop = Loop(f"lease-{lease.id[:8]}", self._step)
        self._beats_to_renewal = self._beats = max(1, int(queue.lease_s / 3 / FLUSH_EVERY_S))

    def __enter__(self) -> "LeaseKeeper":
        self._forget = self._signals.on(Topic.TASK_CANCEL, self._cancel_asked)
        if self._lease.is_cancel_requested:
            self._cancel()
        self._loop.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()
        self._loop.stop()

    def _step(self, stop: threading.Event) -> float:
        if stop.wait(FLUSH_EVERY_S):
            return 0.0
        try:
            self._flush()
            self._renew_when_due()
        except StaleLeaseError:
            log.warning("task %s: the lease is lost; stopping its work", self._lease.id)
            self._cancel()
            stop.set()
        return 0.0

    def _renew_when_due(self) -> None:
        self._beats_to_renewal -= 1
        if self._beats_to_renewal > 0:
            return
        self._beats_to_renewal = self._beats
        if self._queue.renew(self._lease).is_cancel_requested:
            self._cancel()

    def _cancel_asked(self, task_id: str) -> None:
        if task_id == self._lease.id:
            self._cancel()
        elif not task_id:  # anything may have happened meanwhile: look with the next beat
            self._beats_to_renewal = 0
