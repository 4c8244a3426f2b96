"""``testConnection``: tests a connector; what came out is the status of a saved one until the next test."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pierhead.control.catalogue import CatalogueService
from pierhead.control.connectors import (
    ConnectivityStatus,
    ConnectorService,
    ConnectorStatus,
    StatusError,
)
from pierhead.control.tasks import Lease, TaskQueue, TaskRow, TaskState
from pierhead.kit.clock import Clock
from pierhead.protocol.tasks import FailedResult, Result, TaskFailure, TestConnectionTask, TestReport

from .errors import clipped, document_of, failure_in
from .needed_images import images_to_try
from .payloads import place_in
from .performer import performer_of
from .registry_access import RegistrySecrets, access_for
from .results import document_of_result, expect
from .unsaved_test import unsaved_in
from .work import Outcome, Report, WorkStore, WorkTransaction

RETEST_EVERY = timedelta(minutes=30)
# What the reference says in ``errors[].code``: bad credentials have a number of their own.
_CODES = {"unauthenticated": 470}
_DEFAULT_CODE = 450


class TestWork:
    __test__ = False  # not a test case, whatever its name suggests to pytest

    def __init__(
        self,
        store: WorkStore,
        queue: TaskQueue,
        connectors: ConnectorService,
        catalogue: CatalogueService,
        secrets: RegistrySecrets,
        clock: Clock,
    ) -> None:
        self._store = store
        self._queue = queue
        self._connectors = connectors
        self._catalogue = catalogue
        self._secrets = secrets
        self._clock = clock

    def order(self, lease: Lease) -> TestConnectionTask:
        place = place_in(lease.task)
        connector = unsaved_in(lease.task) or self._connectors.get(place.scope, place.connector)
        images = images_to_try(connector, self._catalogue)
        secrets = self._secrets.shown_to(performer_of(self._store, lease))
        return TestConnectionTask(registry=access_for(connector, secrets), images=images)

    def progress(self, lease: Lease, report: Report) -> None:
        """A test says nothing on its way."""

    def finish(self, lease: Lease, result: Result, is_cancelled: bool) -> None:
        checked = expect(result, TestReport, lease.task.kind)
        with self._store.transaction() as tx:
            if is_cancelled:  # stopped in the middle it says nothing about the connector
                self._queue.finish(tx, lease, TaskState.CANCELLED)
            elif isinstance(checked, FailedResult):
                self._queue.finish(tx, lease, TaskState.FAILED, document_of(checked.error))
                self._keep(tx, lease.task, failed_report(checked.error))
            else:
                self._queue.finish(tx, lease, TaskState.SUCCEEDED, result=document_of_result(checked))
                self._keep(tx, lease.task, checked)

    def given_up(self, tx: WorkTransaction, task: TaskRow) -> None:
        if task.state is not TaskState.CANCELLED:
            self._keep(tx, task, failed_report(failure_in(task.error)))

    def outcomes(self, task: TaskRow, result: Result) -> Iterable[Outcome]:
        origins = (task.route or {}).get("origins", ())
        assert isinstance(origins, list | tuple)
        failure = result.error if isinstance(result, TestReport | FailedResult) else None
        return [(str(origin), failure) for origin in origins]

    def _keep(self, tx: WorkTransaction, task: TaskRow, report: TestReport) -> None:
        """A connector that is gone meanwhile, or was never saved, has no status to keep."""
        place, now = place_in(task), self._clock.now()
        found = tx.connectors.find(place.scope, place.connector)
        if found is None or unsaved_in(task) is not None:
            return
        tx.connectors.set_status(place.scope, place.connector, status_of(report, now, found.status))
        next_at = None if found.spec.ignore_test_connection else now + RETEST_EVERY
        tx.connectors.set_next_test(place.scope, place.connector, next_at)


def failed_report(failure: TaskFailure) -> TestReport:
    """For a test that could not even begin."""
    return TestReport(outcome="failure", steps=(), error=failure)


def status_of(report: TestReport, now: datetime, before: ConnectorStatus | None = None) -> ConnectorStatus:
    if report.outcome == "success":
        return ConnectorStatus(ConnectivityStatus.SUCCESS, tested_at=now, last_connected_at=now)
    error = clipped(report.error or TaskFailure(code="error", category="error", message="the test failed"))
    code = _CODES.get(error.category, _DEFAULT_CODE)
    errors = (StatusError(reason=error.code, message=f"{error.message.rstrip('.')}. {error.hint}".strip(), code=code),)
    connected_at = before.last_connected_at if before else None
    return ConnectorStatus(ConnectivityStatus.FAILURE, error.message, errors, now, connected_at)
