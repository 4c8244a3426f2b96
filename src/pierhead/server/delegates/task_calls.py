"""What a delegate asks and says about one task: every word under its own lease, or it changes nothing."""

import contextlib
import logging
from collections.abc import Callable
from typing import TypeVar

from pierhead.control.delegates import Acquired, DelegateState, KnownDelegate
from pierhead.control.tasks import Lease, StaleLeaseError, TaskNotFoundError, TaskState
from pierhead.kit.errors import AppError
from pierhead.protocol.agent import (
    AcquireAnswer,
    AcquireRequest,
    DeclineRequest,
    Done,
    FinishRequest,
    ProgressAnswer,
    ProgressRequest,
    ReleaseRequest,
)
from pierhead.protocol.signatures import InvalidKeyError
from pierhead.protocol.tasks import Task
from pierhead.server.jobs.errors import UnknownKindError
from pierhead.server.jobs.origins import experience
from pierhead.server.jobs.work import Report, Work, ordered

from .edge import message_in
from .identity import Signed
from .intrusions import Intrusions
from .linkage import LinkApplication
from .orders import order_for
from .refusals import DelegateWaitingError, NotYourTaskError

log = logging.getLogger(__name__)

T = TypeVar("T")


class TaskCalls:
    """Runs on the threads of the hub's pool; the caller has made sure who speaks."""

    def __init__(self, app: LinkApplication) -> None:
        self._app = app
        self._intrusions = Intrusions(app)

    def acquire(self, known: KnownDelegate, task_id: str, signed: Signed) -> AcquireAnswer:
        request = message_in(signed.body, AcquireRequest)
        known.check(request.session)
        if known.state is not DelegateState.ENABLED:
            raise DelegateWaitingError(known.id)
        acquired = self._app.dispatcher.acquire(known.id, task_id, signed.nonce)
        if not isinstance(acquired, Acquired):
            return AcquireAnswer(reason=acquired.reason)
        return self._ordered(known, acquired)

    def progress(self, known: KnownDelegate, task_id: str, signed: Signed) -> ProgressAnswer:
        request = message_in(signed.body, ProgressRequest)

        def reported(lease: Lease) -> ProgressAnswer:
            report = Report(request.images, request.copies, request.checkpoint)
            self._work(lease).progress(lease, report)
            return ProgressAnswer(is_cancel_requested=self._app.queue.renew(lease).is_cancel_requested)

        return self._under_lease(known, task_id, request.fence, reported)

    def finish(self, known: KnownDelegate, task_id: str, signed: Signed) -> Done:
        """Saying it twice is harmless: the first time counted."""
        request = message_in(signed.body, FinishRequest)

        def finished(lease: Lease) -> Done:
            work = self._work(lease)
            if not request.is_cancelled:
                self._learn(work, lease, request)
            work.finish(lease, request.result, request.is_cancelled)
            return Done()

        try:
            return self._under_lease(known, task_id, request.fence, finished)
        except StaleLeaseError:
            if self._is_ended_by(known, task_id, request.fence):
                return Done()
            raise

    def check_large(self, known: KnownDelegate, task_id: str, verb: str) -> Done | None:
        """Before a large body is taken in: only about a task in the delegate's own hands.

        The answer, when it has ended the task already and only says so again.
        Raises TaskNotFoundError, StaleLeaseError.
        """
        task = self._app.queue.find(known.account, task_id)
        if task is None:
            raise TaskNotFoundError(task_id)
        is_own = task.owner == known.id
        if is_own and task.state.is_final and verb == "finish":
            return Done()
        if not is_own or task.state is not TaskState.LEASED:
            raise StaleLeaseError(task_id, known.id, task.fence)
        return None

    def release(self, known: KnownDelegate, task_id: str, signed: Signed) -> Done:
        request = message_in(signed.body, ReleaseRequest)

        def released(lease: Lease) -> Done:
            self._app.dispatcher.release(known.id, lease.id, lease.fence, request.checkpoint)
            return Done()

        return self._under_lease(known, task_id, request.fence, released)

    def decline(self, known: KnownDelegate, task_id: str, signed: Signed) -> Done:
        request = message_in(signed.body, DeclineRequest)
        unreachable = {each.origin[:2048]: f"{each.message[:1000]} ({each.code[:100]})" for each in request.unreachable}

        def declined(lease: Lease) -> Done:
            self._app.dispatcher.decline(known.id, lease.id, lease.fence, unreachable)
            return Done()

        return self._under_lease(known, task_id, request.fence, declined)

    def _ordered(self, known: KnownDelegate, acquired: Acquired) -> AcquireAnswer:
        lease = acquired.lease
        try:
            task = ordered(self._work(lease), lease)
        except StaleLeaseError:
            return AcquireAnswer(reason="the lease was lost again")
        except Exception:
            self._give_back(lease)
            raise
        if task is None:
            return AcquireAnswer(reason="nothing was left to do for this task")
        return self._sealed(known, acquired, task)

    def _sealed(self, known: KnownDelegate, acquired: Acquired, task: Task) -> AcquireAnswer:
        lease, app = acquired.lease, self._app
        try:
            order = order_for(known, lease, task, acquired.check_first, app.queue.lease_s, app.server_key)
        except InvalidKeyError as error:
            log.warning("delegate %s cannot be given task %s: %s", known.id, lease.id, error.message)
            app.dispatcher.decline(known.id, lease.id, lease.fence, {})  # to others: this one cannot do any
            return AcquireAnswer(reason=error.message)
        return AcquireAnswer(order=order)

    def _give_back(self, lease: Lease) -> None:
        """After a failure of our own. Should this fail too, the lease runs out by itself."""
        with contextlib.suppress(AppError):
            self._app.dispatcher.release(lease.owner, lease.id, lease.fence, None)

    def _under_lease(self, known: KnownDelegate, task_id: str, fence: int, use: Callable[[Lease], T]) -> T:
        """Raises TaskNotFoundError, NotYourTaskError, StaleLeaseError."""
        task = self._app.queue.find(known.account, task_id)
        if task is None:
            raise TaskNotFoundError(task_id)
        if task.owner not in (None, known.id) and task.fence == fence:
            log.warning("delegate %s spoke for task %s of delegate %s", known.id, task_id, task.owner)
            self._intrusions.tell(known, task)
            raise NotYourTaskError(task_id)
        with self._app.store.transaction() as tx:
            lease = self._app.queue.held(tx, task_id, known.id, fence)
        return use(lease)

    def _learn(self, work: Work, lease: Lease, request: FinishRequest) -> None:
        reached, reasons = experience(work.outcomes(lease.task, request.result))
        if reached:
            with self._app.store.transaction() as tx:
                self._app.queue.check(tx, lease)
                self._app.dispatcher.learned(tx, lease.owner, reached, reasons)

    def _is_ended_by(self, known: KnownDelegate, task_id: str, fence: int) -> bool:
        with self._app.store.snapshot() as tx:
            return self._app.queue.is_ended_by(tx, task_id, known.id, fence)

    def _work(self, lease: Lease) -> Work:
        work = self._app.works.get(lease.task.kind)
        if work is None:
            raise UnknownKindError(lease.task.kind)
        return work
