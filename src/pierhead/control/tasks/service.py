"""The task queue: enqueue, lease or acquire, renew, finish, cancel, sweep.

What belongs to somebody else's use case (enqueue, check, finish, release, cancel) takes part in the caller's
transaction, so that a task and its effects are written together or not at all. It does not execute tasks, and does
not know what a kind means, or who a task with a route should be offered to.
"""

import json
import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from pierhead.control.scopes import Areas, Scope
from pierhead.kit.clock import Clock
from pierhead.kit.ids import IdSource, new_id
from pierhead.kit.limits import KIB
from pierhead.kit.paging import Page, PageRequest
from pierhead.kit.signals import Signal, Topic

from . import model
from .bell import Bell, Bells
from .errors import CheckpointTooLargeError, StaleLeaseError, TaskNotFoundError
from .model import Lease, TaskRow, TaskState
from .ports import TaskStore, TaskTransaction

MAX_CHECKPOINT_BYTES = 16 * KIB
_BY_A_WORKER = frozenset({TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED})
# Signals from other processes may be lost, so who waits for an end looks by itself as often as this.
_LOOK_EVERY_S = 5.0


Busy = Callable[[], Collection[Scope]]


class TaskQueue:
    """Thread-safe. ``lease_s``: how long a lease lasts; a holder renews it about three times within that."""

    def __init__(self, store: TaskStore, clock: Clock, ids: IdSource = new_id, *, lease_s: float = 60.0) -> None:
        self.lease_s = lease_s
        self._store = store
        self._clock = clock
        self._ids = ids
        self._bell = Bell()
        self._ends = Bells()
        self._wakes = Bell()
        store.signals.on(Topic.TASK_QUEUED, lambda _: self._bell.ring())
        store.signals.on(Topic.TASK_ENDED, self._ends.ring)

    def now(self) -> datetime:
        """By the clock that its tasks go by."""
        return self._clock.now()

    def enqueue(
        self,
        tx: TaskTransaction,
        account: str,
        kind: str,
        payload: Mapping[str, object],
        *,
        route: Mapping[str, object] | None = None,
        deadline_s: float | None = None,
        max_attempts: int = 3,
        scope: Scope | None = None,
    ) -> TaskRow:
        """A new task of ``scope``, or of the account; whoever waits for one wakes up once the caller's transaction has
        committed.

        Without a ``route`` the platform leases it; with one it waits for an offer, due at once.
        """
        now = self._clock.now()
        task = TaskRow(
            self._ids(),
            account,
            kind,
            payload,
            now,
            max_attempts=max_attempts,
            deadline_at=None if deadline_s is None else now + timedelta(seconds=deadline_s),
            route=route,
            offer_at=None if route is None else now,
            org=scope.org if scope else None,
            project=scope.project if scope else None,
        )
        tx.tasks.add(task)
        _announce(tx, task)
        return task

    def lease(self, owner: str, kinds: Collection[str], *, wait_s: float = 0.0, busy: Busy = frozenset) -> Lease | None:
        """The oldest task of these kinds that has no route, or None. ``busy`` says, when asked, whose tasks shall wait.

        Without one it waits up to ``wait_s`` seconds for something to change, looks once more and returns: a loop
        around it stays in charge of stopping, and ``wake`` cuts the wait short.
        """
        seen = self._bell.count
        lease = self._lease_now(owner, kinds, busy())
        if lease is None and wait_s > 0 and self._bell.wait(seen, wait_s):
            lease = self._lease_now(owner, kinds, busy())
        return lease

    def acquire(self, tx: TaskTransaction, task_id: str, owner: str) -> Lease | None:
        """Leases a task that has a route; None, at once, when another has it, or just takes it, or it has ended."""
        now = self._clock.now()
        task = tx.tasks.lease_this(task_id, owner, now, self._until(now))
        return None if task is None else Lease(task)

    def held(self, tx: TaskTransaction, task_id: str, owner: str, fence: int) -> Lease:
        """The lease, which holds until ``tx`` ends. Raises StaleLeaseError."""
        task = tx.tasks.find(task_id) if tx.tasks.holds(task_id, owner, fence) else None
        if task is None:
            raise StaleLeaseError(task_id, owner, fence)
        return Lease(task)

    def renew(self, lease: Lease) -> Lease:
        """The lease with a later expiry. Raises StaleLeaseError.

        Look at its ``is_cancel_requested``: then it has no later one, and the holder the rest of its time to stop.
        """
        with self._store.transaction() as tx:
            task = tx.tasks.renew(lease.id, lease.owner, lease.fence, self._until(self._clock.now()))
        if task is None:
            raise _stale(lease)
        return Lease(task)

    def check(self, tx: TaskTransaction, lease: Lease) -> None:
        """Call first in a transaction that writes effects of a task still going on. Raises StaleLeaseError."""
        if not tx.tasks.holds(lease.id, lease.owner, lease.fence):
            raise _stale(lease)

    def checkpoint(self, tx: TaskTransaction, lease: Lease, document: Mapping[str, object]) -> None:
        """Leaves ``document`` for the next attempt. Raises CheckpointTooLargeError, StaleLeaseError."""
        size = len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
        if size > MAX_CHECKPOINT_BYTES:
            raise CheckpointTooLargeError(lease.id, size, MAX_CHECKPOINT_BYTES)
        if not tx.tasks.put_checkpoint(lease.id, lease.owner, lease.fence, document):
            raise _stale(lease)

    def finish(
        self,
        tx: TaskTransaction,
        lease: Lease,
        state: TaskState,
        error: Mapping[str, object] | None = None,
        result: Mapping[str, object] | None = None,
    ) -> None:
        """Ends the task as SUCCEEDED, FAILED or CANCELLED. Raises StaleLeaseError: let it roll all back."""
        if state not in _BY_A_WORKER:
            raise ValueError(f"a worker does not end a task as {state}")
        if not tx.tasks.finish(lease.id, lease.owner, lease.fence, state, error, self._clock.now(), result):
            raise _stale(lease)
        tx.announce(Signal(Topic.TASK_ENDED, lease.id))

    def is_ended_by(self, tx: TaskTransaction, task_id: str, owner: str, fence: int) -> bool:
        """Was it this very lease that ended the task? Then whoever says so again may be told yes."""
        task = tx.tasks.find(task_id)
        return task is not None and model.is_ended_by(task, owner, fence)

    def release(self, tx: TaskTransaction, lease: Lease, *, is_declined: bool = False) -> None:
        """Gives the task back undone, for a worker that must stop; the first times the attempt does not count.

        ``is_declined``: by one that is not asked again, which never counts. After the last attempt a sweep ends the
        task. Raises StaleLeaseError.
        """
        if not tx.tasks.release(lease.id, lease.owner, lease.fence, self._clock.now(), is_declined=is_declined):
            raise _stale(lease)
        task = tx.tasks.find(lease.id)
        if task is not None and task.state is not TaskState.LEASED:
            _announce(tx, task)

    def cancel(self, tx: TaskTransaction, task_id: str) -> TaskRow:
        """Ends a queued task, asks the holder of a leased one, leaves a finished one alone; gives the task afterwards.

        Raises TaskNotFoundError.
        """
        task = tx.tasks.cancel(task_id, self._clock.now())
        if task is None:
            raise TaskNotFoundError(task_id)
        _announce(tx, task)
        return task

    def give_up(self, tx: TaskTransaction, task_id: str, error: Mapping[str, object]) -> TaskRow | None:
        """Ends a queued task that nobody will take as DEAD; None when it is not queued any more."""
        task = tx.tasks.give_up(task_id, error, self._clock.now())
        _announce(tx, task)
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
        for task in changed:
            _announce(tx, task)
        return changed

    def spare_in(self, tx: TaskTransaction, owner: str) -> int:
        """Gives all who hold leases but ``owner`` the time of a new one; how many needed it.

        For a start after which nobody was there to renew them: the time without a server is not their fault, and three
        such times would else end a task that nothing is wrong with.
        """
        return tx.tasks.spare(owner, self._until(self._clock.now()))

    def reclaim_in(self, tx: TaskTransaction, owner: str) -> tuple[TaskRow, ...]:
        """Sweeps as if every lease of ``owner`` had expired: for a start, when that owner is known to be gone."""
        tx.tasks.expire(owner, self._clock.now())
        return self.sweep_in(tx)

    def find(self, account: str, task_id: str) -> TaskRow | None:
        with self._store.snapshot() as tx:
            task = tx.tasks.find(task_id)
        return task if task is not None and task.account == account else None

    def get(self, account: str, task_id: str) -> TaskRow:
        """Raises TaskNotFoundError."""
        task = self.find(account, task_id)
        if task is None:
            raise TaskNotFoundError(task_id)
        return task

    def page(
        self, account: str, states: Collection[TaskState], request: PageRequest, areas: Areas = None
    ) -> Page[TaskRow]:
        """Newest first; no ``states`` means all of them."""
        with self._store.snapshot() as tx:
            return tx.tasks.page(account, states, request, areas)

    def wait_for_end(self, task_id: str, timeout_s: float) -> TaskRow | None:
        """The task once it has ended, by whichever server; None when it has not within ``timeout_s`` or after ``wake``.

        Raises TaskNotFoundError.
        """
        ends_at = time.monotonic() + timeout_s
        wakes = self._wakes.count
        with self._ends.at(task_id) as bell:
            while True:
                seen = bell.count
                with self._store.snapshot() as tx:
                    task = tx.tasks.find(task_id)
                if task is None:
                    raise TaskNotFoundError(task_id)
                left_s = ends_at - time.monotonic()
                if task.state.is_final:
                    return task
                if left_s <= 0 or self._wakes.count != wakes:
                    return None
                bell.wait(seen, min(left_s, _LOOK_EVERY_S))

    def wake(self) -> None:
        """Cuts short every waiting ``lease`` and ``wait_for_end``."""
        self._wakes.ring()
        self._bell.ring()
        self._ends.ring()

    def _lease_now(self, owner: str, kinds: Collection[str], busy: Collection[Scope]) -> Lease | None:
        now = self._clock.now()
        with self._store.transaction() as tx:
            task = tx.tasks.lease(owner, kinds, now, self._until(now), busy)
        return None if task is None else Lease(task)

    def _until(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self.lease_s)


def _announce(tx: TaskTransaction, task: TaskRow | None) -> None:
    """Says what a task's new state means to those who wait for something."""
    if task is None:
        return
    if task.state.is_final:
        topic = Topic.TASK_ENDED
    elif task.state is TaskState.LEASED:
        topic = Topic.TASK_CANCEL
    else:
        topic = Topic.TASK_QUEUED if task.route is None else Topic.TASK_WAITS
    tx.announce(Signal(topic, task.id))


def _stale(lease: Lease) -> StaleLeaseError:
    return StaleLeaseError(lease.id, lease.owner, lease.fence)
