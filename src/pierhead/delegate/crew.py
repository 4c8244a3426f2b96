"""The tasks under way, at most as many as the capacity; each on a thread of its own, started when there is one."""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable

from pierhead.protocol.agent import Offer

from .task_run import Desk, Ending, TaskRun

log = logging.getLogger(__name__)

_TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_NOT_AGAIN_S = 2.0


class Crew:
    """Thread-safe. ``changed`` is called whenever a task has ended."""

    def __init__(self, desk: Desk, capacity: int, kinds: Iterable[str], changed: Callable[[], None]) -> None:
        self._desk = desk
        self._capacity = capacity
        self._kinds = frozenset(kinds)
        self._changed = changed
        self._lock = threading.Lock()
        self._settled = threading.Condition(self._lock)
        self._runs: dict[str, tuple[TaskRun, threading.Thread]] = {}
        self._missed: dict[str, float] = {}
        self._again: dict[str, Offer] = {}

    @property
    def free(self) -> int:
        return max(0, self._capacity - len(self._runs))

    @property
    def count(self) -> int:
        return len(self._runs)

    def take(self, offers: Iterable[Offer]) -> int:
        """Starts what there is room for; how many that were."""
        return sum(self._start(offer) for offer in offers)

    def settle(self, timeout_s: float) -> None:
        """Waits until it is known which of the offers taken are ours: what is asked for once is not offered twice."""
        with self._settled:
            self._settled.wait_for(lambda: not any(run.is_asking for run, _ in self._runs.values()), timeout_s)

    def cancel(self, task_ids: Iterable[str]) -> None:
        """The server wants these to stop."""
        for task_id in task_ids:
            held = self._runs.get(task_id)
            if held is not None:
                held[0].stop(Ending.CANCEL)

    def nudge(self) -> None:
        """An answer to a poll was lost, and with it, perhaps, a cancel."""
        for run, _ in list(self._runs.values()):
            run.nudge()

    def stop(self, ending: Ending) -> None:
        for run, _ in list(self._runs.values()):
            run.stop(ending)

    def join(self, timeout_s: float) -> bool:
        """Waits for all that run now; False when some did not end in time."""
        give_up_at = time.monotonic() + timeout_s
        for _, thread in list(self._runs.values()):
            thread.join(max(0.0, give_up_at - time.monotonic()))
        return not self._runs

    def _start(self, offer: Offer) -> bool:
        """An offer may come again before its acquiring is done, and shortly after somebody else was faster.

        One of a task that is being done here says that its lease was lost. It is told once, so it is kept until what
        still goes on has heard of that and has ended.
        """
        if not _TASK_ID.match(offer.task) or offer.kind not in self._kinds:
            log.warning("an offer of the unknown kind %r is not taken", offer.kind[:40])
            return False
        now = self._desk.clock.monotonic()
        with self._lock:
            self._missed = {task_id: at for task_id, at in self._missed.items() if now - at < _NOT_AGAIN_S}
            held = self._runs.get(offer.task)
            if held is not None and held[0].is_acquired:
                self._again[offer.task] = offer
                held[0].nudge()
            if held is not None or offer.task in self._missed or len(self._runs) >= self._capacity:
                return False
            run = TaskRun(self._desk, offer, self._is_answered)
            thread = threading.Thread(target=self._work, args=(run,), name=f"task-{offer.task[:8]}", daemon=True)
            self._runs[offer.task] = (run, thread)
        thread.start()
        return True

    def _work(self, run: TaskRun) -> None:
        try:
            run.run()
        except Exception as error:
            log.error("task %s ended by an error of ours: %s", run.task_id[:12], type(error).__name__)
        finally:
            with self._lock:
                self._runs.pop(run.task_id, None)
                again = self._again.pop(run.task_id, None)
                if not run.is_acquired:
                    self._missed[run.task_id] = self._desk.clock.monotonic()
                self._settled.notify_all()
            if again is None or self._desk.leaving.is_set() or not self._start(again):
                self._changed()

    def _is_answered(self) -> None:
        with self._settled:
            self._settled.notify_all()
