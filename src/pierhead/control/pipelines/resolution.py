"""Which image, from where, at which version, for every stage of a pipeline: the decision itself; pure.

Asks for connectors through the function it is given and for nothing else: no network, no store, no clock.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pierhead.control.catalogue import Catalogue, Infra, Pin, VersionChoice
from pierhead.control.connectors import (
    Connector,
    ConnectorChoice,
    FindConnector,
    RegistryAddress,
    UsernamePasswordAuth,
    image_name,
    known_host,
    select_connector,
    select_step_connector,
)
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError, InvalidInputError, NotFoundError
from pierhead.oci.reference import DOCKER_HUB, Reference, is_docker_hub

from .errors import StageNotFoundError
from .model import ImageNeed, Infrastructure, Pipeline, Role, Stage
from .needs import needs_of
from .notices import image_notices, stage_notices
from .plan import Plan, PlannedImage, StagePlan
from .pull_policy import policy_for
from .versions import version_for

_REFUSALS = (InvalidInputError, NotFoundError)


def resolve(
    pipeline: Pipeline,
    *,
    scope: Scope,
    find_connector: FindConnector,
    catalogue: Catalogue,
    pins: Mapping[Infra, Collection[Pin]],
    stages: Collection[str] = (),
    line: str | None = None,
) -> Plan:
    """The plan for all CI stages, or for those named in ``stages``; ``line`` is the release line of the defaults.

    What is wrong with one image or one stage's connector stands in the plan and stops nothing else. Raises
    StageNotFoundError for a name in ``stages`` that is no CI stage.
    """
    resolution = _Resolution(scope, find_connector, catalogue, pins, line)
    title = pipeline.identifier or pipeline.name or "pipeline"
    chosen = _named(pipeline, stages) if stages else pipeline.stages
    planned = tuple(resolution.stage(stage, title) for stage in chosen)
    warnings = () if planned else ("the pipeline has no CI stage: there is nothing to prepare",)
    return Plan(title, planned, () if stages else pipeline.skipped, warnings)


def _named(pipeline: Pipeline, names: Collection[str]) -> tuple[Stage, ...]:
    known = tuple(stage.identifier for stage in pipeline.stages)
    for name in names:
        if name not in known:
            raise StageNotFoundError(name, known)
    return tuple(stage for stage in pipeline.stages if stage.identifier in names)


@dataclass(frozen=True, slots=True)
class _Name:
    reference: Reference
    reason: str
    access: Connector | None = None
    secret_key: str | None = None


class _Resolution:
    """One call of ``resolve``; remembers what stages have in common."""

    def __init__(
        self,
        scope: Scope,
        find: FindConnector,
        catalogue: Catalogue,
        pins: Mapping[Infra, Collection[Pin]],
        line: str | None,
    ) -> None:
        self._scope = scope
        self._find = find
        self._catalogue = catalogue
        self._pins = pins
        self._line = line
        self._connectors: dict[tuple[bool, str | None], ConnectorChoice | AppError] = {}
        self._versions: dict[tuple[object, ...], VersionChoice | AppError] = {}
        self._names: dict[tuple[int, str, bool], _Name | AppError] = {}

    def stage(self, stage: Stage, pipeline: str) -> StagePlan:
        infrastructure = stage.infrastructure
        needs = needs_of(stage)
        choice = self._connector(infrastructure.image_connector_ref, is_step=False)
        images = tuple(self._image(need, infrastructure, choice) for need in needs.images)
        return StagePlan(
            pipeline=pipeline,
            stage=stage.identifier,
            name=stage.name,
            infrastructure=infrastructure,
            images=images,
            connector=None if isinstance(choice, AppError) else choice,
            warnings=(*infrastructure.notes, *needs.warnings, *stage_notices(images)),
            error=choice if isinstance(choice, AppError) else None,
        )

    def _image(
        self, need: ImageNeed, infrastructure: Infrastructure, stage_choice: ConnectorChoice | AppError
    ) -> PlannedImage:
        is_own = need.role is Role.USER or need.connector_ref is not None
        choice = self._connector(need.connector_ref, is_step=True) if is_own else stage_choice
        version = self._version(need, infrastructure.infra)
        if isinstance(choice, AppError):
            return _failed(need, infrastructure, choice, version=version)
        if isinstance(version, AppError):
            return _failed(need, infrastructure, version, choice=choice)
        name = self._name(choice, version.image, is_user=need.role is Role.USER)
        if isinstance(name, AppError):
            return _failed(need, infrastructure, name, choice=choice, version=version)
        policy, policy_reason = policy_for(need, infrastructure, name.reference)
        return PlannedImage(
            need=need,
            platform=infrastructure.platform,
            pull_policy=policy,
            policy_reason=policy_reason,
            platform_reason=infrastructure.platform_reason,
            connector=choice,
            version=version,
            reference=name.reference,
            name_reason=name.reason,
            access=name.access,
            pull_secret_key=name.secret_key,
            warnings=image_notices(name.reference, choice, name.access),
        )

    def _connector(self, reference: str | None, *, is_step: bool) -> ConnectorChoice | AppError:
        key = (is_step, reference)
        if key not in self._connectors:
            select = select_step_connector if is_step else select_connector
            try:
                choice = select(reference, self._scope, self._find)
                choice.address  # noqa: B018 - a stored URL that cannot be read is found here, not later
                self._connectors[key] = choice
            except _REFUSALS as error:
                self._connectors[key] = error
        return self._connectors[key]

    def _version(self, need: ImageNeed, infra: Infra) -> VersionChoice | AppError:
        key = (need.image, infra, need.purpose if need.image is None else None, need.tag)
        if key not in self._versions:
            try:
                self._versions[key] = version_for(need, infra, self._pins.get(infra, ()), self._catalogue, self._line)
            except _REFUSALS as error:
                self._versions[key] = error
        return self._versions[key]

    def _name(self, choice: ConnectorChoice, image: str, *, is_user: bool) -> _Name | AppError:
        key = (id(choice), image, is_user)  # choices live as long as this object does
        if key not in self._names:
            try:
                self._names[key] = _name_of(choice, image, is_user=is_user)
            except _REFUSALS as error:
                self._names[key] = error
        return self._names[key]


def _name_of(choice: ConnectorChoice, image: str, *, is_user: bool) -> _Name:
    address = choice.address
    if address is not None and is_user and _names_another_registry(image, address):
        reference = Reference.parse(image)
        return _Name(reference, f"the step names {reference.registry} itself, its connector {address.registry}")
    name = image_name(address, image)
    if address is None or choice.connector is None or name.reference.registry != address.registry:
        return _Name(name.reference, name.reason)
    key = _secret_key(name.reference, address, choice.connector)
    return _Name(name.reference, name.reason, choice.connector, key)


def _names_another_registry(image: str, address: RegistryAddress) -> bool:
    """Whether a user wrote a registry host that is not the connector's."""
    written = Reference.parse(image).registry
    if written == DOCKER_HUB and not is_docker_hub(image.partition("/")[0]):
        return False
    known = known_host(written)
    return (known.canonical if known and known.canonical else written) != address.registry


def _secret_key(reference: Reference, address: RegistryAddress, connector: Connector) -> str | None:
    """None without credentials. A key with a path covers only what lies below it, so others get the bare host."""
    if not isinstance(connector.spec.auth, UsernamePasswordAuth):
        return None
    prefix = f"{address.path_prefix}/" if address.path_prefix else ""
    return address.pull_secret_key if reference.repository.startswith(prefix) else address.registry


def _failed(
    need: ImageNeed,
    infrastructure: Infrastructure,
    error: AppError,
    *,
    choice: ConnectorChoice | None = None,
    version: VersionChoice | AppError | None = None,
) -> PlannedImage:
    policy, reason = policy_for(need, infrastructure, None)
    return PlannedImage(
        need=need,
        platform=infrastructure.platform,
        pull_policy=policy,
        policy_reason=reason,
        platform_reason=infrastructure.platform_reason,
        connector=choice,
        version=None if isinstance(version, AppError) else version,
        error=error,
    )
