"""The delegate inside the server: leases tasks by the rules that hold for every delegate, and has them performed.

What a kind of task means is known to its job; secrets are revealed there, after the lease, for that task alone.
"""

import logging
import threading
from typing import Protocol

from pierhead.control.connectors import ConnectorService, image_name, normalise_url
from pierhead.control.pipelines import PULL_KIND, RunService
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretService
from pierhead.control.tasks import Lease, StaleLeaseError, TaskQueue
from pierhead.kit.clock import Clock
from pierhead.kit.tasks import Loop
from pierhead.protocol.tasks import FailedResult, ListTagsTask, TagsResult, TaskFailure, TestReport
from pierhead.registry.transport import Transport
from pierhead.worker.cancel import CancelToken
from pierhead.worker.execute import execute
from pierhead.worker.runtimes.oci_layout import OciLayout

from .errors import TaskFailedError
from .pull_job import PullJob
from .registry_access import access_for_image
from .replies import Replies
from .test_job import TEST_KIND, TestJob, TestStore, payload_for

log = logging.getLogger(__name__)

OWNER = "platform"
_WORKERS = 2
_LOOK_EVERY_S = 5.0
_SWEEP_EVERY_S = 15.0
_TEST_WITHIN_S = 120.0


class Job(Protocol):
    def perform(self, lease: Lease, cancel: CancelToken) -> None:
        """Does the task and ends it. Raises StaleLeaseError."""


class PlatformDelegate:
    """Runs from ``start`` to ``close``."""

    def __init__(
        self,
        store: TestStore,
        queue: TaskQueue,
        runs: RunService,
        connectors: ConnectorService,
        secrets: SecretService,
        layout: OciLayout,
        transport: Transport,
        clock: Clock,
    ) -> None:
        self._store = store
        self._queue = queue
        self._runs = runs
        self._connectors = connectors
        self._secrets = secrets
        self._transport = transport
        self._reports: Replies[TestReport] = Replies()
        self._closing = threading.Event()
        self._starting = threading.Lock()
        self._is_started = False
        self._jobs: dict[str, Job] = {
            PULL_KIND: PullJob(queue, runs, secrets, layout, transport, self._closing),
            TEST_KIND: TestJob(store, queue, connectors, secrets, transport, clock, self._reports, self._closing),
        }
        self._cancels: set[CancelToken] = set()
        self._loops = [Loop(f"platform-{n}", self._take_one) for n in range(_WORKERS)] + [Loop("sweep", self._sweep)]

    def start(self) -> None:
        """Idempotent. Takes back what an earlier life of this process held: the directory's lock says it is gone."""
        with self._starting:
            if self._is_started:
                return
            self._is_started = True
            self._runs.reclaim(OWNER)
            for loop in self._loops:
                loop.start()

    def start_when_needed(self) -> None:
        """Starts with the first task that this process queues, so that a command that only asks does no other work."""
        self._queue.on_enqueued(self.start)

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

    def test_connection(self, scope: Scope, identifier: str) -> TestReport:
        """Tests a saved connector and waits for the outcome, kept as its status. Raises ConnectorMissingError."""
        self._connectors.get(scope, identifier)
        task_id = self.start_test(scope, identifier, is_awaited=True)
        return self._reports.wait(task_id, _TEST_WITHIN_S) or _LATE

    def start_test(self, scope: Scope, identifier: str, *, is_awaited: bool = False) -> str:
        """Queues a test and gives its task's id."""
        with self._store.transaction() as tx:
            payload = payload_for(scope, identifier)
            task = self._queue.enqueue(tx, scope.account, TEST_KIND, payload, deadline_s=_TEST_WITHIN_S, max_attempts=1)
            if is_awaited:
                self._reports.expect(task.id)
        return task.id

    def list_tags(self, scope: Scope, identifier: str, repository: str, limit: int) -> TagsResult:
        """Asks the registry at once: a question leaves nothing behind that would need the queue. Raises AppError."""
        connector = self._connectors.get(scope, identifier)
        address = normalise_url(connector.spec.url, connector.spec.provider_type)
        reference = image_name(address, repository).reference
        access = access_for_image(reference, connector, self._secrets)
        task = ListTagsTask(registry=access, repository=reference.repository, limit=limit)
        result = execute(task, transport=self._transport, cancel=CancelToken())
        if isinstance(result, FailedResult):
            raise TaskFailedError(result.error)
        return result

    def _take_one(self, _: threading.Event) -> float:
        lease = self._queue.lease(OWNER, tuple(self._jobs), wait_s=_LOOK_EVERY_S)
        if lease is not None:
            self._perform(lease)
        return 0.0

    def _perform(self, lease: Lease) -> None:
        cancel = CancelToken()
        self._cancels.add(cancel)
        if self._closing.is_set():  # leased in the very moment of closing
            cancel.cancel()
        try:
            self._jobs[lease.task.kind].perform(lease, cancel)
        except StaleLeaseError:
            log.warning("task %s went to somebody else", lease.id)
        finally:
            self._cancels.discard(cancel)

    def _sweep(self, _: threading.Event) -> float:
        self._runs.sweep()
        return _SWEEP_EVERY_S


_LATE = TestReport(
    outcome="failure",
    steps=(),
    error=TaskFailure(
        code="task-timed-out",
        category="unavailable",
        message=f"the test did not end within {_TEST_WITHIN_S:.0f} s",
        hint="look whether the registry answers at all, then test again",
        retryable=True,
    ),
)
