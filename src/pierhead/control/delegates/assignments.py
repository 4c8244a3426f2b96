"""From an offer to a lease and back: a delegate takes a task, declines it, or gives it back undone.

Everything is asked again here, in the transaction that leases: an offer was only an invitation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pierhead.control.tasks import Lease, TaskQueue, TaskRow, TaskState
from pierhead.kit.clock import Clock

from .drafts import check_admitted
from .enrolled import Enrolled, Roster
from .errors import DelegateUnknownError, NonceUsedError
from .field import Field, Standing
from .fields import read_history, read_one, running_of
from .model import NONCE_KEPT, SUCCESS_RENEWED_AFTER, Conclusion, Experience, LoggedLine, LogLine
from .ports import DelegateTransaction
from .route import Offers, Route
from .words import why

_MAX_REASON_CHARS = 300
_MAX_ORIGINS = 100
_FULL_REASONS = 50  # of those that declined one task; it is all kept beside the task


@dataclass(frozen=True, slots=True)
class Acquired:
    """``check_first``: origins of the task that this delegate is not known to reach."""

    lease: Lease
    check_first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotForYou:
    reason: str


class Assignments:
    """Every method stands in the transaction it is given."""

    def __init__(self, queue: TaskQueue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock

    def acquire(self, tx: DelegateTransaction, delegate_id: str, task_id: str, nonce: str) -> Acquired | NotForYou:
        """Raises DelegateUnknownError, DelegateRevokedError, NonceUsedError."""
        now = self._clock.now()
        one = read_one(tx, delegate_id)
        if one is None:
            raise DelegateUnknownError(delegate_id)
        check_admitted(one.label, one.delegate.state, one.token is not None and one.token.is_live(now))
        if not tx.nonces.use(delegate_id, nonce, now + NONCE_KEPT):
            raise NonceUsedError
        task = tx.tasks.find(task_id)
        offers = Offers.from_json(task.offers) if task else Offers()
        if task is None or task.route is None or offers.asked.get(delegate_id) != one.delegate.session:
            return NotForYou("this task was not offered to this delegate, or not to this process of it")
        if task.state is not TaskState.QUEUED:
            return NotForYou("another delegate has it" if task.state is TaskState.LEASED else "it has ended")
        return self._lease(tx, one, task, offers, now)

    def decline(
        self, tx: DelegateTransaction, delegate_id: str, task_id: str, fence: int, unreachable: Mapping[str, str]
    ) -> TaskRow | None:
        """The task once it is back in the queue, or ended because it was to be cancelled. Raises StaleLeaseError."""
        now = self._clock.now()
        one = read_one(tx, delegate_id)  # before the task, as everywhere: two transactions never wait for each other
        lease = self._queue.held(tx, task_id, delegate_id, fence)
        route, offers = Route.from_json(lease.task.route or {}), Offers.from_json(lease.task.offers)
        reasons = {o: _plain(unreachable[o]) for o in route.origins if o in unreachable}
        tx.experiences.put(Experience(delegate_id, origin, False, now, why) for origin, why in reasons.items())
        reason = "; ".join(f"{origin}: {why}" for origin, why in reasons.items()) or "it said no reason"
        kept = reason if len(offers.declined) < _FULL_REASONS else "does not reach it either"
        declined = Offers(offers.round, declined={**offers.declined, delegate_id: kept})
        self._log(tx, task_id, _line(Conclusion.REJECTED, reason, one, delegate_id))
        return self._give_back(tx, lease, declined, is_declined=True)

    def release(
        self,
        tx: DelegateTransaction,
        delegate_id: str,
        task_id: str,
        fence: int,
        checkpoint: Mapping[str, object] | None,
    ) -> TaskRow | None:
        """As ``decline``, but the delegate only stops: others first, and the same one once it has started anew.

        Raises StaleLeaseError, TooLargeError.
        """
        one = read_one(tx, delegate_id)
        lease = self._queue.held(tx, task_id, delegate_id, fence)
        if checkpoint is not None:
            self._queue.checkpoint(tx, lease, checkpoint)
        asked = {delegate_id: one.delegate.session} if one else {}
        text = "The delegate stops and gives the task back"
        self._log(tx, task_id, _line(Conclusion.INFO, text, one, delegate_id))
        return self._give_back(tx, lease, Offers(asked=asked, declined=Offers.from_json(lease.task.offers).declined))

    def learned(
        self, tx: DelegateTransaction, delegate_id: str, reached: Mapping[str, bool], reasons: Mapping[str, str]
    ) -> None:
        now = self._clock.now()
        origins = tuple(reached)[:_MAX_ORIGINS]
        known = {record.origin: record for record in tx.experiences.list([delegate_id], origins)}
        records = [
            Experience(delegate_id, origin, reached[origin], now, _plain(reasons.get(origin, ""))) for origin in origins
        ]
        tx.experiences.put(record for record in records if not _is_no_news(record, known.get(record.origin)))

    def _lease(
        self, tx: DelegateTransaction, one: Enrolled, task: TaskRow, offers: Offers, now: datetime
    ) -> Acquired | NotForYou:
        route = Route.from_json(task.route or {})
        alone = Roster([one])
        history, running = read_history(tx, alone, route, now), running_of(tx, alone, now, {})
        field = Field(route, task.kind, alone, history, running, now)
        fresh = Offers(declined=offers.declined)
        refusal = _refusal(field, fresh)
        if refusal:
            return NotForYou(refusal)
        tx.tasks.put_offers(task.id, fresh.to_json(), None)  # whoever gets it after this one begins anew
        lease = self._queue.acquire(tx, task.id, one.id)
        if lease is None:
            tx.tasks.put_offers(task.id, offers.to_json(), task.offer_at)
            return NotForYou("it was just taken, cancelled or is over its time")
        tx.delegates.assigned(one.id, now)
        self._log(tx, task.id, _line(Conclusion.ASSIGNED, "Delegate assigned for task execution", one, one.id))
        return Acquired(lease, field.unproven(one))

    def _give_back(
        self, tx: DelegateTransaction, lease: Lease, offers: Offers, *, is_declined: bool = False
    ) -> TaskRow | None:
        self._queue.release(tx, lease, is_declined=is_declined)
        tx.tasks.put_offers(lease.id, offers.to_json(), self._clock.now())
        return tx.tasks.find(lease.id)

    def _log(self, tx: DelegateTransaction, task_id: str, line: LogLine) -> None:
        tx.selection_log.add([LoggedLine(task_id, self._clock.now(), line)])


def _refusal(field: Field, offers: Offers) -> str:
    """Why the only delegate of this field may not have the task; empty when it may."""
    verdict = field.everybody(offers)[0]
    return "" if verdict.standing is Standing.READY else why(field, verdict)


def _is_no_news(record: Experience, known: Experience | None) -> bool:
    is_same = known is not None and known.is_success and record.is_success
    return is_same and known is not None and record.at - known.at < SUCCESS_RENEWED_AFTER


def _line(conclusion: Conclusion, text: str, one: Enrolled | None, delegate_id: str) -> LogLine:
    return LogLine(conclusion, text, one.label if one else delegate_id, delegate_id)


def _plain(text: str) -> str:
    """What a delegate says, fit for one line of a page."""
    return "".join(char if char.isprintable() else " " for char in text[:_MAX_REASON_CHARS])
