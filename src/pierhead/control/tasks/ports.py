"""What the queue needs from a store.

Whatever changes a task says in the same statement which task, and where a lease is used, which owner and fence:
two callers can race, but only one of them can win.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from pierhead.control.scopes import Areas, Scope
from pierhead.kit.paging import Page, PageRequest
from pierhead.kit.signals import Signal, Signals

from .model import TaskRow, TaskState


class TaskRows(Protocol):
    def add(self, task: TaskRow) -> None:
        """Raises TaskExistsError."""

    def find(self, task_id: str) -> TaskRow | None: ...

    def page(
        self, account: str, states: Collection[TaskState], request: PageRequest, areas: Areas = None
    ) -> Page[TaskRow]:
        """Newest first; no ``states`` means all of them."""

    def lease(
        self, owner: str, kinds: Collection[str], now: datetime, until: datetime, busy: Collection[Scope] = ()
    ) -> TaskRow | None:
        """Gives the oldest task that is due (``model.is_due``) to ``owner``, with a fence of its own; none that was
        asked for in a ``busy`` scope."""

    def lease_this(self, task_id: str, owner: str, now: datetime, until: datetime) -> TaskRow | None:
        """Gives a task that has a route to ``owner``; None when it may not be leased (``model.may_be_leased``)."""

    def due_offers(self, now: datetime, limit: int) -> tuple[TaskRow, ...]:
        """Queued tasks whose ``offer_at`` has come, the longest due first; no other transaction gets them meanwhile."""

    def next_offer_at(self) -> datetime | None:
        """The earliest ``offer_at`` of all tasks."""

    def put_offers(self, task_id: str, offers: Mapping[str, object], offer_at: datetime | None) -> bool:
        """What came of offering a queued task, and when to look again; False when it is not queued any more."""

    def hurry_offers(self, account: str, now: datetime) -> int:
        """Makes every queued, routed task of the account due by ``now``, for somebody new has come.

        Gives how many were not due before.
        """

    def give_up(self, task_id: str, error: Mapping[str, object], now: datetime) -> TaskRow | None:
        """Ends a queued task as DEAD (``model.given_up``)."""

    def leased_by(self, owners: Collection[str]) -> Mapping[str, int]:
        """How many tasks each of these owners holds now; those with none may be left out."""

    def put_checkpoint(self, task_id: str, owner: str, fence: int, checkpoint: Mapping[str, object]) -> bool:
        """False when the lease does not hold."""

    def holds(self, task_id: str, owner: str, fence: int) -> bool:
        """Does that lease hold, and will it until this transaction ends?"""

    def renew(self, task_id: str, owner: str, fence: int, until: datetime) -> TaskRow | None:
        """The row with its new expiry (``model.renewed``), None when the lease does not hold."""

    def release(self, task_id: str, owner: str, fence: int, now: datetime, *, is_declined: bool = False) -> bool:
        """Gives it back undone (``model.released``); False when the lease does not hold."""

    def finish(
        self,
        task_id: str,
        owner: str,
        fence: int,
        state: TaskState,
        error: Mapping[str, object] | None,
        now: datetime,
        result: Mapping[str, object] | None = None,
    ) -> bool:
        """Ends the task; False when the lease does not hold."""

    def cancel(self, task_id: str, now: datetime) -> TaskRow | None:
        """Ends a queued task, flags a leased one, leaves a finished one; gives the row after that, None without one."""

    def expire(self, owner: str, now: datetime) -> int:
        """Makes every live lease of ``owner`` expire at ``now``; how many there were."""

    def spare(self, owner: str, until: datetime) -> int:
        """Has every lease of anybody but ``owner`` last until then at least, as ``model.spared``; how many changed."""

    def requeue_expired(self, now: datetime) -> tuple[TaskRow, ...]:
        """Applies ``model.swept`` to every open task; the rows it changed, as they are now, oldest first."""


class TaskTransaction(Protocol):
    @property
    def tasks(self) -> TaskRows: ...

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Calls back once the transaction is durable, never when it is rolled back."""

    def announce(self, signal: Signal) -> None:
        """Tells every process that shares the store, this one included, once the transaction is durable."""


class TaskStore(Protocol):
    @property
    def signals(self) -> Signals: ...

    def transaction(self) -> AbstractContextManager[TaskTransaction]: ...

    def snapshot(self) -> AbstractContextManager[TaskTransaction]: ...
