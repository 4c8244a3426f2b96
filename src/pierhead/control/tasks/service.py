"""The task queue: enqueue, lease, renew, finish, cancel, sweep.

What belongs to somebody else's use case (enqueue, check, finish, release, cancel) takes part in the caller's
transaction, so that a task and its effects are written together or not at all. It does not execute tasks, and does
not know what a kind means.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from pierhead.kit.clock import Clock
from pierhead.kit.ids import IdSource, new_id

from .bell import Bell, Listeners
from .errors import StaleLeaseError, TaskNotFoundError
from .model import Lease, TaskRow, TaskState
from .ports import TaskStore, TaskTransaction

_BY_A_WORKER = frozenset({TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED})


class TaskQueue:
    """Thread-safe. ``lease_s``: how long a lease lasts; a holder renews it about three times within that."""

    def __init__(self, store: TaskStore, clock: Clock, ids: IdSource = new_id, *, lease_s: float = 60.0) -> None:
        self.lease_s = lease_s
        self._store = store
        self._clock = clock
        self._ids = ids
        self._bell = Bell()
        self._enqueued: Listeners[None] = Listeners()
        self._cancel_requested: Listeners[str] = Listeners()

    def enqueue(
        self,
        tx: TaskTransaction,
        account: str,
        kind: str,
        payload: Mapping[str, object],
        *,
        deadline_s: float | None = None,
        max_attempts: int = 3,
    ) -> TaskRow:
        """A new task; whoever waits for one wakes up once the caller's transaction has committed."""
        now = self._clock.now()
        deadline_at = None if deadline_s is None else now + timedelta(seconds=deadline_s)
        task = TaskRow(self._ids(), account, kind, payload, now, max_attempts=max_attempts, deadline_at=deadline_at)
        tx.tasks.add(task)
        tx.after_commit(self._announce)
        return task

    def lease(self, owner: str, kinds: Collection[str], *, wait_s: float = 0.0) -> Lease | None:
        """The oldest task of these kinds, or None.

        Without one it waits up to ``wait_s`` seconds for something to change, looks once more and returns: a loop
        around it stays in charge of stopping, and ``wake`` cuts the wait short.
        """
        seen = self._bell.count
        lease = self._lease_now(owner, kinds)
        if lease is None and wait_s > 0 and self._bell.wait(seen, wait_s):
            lease = self._lease_now(owner, kinds)
        return lease

    def renew(self, lease: Lease) -> Lease:
        """The lease with a later expiry; look at its ``is_cancel_requested``. Raises StaleLeaseError."""
        with self._store.transaction() as tx:
            task = tx.tasks.renew(lease.id, lease.owner, lease.fence, self._until(self._clock.now()))
        if task is None:
            raise StaleLeaseError(lease.id, lease.owner, lease.fence)
        return Lease(task)

    def check(self, tx: TaskTransaction, lease: Lease) -> None:
        """Call first in a transaction that writes effects of a task still going on. Raises StaleLeaseError."""
        if not tx.tasks.holds(lease.id, lease.owner, lease.fence):
            raise StaleLeaseError(lease.id, lease.owner, lease.fence)

    def finish(
        self, tx: TaskTransaction, lease: Lease, state: TaskState, error: Mapping[str, object] | None = None
    ) -> None:
        """Ends the task as SUCCEEDED, FAILED or CANCELLED. Raises StaleLeaseError: let it roll all back."""
        if state not in _BY_A_WORKER:
            raise ValueError(f"a worker does not end a task as {state}")
        if not tx.tasks.finish(lease.id, lease.owner, lease.fence, state, error, self._clock.now()):
            raise StaleLeaseError(lease.id, lease.owner, lease.fence)

    def release(self, tx: TaskTransaction, lease: Lease) -> None:
        """Gives the task back undone, for a worker that must stop; the attempt does not count.

        Raises StaleLeaseError.
        """
        if not tx.tasks.release(lease.id, lease.owner, lease.fence, self._clock.now()):
            raise StaleLeaseError(lease.id, lease.owner, lease.fence)
        tx.after_commit(self._announce)

    def cancel(self, tx: TaskTransaction, task_id: str) -> TaskRow:
        """Ends a queued task, asks the holder of a leased one, leaves a finished one alone; gives the task afterwards.

        Raises TaskNotFoundError.
        """
        task = tx.tasks.cancel(task_id, self._clock.now())
        if task is None:
            raise TaskNotFoundError(task_id)
        if task.state is TaskState.LEASED:
            tx.after_commit(lambda: self._cancel_requested.tell(task_id))
        return task

    def sweep(self) -> tuple[TaskRow, ...]:
        """``sweep_in`` in a transaction of its own."""
        with self._store.transaction() as tx:
            return self.sweep_in(tx)

    def sweep_in(self, tx: TaskTransaction) -> tuple[TaskRow, ...]:
        """Requeues tasks whose lease expired; ends those out of attempts, past their deadline or to be cancelled.

        Gives the rows it changed, so that the caller can write, in the same transaction, what the end of a task means.
        """
        changed = tx.tasks.requeue_expired(self._clock.now())
        if any(task.state is TaskState.QUEUED for task in changed):
            tx.after_commit(self._announce)
        return changed

    def reclaim_in(self, tx: TaskTransaction, owner: str) -> tuple[TaskRow, ...]:
        """Sweeps as if every lease of ``owner`` had expired: for a start, when that owner is known to be gone."""
        tx.tasks.expire(owner, self._clock.now())
        return self.sweep_in(tx)

    def on_enqueued(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back after there is something new to lease; gives the function that ends this. Must be quick."""
        return self._enqueued.add(lambda _: callback())

    def on_cancel_requested(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Calls back with the id of a leased task that is to be cancelled; gives the function that ends this."""
        return self._cancel_requested.add(callback)

    def wake(self) -> None:
        """Cuts short every waiting ``lease``."""
        self._bell.ring()

    def _lease_now(self, owner: str, kinds: Collection[str]) -> Lease | None:
        now = self._clock.now()
        with self._store.transaction() as tx:
            task = tx.tasks.lease(owner, kinds, now, self._until(now))
        return None if task is None else Lease(task)

    def _until(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self.lease_s)

    def _announce(self) -> None:
        self._bell.ring()
        self._enqueued.tell(None)
