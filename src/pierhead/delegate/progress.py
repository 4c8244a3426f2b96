"""Tells the server how far a task is, in batches, and keeps its lease alive. One loop for each task under way.

Of each image only the newest event counts, so what has to be told never grows beyond the task.
"""

import json
import logging
import threading
from collections.abc import Callable

from pierhead.kit.clock import Clock
from pierhead.kit.errors import AppError
from pierhead.kit.limits import KIB
from pierhead.protocol.agent import ProgressRequest
from pierhead.protocol.tasks import CopyEvent, ImageEvent

from .errors import LeaseLostError, RefusedError
from .patience import Patience

log = logging.getLogger(__name__)

BATCH_EVERY_S = 0.25
_MAX_EVENTS = 1000
_MAX_CHECKPOINT_BYTES = 16 * KIB
_NOT_OURS = frozenset({403, 404, 409, 410})

Send = Callable[[ProgressRequest], bool]
"""Sends one report; True when the task shall be cancelled."""


class ProgressLoop:
    """A context, and an executor.Report. ``cancel`` is called when the server asks for it, ``lost`` when it took the
    task away."""

    def __init__(
        self,
        name: str,
        fence: int,
        lease_s: float,
        send: Send,
        clock: Clock,
        patience: Patience,
        cancel: Callable[[], None],
        lost: Callable[[AppError], None],
    ) -> None:
        self._fence = fence
        self._renew_s = lease_s / 3
        self._send = send
        self._clock = clock
        self._patience = patience
        self._cancel = cancel
        self._lost = lost
        self._changed = threading.Condition()
        self._images: dict[str, ImageEvent] = {}
        self._copies: dict[str, CopyEvent] = {}
        self._checkpoint: dict[str, object] | None = None
        self.last_checkpoint: dict[str, object] | None = None
        self._is_nudged = False
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"progress-{name[:8]}", daemon=True)

    def image(self, event: ImageEvent) -> None:
        with self._changed:
            self._images[event.key] = event
            self._changed.notify()

    def copy(self, event: CopyEvent) -> None:
        with self._changed:
            self._copies[event.key] = event
            self._changed.notify()

    def checkpoint(self, document: dict[str, object]) -> None:
        """What is too large to be kept is left out: then the next attempt begins with the checkpoint before."""
        if len(json.dumps(document)) > _MAX_CHECKPOINT_BYTES:
            log.warning("a checkpoint of more than %d bytes is not kept", _MAX_CHECKPOINT_BYTES)
            return
        with self._changed:
            self._checkpoint = self.last_checkpoint = document
            self._changed.notify()

    def __enter__(self) -> "ProgressLoop":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def nudge(self) -> None:
        """Asks the server now: it may have said something about the task that did not arrive."""
        with self._changed:
            self._is_nudged = True
            self._changed.notify()

    def end(self) -> None:
        """Idempotent. A report that is on its way is not waited for."""
        self._is_over.set()
        with self._changed:
            self._changed.notify()

    def _run(self) -> None:
        due_at = self._clock.monotonic() + self._renew_s
        while not self._is_over.is_set():
            self._wait_until(due_at)
            if self._is_over.is_set():
                return
            pause_s = self._report()
            due_at = self._clock.monotonic() + self._renew_s
            self._rest(pause_s)

    def _rest(self, pause_s: float) -> None:
        """So that events come in batches. A checkpoint does not wait for that: some registries have no use for an
        upload of which we know less than they do, and then all of it is sent anew."""
        until = self._clock.monotonic() + pause_s
        with self._changed:
            while not self._is_over.is_set() and (self._checkpoint is None or pause_s > BATCH_EVERY_S):
                left_s = until - self._clock.monotonic()
                if left_s <= 0:
                    return
                self._changed.wait(left_s)

    def _wait_until(self, due_at: float) -> None:
        """For something to tell, or for the lease to need it."""
        with self._changed:
            while not (self._images or self._copies or self._checkpoint or self._is_nudged or self._is_over.is_set()):
                left_s = due_at - self._clock.monotonic()
                if left_s <= 0:
                    return
                self._changed.wait(left_s)

    def _report(self) -> float:
        """Seconds to pause before the next one."""
        request = self._take()
        try:
            if self._send(request):
                self._cancel()
        except (LeaseLostError, RefusedError) as error:
            if isinstance(error, RefusedError) and error.status not in _NOT_OURS:
                return self._failed(error, request)
            if not self._is_over.is_set():  # else the task has just ended, and this report came too late
                self.end()
                self._lost(error)
        except AppError as error:
            return self._failed(error, request)
        except Exception:
            log.exception("a report of progress failed")
            return 1.0
        self._patience.reset()
        return BATCH_EVERY_S

    def _failed(self, error: AppError, request: ProgressRequest) -> float:
        if self._is_over.is_set():
            return 0.0
        log.debug("progress is not told: %s", error.message)
        self._put_back(request)
        return self._patience.pause_s(error)

    def _take(self) -> ProgressRequest:
        with self._changed:
            images = [self._images.pop(key) for key in list(self._images)[:_MAX_EVENTS]]
            copies = [self._copies.pop(key) for key in list(self._copies)[:_MAX_EVENTS]]
            checkpoint, self._checkpoint = self._checkpoint, None
            self._is_nudged = False
        return ProgressRequest(fence=self._fence, images=tuple(images), copies=tuple(copies), checkpoint=checkpoint)

    def _put_back(self, request: ProgressRequest) -> None:
        """Unless something newer came meanwhile."""
        with self._changed:
            self._images = {event.key: event for event in request.images} | self._images
            self._copies = {event.key: event for event in request.copies} | self._copies
            self._checkpoint = self._checkpoint or request.checkpoint
