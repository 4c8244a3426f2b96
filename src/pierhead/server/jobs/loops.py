"""What the server does by itself, each on a thread of its own: offer tasks, sweep, test connectors again."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from pierhead.control.connectors import ConnectorMissingError
from pierhead.control.delegates import Dispatcher
from pierhead.control.tasks import Bell, TaskQueue
from pierhead.kit.clock import Clock
from pierhead.kit.signals import Signals, Topic
from pierhead.kit.tasks import Loop

from .connector_tasks import ConnectorTasks
from .test_work import RETEST_EVERY
from .work import Work, WorkStore, give_up

log = logging.getLogger(__name__)

_LOOK_AT_LEAST_EVERY_S = 30.0
_SWEEP_EVERY_S = 15.0
_RETEST_LOOK_S = 15.0
_TESTS_AT_ONCE = 4
_WAIT_STEP_S = 1.0


class Dispatching:
    """Calls the dispatcher whenever there may be something to offer, and when it said it wants to be called."""

    def __init__(self, dispatcher: Dispatcher, signals: Signals) -> None:
        self._dispatcher = dispatcher
        self._bell = Bell()
        self._loop = Loop("dispatch", self._step)
        signals.on(Topic.TASK_WAITS, lambda _: self._bell.ring())

    def start(self) -> None:
        self._loop.start()

    def close(self) -> None:
        self._loop.request_stop()
        self._bell.ring()
        self._loop.stop()

    def _step(self, stop: threading.Event) -> float:
        seen = self._bell.count
        pause_s = self._dispatcher.dispatch()
        if not stop.is_set():
            longest_s = _LOOK_AT_LEAST_EVERY_S if pause_s is None else min(pause_s, _LOOK_AT_LEAST_EVERY_S)
            self._bell.wait(seen, max(0.0, longest_s))
        return 0.0


class Sweeping:
    """Takes back what nobody looks after any more. ``chores`` are done every time, each for itself."""

    def __init__(
        self, store: WorkStore, queue: TaskQueue, works: Mapping[str, Work], chores: Sequence[Callable[[], object]]
    ) -> None:
        self._store = store
        self._queue = queue
        self._works = works
        self._chores = (self._sweep_tasks, *chores)
        self._loop = Loop("sweep", self._step)

    def start(self) -> None:
        self._loop.start()

    def close(self) -> None:
        self._loop.stop()

    def _step(self, stop: threading.Event) -> float:
        for chore in self._chores:
            if stop.is_set():
                break
            try:
                chore()
            except Exception:  # one that fails does not keep the others from being done
                log.exception("sweeping failed")
        return _SWEEP_EVERY_S

    def _sweep_tasks(self) -> None:
        with self._store.transaction() as tx:
            for task in self._queue.sweep_in(tx):
                give_up(tx, self._works, task)


class Retesting:
    """Tests each connector again half an hour after its last test, a few at once."""

    def __init__(self, store: WorkStore, queue: TaskQueue, tasks: ConnectorTasks, clock: Clock) -> None:
        self._store = store
        self._queue = queue
        self._tasks = tasks
        self._clock = clock
        self._loop = Loop("retest", self._step)

    def start(self) -> None:
        self._loop.start()

    def close(self) -> None:
        self._loop.stop()

    def _step(self, stop: threading.Event) -> float:
        now = self._clock.now()
        with self._store.transaction() as tx:
            due = tx.connectors.claim_due_tests(now, now + RETEST_EVERY, _TESTS_AT_ONCE)
        started = []
        for scope, identifier in due:
            try:
                started.append(self._tasks.start_test(scope, identifier))
            except ConnectorMissingError:
                continue  # deleted just now
        for task_id in started:
            while not stop.is_set() and self._queue.wait_for_end(task_id, _WAIT_STEP_S) is None:
                pass
        return _RETEST_LOOK_S if len(due) < _TESTS_AT_ONCE else 0.0
