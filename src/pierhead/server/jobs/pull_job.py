"""A leased ``pull`` task: from the run's rows to the worker's order, and from its reports back into the run."""

import threading
from collections.abc import Mapping

from pierhead.control.connectors import Connector, ConnectorNotFoundError
from pierhead.control.pipelines import Run, RunImage, RunService
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.control.secrets import SecretService
from pierhead.control.tasks import Lease, TaskQueue
from pierhead.kit.errors import AppError
from pierhead.oci.reference import Reference
from pierhead.protocol.tasks import ImageEvent, ImageState, Policy, PullImage, PullTask
from pierhead.registry.transport import Transport
from pierhead.worker.cancel import CancelToken
from pierhead.worker.execute import execute, task_failure
from pierhead.worker.runtimes.oci_layout import OciLayout

from .lease_keeper import LeaseKeeper
from .registry_access import access_for_image
from .run_reporter import RunReporter


class PullJob:
    """Performs one pull task after the other; several threads may call it at once."""

    def __init__(
        self,
        queue: TaskQueue,
        runs: RunService,
        secrets: SecretService,
        layout: OciLayout,
        transport: Transport,
        closing: threading.Event,
    ) -> None:
        self._queue = queue
        self._runs = runs
        self._secrets = secrets
        self._layout = layout
        self._transport = transport
        self._closing = closing

    def perform(self, lease: Lease, cancel: CancelToken) -> None:
        """Raises StaleLeaseError when the lease was lost; then nothing more was written."""
        run, connectors = self._runs.leased(lease)
        reporter = RunReporter(self._runs, lease, self._closing)
        orders = self._orders(run, connectors, reporter)
        with LeaseKeeper(self._queue, lease, reporter.flush, cancel.cancel):
            if orders:
                task = PullTask(images=tuple(orders))
                execute(task, layout=self._layout, transport=self._transport, emit=reporter.emit, cancel=cancel)
        if self._closing.is_set():
            self._runs.give_back(lease)
        else:
            reporter.finish()

    def _orders(self, run: Run, connectors: Mapping[str, Connector], reporter: RunReporter) -> list[PullImage]:
        """One order for each pull key that has no outcome yet; what cannot even be ordered is reported as failed."""
        orders: dict[str, PullImage] = {}
        for image in run.images:
            if image.facts.state.is_final or image.pull_key in orders:
                continue
            try:
                orders[image.pull_key] = self._order(image, run, connectors)
            except AppError as error:
                reporter.emit(ImageEvent(key=image.pull_key, state=ImageState.FAILED, error=task_failure(error)))
        return list(orders.values())

    def _order(self, image: RunImage, run: Run, connectors: Mapping[str, Connector]) -> PullImage:
        reference = Reference.parse(image.reference)
        return PullImage(
            key=image.pull_key,
            reference=image.reference,
            digest=image.facts.digest,  # resolved by an earlier attempt: the same bytes, whatever the tag says now
            platform=image.platform,
            policy=Policy(image.pull_policy),
            timeout_s=image.timeout_s,
            registry=access_for_image(reference, _connector_of(image, run, connectors), self._secrets),
        )


def _connector_of(image: RunImage, run: Run, connectors: Mapping[str, Connector]) -> Connector | None:
    """The connector the run was planned with. Raises ConnectorNotFoundError when it was deleted since."""
    if image.connector is None:
        return None
    if image.connector not in connectors:
        scope, identifier = ScopedReference.parse(image.connector).resolve(Scope(run.account, run.org, run.project))
        raise ConnectorNotFoundError(identifier, scope.level)
    return connectors[image.connector]
