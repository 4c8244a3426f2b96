"""Use cases of tasks that wait for a delegate: settle where one may go, offer it, hand it over, take it back, tell why.

Rules are in ``selection`` and ``offering``. Any number of dispatchers may work on one store: who offers a task is the
one whose transaction got it, and who may have it is decided once more when it is leased.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pierhead.control.scopes import Scope
from pierhead.control.tasks import TaskNotFoundError, TaskQueue, TaskRow
from pierhead.kit.clock import Clock
from pierhead.kit.signals import Signal, Topic

from .assignments import Acquired, Assignments, NotForYou
from .field import serving
from .fields import Fields, Rosters
from .hints import Backlog, News, OpenOffers
from .model import LoggedLine
from .offers_out import OffersOut
from .path import Path
from .ports import DelegateStore, DelegateTransaction
from .route import ROUNDS, Offers, Route, widest
from .selection import Decision, decision_of
from .words import owner

BATCH = 200
_FRESH_S = 1.0
_BEATEN_S = 0.05  # another server has taken all that is due: let it finish
_NEWS_SHARE = 4.0
"""After a look that news brought on, as much time times this passes before news bring on the next."""

Ended = Callable[[DelegateTransaction, TaskRow], None]


@dataclass(frozen=True, slots=True)
class Settled:
    """``route`` is None when the platform does it; ``reason`` says in one sentence why that way."""

    route: Route | None
    reason: str


class Dispatcher:
    """Thread-safe; one look at a time."""

    def __init__(self, *, store: DelegateStore, queue: TaskQueue, clock: Clock) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock
        self._turn = threading.Lock()
        self._rosters = Rosters(clock)
        self._open = OpenOffers()
        self._backlog = Backlog()
        self._news = News()
        self._news_at = 0.0
        self._ended: tuple[Ended, ...] = ()
        self._assignments = Assignments(queue, clock)
        self._offers = OffersOut(queue, clock, self._rosters, self._open, self._backlog, self._tell_ended)
        store.signals.on(Topic.DELEGATE, self._delegate_changed)
        store.signals.on(Topic.TASK_ENDED, self._task_ended)

    def on_given_up(self, callback: Ended) -> None:
        """Calls back, in the transaction that ends it, with a task that ended without a performer having said so."""
        self._ended = (*self._ended, callback)

    # --- where a task may go

    def settle(
        self,
        tx: DelegateTransaction,
        path: Path,
        scope: Scope,
        origins: Iterable[str],
        secrets: Iterable[Scope],
        *,
        asks: bool = False,
    ) -> Settled:
        """``secrets``: the scopes of all that the task shows. ``asks``: a person waits for the answer, so it is tried
        once, now, and whatever was experienced before."""
        if path.is_platform:
            return Settled(None, path.reason)
        shown = widest(secrets)
        if not path.selectors and not tx.delegates.has_enabled(serving(scope, shown)):
            which = " that may see the connector's secret" if any(not scope.contains(each) for each in shown) else ""
            nobody = f"no enabled delegate{which} serves {owner(scope)}, so the platform does it"
            return Settled(None, f"{path.reason}; {nobody}" if path.reason else nobody)
        route = Route(
            scope,
            path.selectors,
            path.origin.value,
            tuple(sorted(set(origins))),
            rounds=1 if asks else ROUNDS,
            waits=not asks,
            ignores_failures=asks,
            secrets=shown,
        )
        return Settled(route, path.reason)

    # --- offering

    def dispatch(self) -> float | None:
        """Offers what is due and gives up what nobody can do.

        Gives the seconds until it has to be called again, None when only a signal (TASK_WAITS) makes that necessary.
        """
        with self._turn:
            began = self._clock.monotonic()
            had_news = self._take_in_news()
            self._hurry_backlog()
            is_beaten = self._seconds_to_next() == 0.0 and not self._offer_all()
            if had_news:
                self._news_at = self._clock.monotonic() + _NEWS_SHARE * (self._clock.monotonic() - began)
            seconds = self._seconds_to_next()
            return max(seconds, _BEATEN_S) if is_beaten and seconds is not None else seconds

    def why(self, task_id: str) -> Decision:
        """What the rules would decide now, with a line for every delegate of the account.

        Raises TaskNotFoundError, also for a task of the platform, and RouteUnreadableError.
        """
        with self._store.snapshot() as tx:
            task = tx.tasks.find(task_id)
            if task is None or task.route is None:
                raise TaskNotFoundError(task_id)
            fields = Fields(self._clock.now(), Rosters(self._clock))
            field = fields.of(tx, task.account, Route.from_json(task.route), task.kind)
        return decision_of(field, Offers.from_json(task.offers))

    def log(self, task_id: str) -> tuple[LoggedLine, ...]:
        """What was decided about the task so far, oldest first."""
        with self._store.snapshot() as tx:
            return tuple(tx.selection_log.list(task_id))

    # --- taking, and giving back

    def acquire(self, delegate_id: str, task_id: str, nonce: str) -> Acquired | NotForYou:
        """Leases an offered task to the delegate, when the rules still allow it.

        Raises DelegateUnknownError, DelegateRevokedError, NonceUsedError.
        """
        with self._store.transaction() as tx:
            outcome = self._assignments.acquire(tx, delegate_id, task_id, nonce)
        if isinstance(outcome, Acquired):
            self._open.forget(task_id)
        return outcome

    def decline(self, delegate_id: str, task_id: str, fence: int, unreachable: Mapping[str, str]) -> None:
        """The delegate may not or cannot reach these origins; the next one is asked at once. Raises StaleLeaseError."""
        with self._store.transaction() as tx:
            self._tell_ended(tx, self._assignments.decline(tx, delegate_id, task_id, fence, unreachable))

    def release(
        self, delegate_id: str, task_id: str, fence: int, checkpoint: Mapping[str, object] | None = None
    ) -> None:
        """The delegate stops; the attempt does not count. Raises StaleLeaseError, TooLargeError."""
        with self._store.transaction() as tx:
            self._tell_ended(tx, self._assignments.release(tx, delegate_id, task_id, fence, checkpoint))

    def learned(
        self,
        tx: DelegateTransaction,
        delegate_id: str,
        reached: Mapping[str, bool],
        reasons: Mapping[str, str] | None = None,
    ) -> None:
        """Remembers which origins the delegate reached; a success less than ten minutes old is not written again."""
        self._assignments.learned(tx, delegate_id, reached, reasons or {})

    # --- inside

    def _take_in_news(self) -> bool:
        """Puts back what was taken from delegates, and has waiting tasks looked at; in a storm now and then only."""
        if not self._news.are_there or self._clock.monotonic() < self._news_at:
            return False
        changed, known = self._news.take()
        self._rosters.drop()
        with self._store.transaction() as tx:
            for task in self._queue.sweep_in(tx):
                self._tell_ended(tx, task)
        with self._store.snapshot() as tx:
            found = [tx.delegates.find(delegate_id) for delegate_id in changed]
        for account in sorted({*known, *(delegate.scope.account for delegate in found if delegate)}):
            with self._store.transaction() as tx:
                tx.tasks.hurry_offers(account, self._clock.now())
        return True

    def _hurry_backlog(self) -> None:
        taken = self._backlog.take(BATCH)
        if not taken:
            return
        now = self._clock.now()
        with self._store.transaction() as tx:
            found = [task for task_id in taken if (task := tx.tasks.find(task_id)) and task.offer_at]
            for task in sorted(found, key=lambda task: (task.created_at, task.id)):  # in one order on every server
                tx.tasks.put_offers(task.id, task.offers or {}, now)

    def _offer_all(self) -> bool:
        """In batches, for a second at most: then the delegates have to be looked at anew. False when it got none."""
        until, fields = self._clock.monotonic() + _FRESH_S, self._offers.fields()
        got = count = self._offer_batch(fields)
        while count == BATCH and self._clock.monotonic() < until:
            count = self._offer_batch(fields)
        return got > 0

    def _offer_batch(self, fields: Fields) -> int:
        with self._store.transaction() as tx:
            due = tx.tasks.due_offers(fields.now, BATCH)
            self._offers.offer(tx, fields, due)
        for task in due:
            self._news.note_account(task.account)
        return len(due)

    def _seconds_to_next(self) -> float | None:
        with self._store.snapshot() as tx:
            offer_at = tx.tasks.next_offer_at()
        waits = [] if offer_at is None else [max(0.0, (offer_at - self._clock.now()).total_seconds())]
        if self._news.are_there:
            waits.append(max(0.0, self._news_at - self._clock.monotonic()))
        return min(waits, default=None)

    def _tell_ended(self, tx: DelegateTransaction, task: TaskRow | None) -> None:
        if task is not None and task.state.is_final:
            for callback in self._ended:
                callback(tx, task)

    def _delegate_changed(self, delegate_id: str) -> None:
        self._rosters.drop()
        self._news.note_delegate(delegate_id)
        self._store.signals.tell(Signal(Topic.TASK_WAITS))

    def _task_ended(self, _: str) -> None:
        if self._backlog.note_freed():
            self._store.signals.tell(Signal(Topic.TASK_WAITS))
