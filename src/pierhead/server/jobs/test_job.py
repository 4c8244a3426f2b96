"""A leased ``testConnection`` task: tests a saved connector and keeps what came out as the connector's status."""

import threading
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from pierhead.control.catalogue import Catalogue, Infra
from pierhead.control.connectors import (
    ConnectivityStatus,
    Connector,
    ConnectorRows,
    ConnectorService,
    ConnectorStatus,
    StatusError,
    image_name,
    normalise_url,
)
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretService
from pierhead.control.tasks import Lease, TaskQueue, TaskState, TaskTransaction
from pierhead.kit.clock import Clock
from pierhead.kit.errors import AppError
from pierhead.protocol.tasks import FailedResult, TaskFailure, TestConnectionTask, TestReport
from pierhead.registry.transport import Transport
from pierhead.worker.cancel import CancelToken
from pierhead.worker.execute import execute, task_failure

from .lease_keeper import LeaseKeeper
from .registry_access import access_for
from .replies import Replies

TEST_KIND = "testConnection"
# What the reference says in ``errors[].code``: bad credentials have a number of their own.
_CODES = {"unauthenticated": 470}
_DEFAULT_CODE = 450
_PROBE_FIELD = "addonTag"


class TestTransaction(TaskTransaction, Protocol):
    @property
    def connectors(self) -> ConnectorRows: ...


class TestStore(Protocol):
    def transaction(self) -> AbstractContextManager[TestTransaction]: ...


class TestJob:
    """Performs one test after the other; several threads may call it at once."""

    __test__ = False  # not a test case, whatever its name suggests to pytest

    def __init__(
        self,
        store: TestStore,
        queue: TaskQueue,
        connectors: ConnectorService,
        secrets: SecretService,
        transport: Transport,
        clock: Clock,
        replies: Replies[TestReport],
        closing: threading.Event,
    ) -> None:
        self._store = store
        self._queue = queue
        self._connectors = connectors
        self._secrets = secrets
        self._transport = transport
        self._clock = clock
        self._replies = replies
        self._closing = closing

    def perform(self, lease: Lease, cancel: CancelToken) -> None:
        """Raises StaleLeaseError when the lease was lost; a connector that is gone has no status to keep."""
        scope, identifier = place_of(lease)
        with LeaseKeeper(self._queue, lease, _nothing, cancel.cancel):
            report = self._report(scope, identifier, cancel)
        with self._store.transaction() as tx:
            if self._closing.is_set():  # that the test stopped because the program ends is no outcome
                self._queue.release(tx, lease)
                return
            self._queue.finish(tx, lease, TaskState.SUCCEEDED)
            before = tx.connectors.find(scope, identifier)
            status = status_of(report, self._clock.now(), before.status if before else None)
            tx.connectors.set_status(scope, identifier, status)
        self._replies.put(lease.id, report)

    def _report(self, scope: Scope, identifier: str, cancel: CancelToken) -> TestReport:
        try:
            connector = self._connectors.get(scope, identifier)
            task = TestConnectionTask(registry=access_for(connector, self._secrets), probe_image=_probe(connector))
        except AppError as error:
            return TestReport(outcome="failure", steps=(), error=task_failure(error))
        result = execute(task, transport=self._transport, cancel=cancel)
        if isinstance(result, FailedResult):
            return TestReport(outcome="failure", steps=(), error=result.error)
        return result


def payload_for(scope: Scope, identifier: str) -> dict[str, object]:
    return {"account": scope.account, "org": scope.org, "project": scope.project, "connector": identifier}


def place_of(lease: Lease) -> tuple[Scope, str]:
    """What ``payload_for`` wrote down."""
    payload = lease.task.payload
    org, project = payload.get("org"), payload.get("project")
    scope = Scope(lease.task.account, str(org) if org else None, str(project) if project else None)
    return scope, str(payload["connector"])


def status_of(report: TestReport, now: datetime, before: ConnectorStatus | None = None) -> ConnectorStatus:
    if report.outcome == "success":
        return ConnectorStatus(ConnectivityStatus.SUCCESS, tested_at=now, last_connected_at=now)
    error = report.error or TaskFailure(code="error", category="error", message="the test failed")
    code = _CODES.get(error.category, _DEFAULT_CODE)
    errors = (StatusError(reason=error.code, message=f"{error.message}. {error.hint}".strip(), code=code),)
    connected_at = before.last_connected_at if before else None
    return ConnectorStatus(ConnectivityStatus.FAILURE, error.message, errors, now, connected_at)


def _probe(connector: Connector) -> str | None:
    """An image that every pipeline needs: being able to pull it is what the connector is for."""
    address = normalise_url(connector.spec.url, connector.spec.provider_type)
    return str(image_name(address, Catalogue.load().default(_PROBE_FIELD, Infra.K8)).reference)


def _nothing() -> None:
    """A test reports nothing on its way."""
