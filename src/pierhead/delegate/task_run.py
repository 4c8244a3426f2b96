"""One task from its offer to its end: acquire, prove, check, do, report. Runs on a thread of its own."""

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from pierhead.kit.clock import Clock
from pierhead.kit.errors import AppError
from pierhead.protocol import tasks as wire
from pierhead.protocol.agent import Offer, Order, OrderHead, Unreachable
from pierhead.protocol.sealing import SealBrokenError
from pierhead.registry.errors import CallCancelledError
from pierhead.registry.exchange import show_text
from pierhead.worker.cancel import CancelToken

from .allow_list import AllowList
from .errors import (
    DelegateRevokedError,
    DelegateUnknownError,
    LeaseLostError,
    OrderForgedError,
    OrderRefusedError,
    RefusedError,
    RegistryNotAllowedError,
    ServerBusyError,
    ServerUnreachableError,
    SessionSupersededError,
)
from .executor import Executor
from .ledger import Ledger
from .orders import OrderReader
from .outcome import failed, is_whole, summary
from .patience import Patience
from .progress import ProgressLoop
from .server import Server

log = logging.getLogger(__name__)

_ACQUIRE_TRIES = 3


@dataclass(frozen=True, slots=True)
class Desk:
    """What all tasks of a delegate share. ``leaving`` is set when there is no time left to try anything again."""

    server: Server
    reader: Callable[[], OrderReader]
    executor: Executor
    allowed: AllowList
    clock: Clock
    ended: Callable[[AppError], None]
    """Told of what ends the whole delegate."""
    rng: random.Random = field(default_factory=random.Random)
    ledger: Ledger = field(default_factory=Ledger)
    leaving: threading.Event = field(default_factory=threading.Event)


class Ending(Enum):
    """Why the work stops before its time."""

    NONE = "none"
    RELEASE = "the delegate stops"
    CANCEL = "the server asked for it"
    DROP = "the task is no longer ours"


