"""Mirrors begun by their schedules. Any number of servers may look: a mirror has one run at a time, and the last one's
beginning says when the next is due, so what one server has begun no other begins again.

A run that was missed while no server was up is made up for once.
"""

import logging
import threading
from datetime import datetime

from pierhead.control.mirroring import SCHEDULED, Mirror, MirrorIsRunningError, Trigger, next_run
from pierhead.kit.clock import Clock
from pierhead.kit.errors import AppError
from pierhead.kit.paging import PageRequest
from pierhead.kit.tasks import Loop
from pierhead.worker.execute import task_failure

from .makers_rights import MakerMayNotError
from .mirror_tasks import MirrorTasks, MirrorWorkStore, MirrorWorkTransaction
from .survey_work import error_of

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 20.0


class MirrorSchedule:
    def __init__(self, store: MirrorWorkStore, tasks: MirrorTasks) -> None:
        self._store = store
        self._tasks = tasks

    def begin_due(self, now: datetime) -> int:
        """Begins what is due by ``now``; says how many runs that were. One server at a time looks and begins."""
        if not self._due(now):
            return 0
        with self._store.exclusive("mirror-schedule"):
            return sum(self._begin(mirror) for mirror in self._due(now))

    def _due(self, now: datetime) -> list[Mirror]:
        with self._store.snapshot() as tx:
            accounts = tx.accounts.list()
            scheduled = [mirror for account in accounts for mirror in tx.mirrors.list_about(account.id, SCHEDULED)]
            return [mirror for mirror in scheduled if _is_due(tx, mirror, now)]

    def _begin(self, mirror: Mirror) -> bool:
        try:
            self._start(mirror)
        except MirrorIsRunningError:
            return False
        except AppError as error:  # a connector is gone, say; the other mirrors have nothing to do with it
            log.warning("mirror %s could not be begun by its schedule: %s", mirror.identifier, error.message)
            return False
        return True

    def _start(self, mirror: Mirror) -> None:
        """Nobody waits for an answer here: that its maker may not any more is told by a run that failed."""
        try:
            self._tasks.start(mirror.scope, mirror.identifier, trigger=Trigger.SCHEDULE)
        except MakerMayNotError as error:
            self._tasks.refuse(mirror, error_of(task_failure(error)))


class MirrorScheduling:
    """The loop around it."""

    def __init__(self, schedule: MirrorSchedule, clock: Clock) -> None:
        self._schedule = schedule
        self._clock = clock
        self._loop = Loop("mirror-schedule", self._step)

    def start(self) -> None:
        self._loop.start()

    def close(self) -> None:
        self._loop.stop()

    def _step(self, _: threading.Event) -> float:
        self._schedule.begin_due(self._clock.now())
        return _LOOK_EVERY_S


def _is_due(tx: MirrorWorkTransaction, mirror: Mirror, now: datetime) -> bool:
    runs = tx.mirror_runs.page(mirror.scope, mirror.identifier, PageRequest(0, 1)).items
    if any(not run.state.is_final for run in runs):
        return False
    since = max([mirror.last_modified_at, *(run.started_at for run in runs)])
    due_at = next_run(mirror.spec.schedule, mirror.spec.time_zone, since)
    return due_at is not None and due_at <= now
