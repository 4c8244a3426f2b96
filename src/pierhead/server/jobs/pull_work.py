"""``pull``: from the rows of a run to an order, and from what is reported back into the run."""

from collections.abc import Iterable, Mapping

from pierhead.control.connectors import Connector, ConnectorNotFoundError
from pierhead.control.pipelines import ImageFacts, Run, RunImage, RunService
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.control.tasks import Lease, TaskRow
from pierhead.kit.errors import AppError
from pierhead.oci.reference import Reference
from pierhead.protocol.tasks import (
    FailedResult,
    ImageEvent,
    ImageState,
    Policy,
    PullImage,
    PullResult,
    PullTask,
    Result,
)
from pierhead.worker.execute import task_failure

from .facts import facts_of, failed
from .origins import by_host
from .performer import performer_of
from .registry_access import RegistrySecrets, access_for_image
from .results import check_keys, expect
from .work import Outcome, Report, WorkStore, WorkTransaction


class PullWork:
    def __init__(self, store: WorkStore, runs: RunService, secrets: RegistrySecrets) -> None:
        self._store = store
        self._runs = runs
        self._secrets = secrets

    def order(self, lease: Lease) -> PullTask | None:
        """What cannot even be ordered is reported as failed at once."""
        performer = performer_of(self._store, lease)
        secrets = self._secrets.shown_to(performer)
        run, connectors = self._runs.begin(lease, performer.id, performer.name)
        orders: dict[str, PullImage] = {}
        refused: list[ImageEvent] = []
        for image in _open_images(run):
            try:
                orders[image.pull_key] = _order(image, run, connectors, secrets)
            except AppError as error:
                refused.append(ImageEvent(key=image.pull_key, state=ImageState.FAILED, error=task_failure(error)))
        if not orders:
            self.finish(lease, PullResult(images=tuple(refused)), is_cancelled=False)
            return None
        if refused:
            self._runs.record(lease, [(event.key, facts_of(event)) for event in refused])
        return PullTask(images=tuple(orders.values()))

    def progress(self, lease: Lease, report: Report) -> None:
        if report.images:
            self._runs.record(lease, self._checked(lease, report.images).items())

    def finish(self, lease: Lease, result: Result, is_cancelled: bool) -> None:  # noqa: ARG002 - the run says it
        checked = expect(result, PullResult, lease.task.kind)
        if isinstance(checked, FailedResult):
            run, _ = self._runs.leased(lease)
            facts: Mapping[str, ImageFacts] = {image.pull_key: failed(checked.error) for image in _open_images(run)}
        else:
            facts = self._checked(lease, checked.images)
        self._runs.finish(lease, facts.items())

    def given_up(self, tx: WorkTransaction, task: TaskRow) -> None:
        self._runs.task_given_up(tx, task)

    def outcomes(self, task: TaskRow, result: Result) -> Iterable[Outcome]:
        hosts = by_host(_origins(task))
        if isinstance(result, FailedResult):
            return [(origin, result.error) for origin in hosts.values()]
        if not isinstance(result, PullResult):
            return []
        with self._store.snapshot() as tx:
            run = tx.runs.find_by_task(task.id)
        host_of = {image.pull_key: Reference.parse(image.reference).registry for image in run.images} if run else {}
        found = [(hosts.get(host_of.get(event.key, "")), event) for event in result.images]
        return [(origin, event.error) for origin, event in found if origin and _says_something(event)]

    def _checked(self, lease: Lease, events: Iterable[ImageEvent]) -> Mapping[str, ImageFacts]:
        facts: dict[str, ImageFacts] = {}
        for event in events:
            facts[event.key] = facts.get(event.key, ImageFacts()).after(facts_of(event))
        check_keys(facts, self._runs.pull_keys(lease), lease.task.kind)
        return facts


def _order(image: RunImage, run: Run, connectors: Mapping[str, Connector], secrets: RegistrySecrets) -> PullImage:
    reference = Reference.parse(image.reference)
    return PullImage(
        key=image.pull_key,
        reference=image.reference,
        digest=image.facts.digest,  # resolved by its earlier attempt: the same bytes, whatever the tag says
        platform=image.platform,
        policy=Policy(image.pull_policy),
        timeout_s=image.timeout_s,
        registry=access_for_image(reference, _connector_of(image, run, connectors), secrets),
    )


def _open_images(run: Run) -> list[RunImage]:
    """The first image of each pull that has no outcome yet."""
    found: dict[str, RunImage] = {}
    for image in run.images:
        if not image.facts.state.is_final:
            found.setdefault(image.pull_key, image)
    return list(found.values())


def _connector_of(image: RunImage, run: Run, connectors: Mapping[str, Connector]) -> Connector | None:
    """The connector the run was planned with. Raises ConnectorNotFoundError when it was deleted since."""
    if image.connector is None:
        return None
    if image.connector not in connectors:
        scope, identifier = ScopedReference.parse(image.connector).resolve(Scope(run.account, run.org, run.project))
        raise ConnectorNotFoundError(identifier, scope.level)
    return connectors[image.connector]


def _origins(task: TaskRow) -> tuple[str, ...]:
    origins = (task.route or {}).get("origins", ())
    assert isinstance(origins, list | tuple)
    return tuple(map(str, origins))


def _says_something(event: ImageEvent) -> bool:
    """An image that is there already was not asked for anywhere."""
    return event.state in (ImageState.PULLED, ImageState.FAILED)
