"""Carries out, for a batch of tasks in one transaction, what ``offering`` says is to be done next about each."""

from collections.abc import Callable, Iterable

from pierhead.control.tasks import TaskQueue, TaskRow
from pierhead.kit.clock import Clock
from pierhead.kit.signals import Signal, Topic

from .field import Field
from .fields import Fields, Rosters
from .hints import Backlog, OpenOffers
from .model import LoggedLine
from .offering import Step, next_step
from .ports import DelegateTransaction
from .route import Offers, Route
from .task_errors import RouteUnreadableError, document_of
from .words import info


class OffersOut:
    """``ended`` is told, in the transaction, of every task that is given up."""

    def __init__(
        self,
        queue: TaskQueue,
        clock: Clock,
        rosters: Rosters,
        open_offers: OpenOffers,
        backlog: Backlog,
        ended: Callable[[DelegateTransaction, TaskRow | None], None],
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._rosters = rosters
        self._open = open_offers
        self._backlog = backlog
        self._ended = ended

    def fields(self) -> Fields:
        """The delegates of this moment, for any number of batches that follow at once."""
        now = self._clock.now()
        return Fields(now, self._rosters, self._open.counts(now))

    def offer(self, tx: DelegateTransaction, fields: Fields, tasks: Iterable[TaskRow]) -> None:
        lines: list[LoggedLine] = []
        for task in tasks:
            lines += [LoggedLine(task.id, fields.now, line) for line in self._do(tx, fields, task).lines]
        if lines:
            tx.selection_log.add(lines)

    def _do(self, tx: DelegateTransaction, fields: Fields, task: TaskRow) -> Step:
        try:
            field = fields.of(tx, task.account, Route.from_json(task.route or {}), task.kind)
        except RouteUnreadableError as error:
            step = Step(Offers(), None, lines=(info(error.message),), error=error)
        else:
            step = next_step(field, Offers.from_json(task.offers))
            self._note(tx, field, task, step)
        if step.error is not None:
            self._ended(tx, self._queue.give_up(tx, task.id, document_of(step.error)))
        return step

    def _note(self, tx: DelegateTransaction, field: Field, task: TaskRow, step: Step) -> None:
        demand = (task.account, field.route, field.kind)
        if not step.is_full or step.error is not None:
            self._backlog.discard(demand, task.id)
        if step.error is not None:
            return
        tx.tasks.put_offers(task.id, step.offers.to_json(), step.look_at)
        if step.is_full:
            self._backlog.add(demand, task.id)
        if step.asked and step.look_at is not None:
            self._open.add(task.id, [one.id for one in step.asked], step.look_at)
        for one in step.asked:
            field.took(one)
            tx.announce(Signal(Topic.TASK_OFFERED, f"{one.id} {task.id}"))