class TaskRun:
    """``answered`` is called when it is known whether the task is ours; until then it ``is_asking``."""

    def __init__(self, desk: Desk, offer: Offer, answered: Callable[[], None]) -> None:
        self._desk = desk
        self._answered = answered
        self.is_asking = True
        self.task_id = offer.task
        self.kind = offer.kind
        self._token = CancelToken()
        self._lock = threading.Lock()
        self._ending = Ending.NONE
        self.is_acquired = False
        self._nudge: Callable[[], None] | None = None

    def stop(self, ending: Ending) -> None:
        """Any thread. Dropping outdoes cancelling, which outdoes releasing; the same again changes nothing."""
        order = tuple(Ending)
        with self._lock:
            if order.index(ending) <= order.index(self._ending):
                return
            self._ending = ending
        log.info("task %s is stopped: %s", self.task_id[:12], ending.value)
        self._token.cancel()

    def nudge(self) -> None:
        """Any thread: what the server said of this task may not have arrived, so it is asked."""
        if self._nudge is not None:
            self._nudge()

    def run(self) -> None:
        """Raises nothing that has to do with the task."""
        order = self._acquired()
        self.is_asking = False
        self._answered()
        if order is None:
            return
        try:
            head = self._desk.reader().read_head(order, self.task_id, self._desk.ledger.last(self.task_id))
        except OrderForgedError as error:
            log.error("%s; nothing of it is done", error.message)
            return
        self._desk.ledger.note(head.task, head.fence)
        self.is_acquired = True
        log.info("task %s (%s) is ours", head.task[:12], head.kind)
        with self._progress(head) as progress:
            self._nudge = progress.nudge
            self._carry_out(order, head, progress)

    def _carry_out(self, order: Order, head: OrderHead, progress: ProgressLoop) -> None:
        try:
            task = self._desk.reader().read_task(order, head)
        except (OrderRefusedError, SealBrokenError) as error:
            log.error("%s", error.message)
            self._finish(head, failed(error))
            return
        refused = self._refused(task) or self._unreachable(task, head)
        if refused:
            self._decline(head, refused)
            return
        began = self._desk.clock.monotonic()
        result = self._perform(task, progress)
        self._end(head, result, progress, self._desk.clock.monotonic() - began)

    # --- before the work

    def _acquired(self) -> Order | None:
        patience = Patience(self._desk.rng)
        for attempt in range(_ACQUIRE_TRIES):
            try:
                answer = self._desk.server.acquire(self.task_id)
            except (ServerUnreachableError, ServerBusyError) as error:
                if attempt + 1 == _ACQUIRE_TRIES or self._desk.leaving.wait(patience.pause_s(error)):
                    return None
            except AppError as error:
                self._note(error)
                return None
            else:
                if answer.order is None:
                    log.debug("task %s is not for us: %s", self.task_id[:12], show_text(answer.reason))
                return answer.order
        return None

    def _refused(self, task: wire.Task) -> tuple[Unreachable, ...]:
        code = RegistryNotAllowedError.code
        refused = self._desk.allowed.refused(task).items()
        return tuple(Unreachable(origin=url, code=code, message=why) for url, why in refused)[:100]

    def _unreachable(self, task: wire.Task, head: OrderHead) -> tuple[Unreachable, ...]:
        if not head.check_first:
            return ()
        return self._desk.executor.unreachable(task, head.check_first, self._token)[:100]

    def _progress(self, head: OrderHead) -> ProgressLoop:
        return ProgressLoop(
            name=head.task,
            fence=head.fence,
            lease_s=head.lease_s,
            send=lambda request: self._desk.server.progress(head.task, request),
            clock=self._desk.clock,
            patience=Patience(self._desk.rng),
            cancel=lambda: self.stop(Ending.CANCEL),
            lost=self._lease_is_lost,
        )

    def _lease_is_lost(self, error: AppError) -> None:
        log.warning("%s; its work is dropped", error.message)
        self.stop(Ending.DROP)

    # --- the work, and after

    def _perform(self, task: wire.Task, progress: ProgressLoop) -> wire.Result:
        try:
            return self._desk.executor.perform(task, progress, self._token)
        except AppError as error:
            return failed(error)
        except Exception as error:
            # Its text may hold what the task holds, secrets included: only its kind is told.
            log.error("task %s broke: %s", self.task_id[:12], type(error).__name__)
            return wire.FailedResult(error=_unexpected(error))

    def _end(self, head: OrderHead, result: wire.Result, progress: ProgressLoop, seconds: float) -> None:
        with self._lock:
            ending = self._ending
        is_cut_short = ending is not Ending.NONE and not is_whole(result)
        if ending is Ending.DROP:
            return
        if is_cut_short and ending is Ending.RELEASE:
            self._release(head, progress)
            return
        said = "cancelled" if is_cut_short else summary(result)
        log.info("task %s (%s): %s, %.2f s", head.task[:12], head.kind, said, seconds)
        self._finish(head, result, is_cancelled=is_cut_short)

    def _finish(self, head: OrderHead, result: wire.Result, *, is_cancelled: bool = False) -> None:
        """Until it is accepted or nobody wants it any more: what was done must not be lost by a short outage."""
        try:
            self._persist(lambda: self._desk.server.finish(head.task, head.fence, result, is_cancelled))
        except RefusedError as error:
            log.error("the result of task %s is refused: %s", head.task[:12], error.message)
            instead = failed(error)
            try:
                self._persist(lambda: self._desk.server.finish(head.task, head.fence, instead, is_cancelled))
            except RefusedError:
                log.error("task %s is left to its lease", head.task[:12])

    def _decline(self, head: OrderHead, refused: tuple[Unreachable, ...]) -> None:
        log.warning("task %s is declined: %s: %s", head.task[:12], show_text(refused[0].origin), refused[0].message)
        try:
            self._persist(lambda: self._desk.server.decline(head.task, head.fence, refused))
        except RefusedError as error:
            log.error("declining task %s is refused: %s", head.task[:12], error.message)

    def _release(self, head: OrderHead, progress: ProgressLoop) -> None:
        log.info("task %s is given back undone", head.task[:12])
        try:
            self._desk.server.release(head.task, head.fence, progress.last_checkpoint)
        except AppError as error:
            log.warning("task %s is left to its lease: %s", head.task[:12], error.message)

    def _persist(self, call: Callable[[], None]) -> None:
        """Raises RefusedError."""
        patience = Patience(self._desk.rng)
        while True:
            try:
                call()
            except (ServerUnreachableError, ServerBusyError, DelegateUnknownError) as error:
                if self._desk.leaving.is_set():
                    log.warning("task %s is left to its lease: %s", self.task_id[:12], error.message)
                    return
                self._desk.leaving.wait(patience.pause_s(error))  # one last try when the time is over
            except RefusedError:
                raise
            except AppError as error:
                self._note(error)
                return
            else:
                return

    def _note(self, error: AppError) -> None:
        """What cannot be mended by trying again."""
        if isinstance(error, (DelegateRevokedError, SessionSupersededError)):
            self._desk.ended(error)
        elif isinstance(error, LeaseLostError):
            log.warning("%s; its result is not wanted", error.message)
        elif not isinstance(error, CallCancelledError):
            log.warning("task %s: %s", self.task_id[:12], error.message)


def _unexpected(error: Exception) -> wire.TaskFailure:
    return wire.TaskFailure(
        code="unexpected-failure",
        category="error",
        message=f"the delegate failed in an unexpected way ({type(error).__name__})",
        hint="look into the delegate's log",
    )
