"""The delegate inside the server: leases tasks by the rules that hold for every delegate, and has them performed.

What a kind of task means is known to its ``Work``; which tasks are for the platform, to the queue.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from pierhead.control.pipelines import RunService
from pierhead.control.scopes import Scope
from pierhead.control.tasks import Busy, Lease, StaleLeaseError, TaskQueue
from pierhead.kit.ids import random_text
from pierhead.kit.tasks import Loop
from pierhead.protocol.tasks import FailedResult, ListTagsTask, Result, Task
from pierhead.registry.transport import Transport
from pierhead.worker.cancel import CancelToken
from pierhead.worker.execute import execute, pages
from pierhead.worker.runtimes.oci_layout import OciLayout

from .lease_keeper import LeaseKeeper
from .payloads import TEST_KIND
from .reporter import Reporter
from .work import Work, WorkStore, ordered

log = logging.getLogger(__name__)

ALONE = "platform"
"""The owner where no other server can share the store: the next life of this process is the same owner."""
_WORKERS = 6
_MOST_OF_A_SCOPE = 4
"""Of the workers, so that whoever has runs hang in one place does not stop everybody else's."""
_TESTERS = 1
"""Take connection tests and nothing else: somebody waits for them."""
_LOOK_EVERY_S = 5.0


def one_of_many() -> str:
    """An owner of its own for each start, where other servers may share the store."""
    return f"{ALONE}-{random_text(12)}"


class TaskSpans(Protocol):
    def task(self, kind: str, task_id: str, began_ns: int, *, is_error: bool) -> None:
        """A task of which this process has had its part."""


class PlatformDelegate:
    """``spans``, once set, are told of each task.

    Runs from ``start`` to ``close``. ``owner``: ``ALONE``, or one that nobody else has.
    """

    def __init__(
        self,
        store: WorkStore,
        queue: TaskQueue,
        runs: RunService,
        works: Mapping[str, Work],
        layout: OciLayout,
        transport: Transport,
        *,
        owner: str = ALONE,
    ) -> None:
        self._store = store
        self._queue = queue
        self._runs = runs
        self._works = works
        self._layout = layout
        self._transport = transport
        self._owner = owner
        self._closing = threading.Event()
        self._cancels: set[CancelToken] = set()
        self.spans: TaskSpans | None = None
        self._running: Counter[Scope] = Counter()
        self._lock = threading.Lock()
        everything, tests = tuple(works), tuple(kind for kind in works if kind == TEST_KIND)
        self._loops = [Loop(f"platform-{n}", partial(self._take_one, everything, self._busy)) for n in range(_WORKERS)]
        self._loops += [Loop(f"platform-tests-{n}", partial(self._take_one, tests, frozenset)) for n in range(_TESTERS)]

    def start(self) -> None:
        """Once. Takes back what an earlier life of this process held, where nobody else can be that owner."""
        if self._owner == ALONE:
            self._runs.reclaim(ALONE)
        for loop in self._loops:
            loop.start()

    def close(self) -> None:
        """Stops running work where it stands; its task goes back to the queue."""
        self._closing.set()
        for loop in self._loops:
            loop.request_stop()
        for cancel in tuple(self._cancels):
            cancel.cancel()
        self._queue.wake()
        for loop in self._loops:
            loop.stop()
        self._transport.close()

    def ask(self, task: Task) -> Result:
        """Performs a question on the calling thread, past the queue (ADR 0006)."""
        return execute(task, layout=self._layout, transport=self._transport, cancel=CancelToken())

    def ask_pages(self, task: ListTagsTask) -> Iterator[Result]:
        """The same for a list that is wanted page by page."""
        return pages(task, transport=self._transport)

    def _take_one(self, kinds: Collection[str], busy: Busy, _: threading.Event) -> float:
        lease = self._queue.lease(self._owner, kinds, wait_s=_LOOK_EVERY_S, busy=busy)
        if lease is not None:
            with self._counted(lease.task.scope):
                self._perform(lease)
        return 0.0

    def _busy(self) -> frozenset[Scope]:
        with self._lock:
            return frozenset(scope for scope, count in self._running.items() if count >= _MOST_OF_A_SCOPE)

    @contextmanager
    def _counted(self, scope: Scope) -> Iterator[None]:
        with self._lock:
            self._running[scope] += 1
        try:
            yield
        finally:
            with self._lock:
                was_busy = self._running[scope] >= _MOST_OF_A_SCOPE
                self._running[scope] -= 1
            if was_busy:
                self._queue.wake()

    def _perform(self, lease: Lease) -> None:
        cancel = CancelToken()
        began_ns, is_error = time.time_ns(), True
        self._cancels.add(cancel)
        if self._closing.is_set():  # it was not yet in the list of those to be cancelled
            cancel.cancel()
        try:
            work = self._works[lease.task.kind]
            task = ordered(work, lease)
            if task is not None:
                is_error = self._do(work, lease, task, cancel)
        except StaleLeaseError:
            log.warning("task %s went to somebody else", lease.id)
        finally:
            self._cancels.discard(cancel)
            if self.spans is not None:
                self.spans.task(lease.task.kind, lease.id, began_ns, is_error=is_error)

    def _do(self, work: Work, lease: Lease, task: Task, cancel: CancelToken) -> bool:
        """Whether it could not be done at all."""
        reporter = Reporter(work, lease, self._closing)
        with LeaseKeeper(self._queue, self._store.signals, lease, reporter.flush, cancel.cancel):
            result = execute(
                task,
                layout=self._layout,
                transport=self._transport,
                emit=reporter.image,
                emit_copy=reporter.copy,
                checkpoint=reporter.checkpoint,
                cancel=cancel,
            )
        if self._closing.is_set():
            reporter.flush()
            with self._store.transaction() as tx:
                self._queue.release(tx, lease)
        else:
            work.finish(lease, result, cancel.is_cancelled)
        return isinstance(result, FailedResult)
