"""The delegate itself: holds its poll, hands offers to the crew, waits out troubles, and leaves in order.

One poll is held always, also at capacity and while draining: cancels come by it.
"""

import logging
import random
import threading
from enum import IntEnum

from pierhead.kit.clock import Clock
from pierhead.kit.errors import AppError
from pierhead.kit.ids import random_text
from pierhead.protocol.agent import PollAnswer

from .alarm import Alarm
from .connection import Caller
from .crew import Crew
from .errors import (
    DelegateRevokedError,
    DelegateUnknownError,
    InterruptedPollError,
    RefusedError,
    ServerBusyError,
    ServerUnreachableError,
)
from .executor import Executor
from .link import Link
from .membership import Membership
from .orders import OrderReader
from .patience import Patience
from .server import KINDS, Server
from .settings import DelegateSettings
from .state import StateDirectory
from .task_run import Desk, Ending

log = logging.getLogger(__name__)

_LEAVE_S = 5.0
_QUICK_S = 0.2
_SETTLE_S = 1.0


class Stage(IntEnum):
    WORKING = 0
    DRAINING = 1
    LEAVING = 2


class Delegate:
    """``run`` once, on one thread; ``drain`` and ``leave`` from any, signal handlers included."""

    def __init__(
        self, settings: DelegateSettings, state: StateDirectory, executor: Executor, clock: Clock, rng: random.Random
    ) -> None:
        self._settings = settings
        self._state = state
        self._clock = clock
        self._alarm = Alarm()
        self._stop = threading.Event()
        self._patience = Patience(rng)
        self._error: AppError | None = None
        self._told_trouble = ""
        self._polled_free = 0
        self._drain_timer: threading.Timer | None = None
        self.stage = Stage.WORKING
        caller = Caller(settings.server, settings.tls, settings.proxy, clock)
        self.link = Link(caller, state.identity.signing, clock, self._stop)
        self._server = Server(self.link, settings, state.identity, random_text(32))
        self.membership = Membership(settings, state, self._server)
        self._desk = Desk(
            server=self._server,
            reader=self._reader,
            executor=executor,
            allowed=settings.allowed,
            clock=clock,
            ended=self._end_by,
            rng=rng,
        )
        self.crew = Crew(self._desk, settings.capacity, KINDS, self._task_ended)

    def drain(self) -> None:
        """Finishes what it has, takes no more, then ends."""
        self.stage = max(self.stage, Stage.DRAINING)
        self._alarm.ring()

    def leave(self) -> None:
        """Gives back what it has, and ends."""
        self.stage = Stage.LEAVING
        self._alarm.ring()

    def run(self) -> None:
        """Until it is told to leave. Raises AppError when it cannot go on: revoked, superseded, a wrong server."""
        try:
            while not self._is_over():
                self._step()
        except BaseException:
            self._drop()
            raise
        else:
            self._leave()
        finally:
            self._stop.set()
            self.link.close()
            self._desk.executor.close()

    # --- one round

    def _step(self) -> None:
        self._alarm.clear()
        if self._is_over():  # it rang just before it was cleared
            return
        try:
            self._poll(self.membership.make_sure(self._alarm).poll_s)
            self.membership.is_well()
            self._patience.reset()
        except InterruptedPollError:
            self.crew.nudge()
        except (DelegateUnknownError, DelegateRevokedError, RefusedError) as error:
            if not self.membership.mend(error):
                self._wait_out(error)
        except (ServerUnreachableError, ServerBusyError) as error:
            self.crew.nudge()
            self._wait_out(error)
        if self._error is not None:
            raise self._error

    def _poll(self, poll_s: float) -> None:
        self._polled_free = 0  # until it is known: a task that ends meanwhile rings
        is_draining = self.stage is not Stage.WORKING
        free = 0 if is_draining else self.crew.free
        self._polled_free = free
        began = self._clock.monotonic()
        answer = self._server.poll(free, is_draining, poll_s, self._alarm)
        self._told_trouble = ""
        self.membership.tell(answer.state)
        self._obey(answer, self._clock.monotonic() - began)

    def _obey(self, answer: PollAnswer, held_s: float) -> None:
        self.crew.cancel(answer.cancel)
        taken = self.crew.take(answer.offers) if self.stage is Stage.WORKING else 0
        if taken:
            self.crew.settle(_SETTLE_S)
        elif held_s < _QUICK_S:
            # A server that holds no poll, or says again what is being done already: no reason to ask without a pause.
            self._pause(self._patience.rng.uniform(0.05, _QUICK_S))

    def _wait_out(self, error: AppError) -> None:
        pause_s = self._patience.pause_s(error)
        if error.message != self._told_trouble:  # the same trouble again is no news
            self._told_trouble = error.message
            log.warning("%s; trying again%s", error.message, f" ({error.hint})" if error.hint else "")
        self._pause(pause_s)

    def _pause(self, seconds: float) -> None:
        """Cut short when there is something to do about it; a task that ends is nothing of that kind."""
        until = self._clock.monotonic() + seconds
        stage = self.stage
        while (left_s := until - self._clock.monotonic()) > 0:
            if self.stage is not stage or self._error is not None or self._is_over():
                return
            if self._alarm.wait(left_s):
                self._alarm.clear()

    # --- the end

    def _is_over(self) -> bool:
        if self.stage is Stage.DRAINING:
            self._start_drain_clock()
            return self.crew.count == 0
        return self.stage is Stage.LEAVING

    def _start_drain_clock(self) -> None:
        if self._drain_timer is None:
            log.info("draining: %d tasks to finish, no more are taken", self.crew.count)
            self._drain_timer = threading.Timer(self._settings.drain_timeout_s, self.leave)
            self._drain_timer.daemon = True
            self._drain_timer.start()

    def _leave(self) -> None:
        """What is unfinished is given back; then the session is closed, so that nobody waits for its lease."""
        if self._drain_timer is not None:
            self._drain_timer.cancel()
        self._desk.leaving.set()
        self.crew.stop(Ending.RELEASE)
        if not self.crew.join(_LEAVE_S):
            log.warning("%d tasks are left to their leases", self.crew.count)
        if self.membership.session is not None:
            try:
                self._server.close()
            except AppError as error:
                log.debug("the session is left to end by itself: %s", error.message)
        log.info("stopped")

    def _drop(self) -> None:
        self._desk.leaving.set()
        self._stop.set()
        self.crew.stop(Ending.DROP)
        self.crew.join(_LEAVE_S)

    # --- told by tasks, on their threads

    def _end_by(self, error: AppError) -> None:
        """What ends us all. Of a revoked token the poll is told too, and knows what to do about it."""
        if not isinstance(error, DelegateRevokedError):
            self._error = self._error or error
        self._alarm.ring()

    def _task_ended(self) -> None:
        if self._polled_free == 0:  # the poll that is held says there is no room, or waits for the last task
            self._alarm.ring()

    def _reader(self) -> OrderReader:
        enrolment = self._state.enrolment
        assert enrolment is not None
        return OrderReader(enrolment.server_key, enrolment.delegate_id, self._state.identity.sealing)
