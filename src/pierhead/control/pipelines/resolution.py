"""Which image, from where, at which version, for every stage of a pipeline: the decision itself; pure.

Asks for connectors through the function it is given and for nothing else: no network, no store, no clock.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pierhead.control.catalogue import Catalogue, Infra, Pin, VersionChoice
from pierhead.control.connectors import (
    Connector,
    ConnectorChoice,
    FindConnector,
    ImageName,
    RegistryAddress,
    UsernamePasswordAuth,
    image_name,
    known_host,
    select_connector,
    select_step_connector,
)
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError, InvalidInputError, NotFoundError
from pierhead.oci.reference import Reference
from pierhead.oci.reference_grammar import is_host_like

from .errors import StageNotFoundError
from .model import ImageNeed, Infrastructure, Pipeline, Role, Stage
from .needs import needs_of
from .notices import connector_notices, docker_hub_notices, image_notices
from .paths import Paths
from .plan import Plan, PlannedImage, StagePlan
from .pull_policy import policy_for
from .versions import version_for

MayName = Callable[[Connector], bool]
"""May whoever asks have a pipeline name this connector? When not it is as absent; what this raises ends it all. The
account's own, used because none is named, is not asked for."""
_REFUSALS = (InvalidInputError, NotFoundError)
# The same few names come again with every push, and reading them is a good part of a decision.
_REMEMBERED_NAMES: Final = 1024


def any_connector(_: Connector) -> bool:
    return True


def resolve(
    pipeline: Pipeline,
    *,
    scope: Scope,
    find_connector: FindConnector,
    catalogue: Catalogue,
    pins: Mapping[Infra, Collection[Pin]],
    stages: Collection[str] = (),
    line: str | None = None,
    may_name: MayName = any_connector,
) -> Plan:
    """The plan for all CI stages, or for those named in ``stages``; ``line`` is the release line of the defaults.

    What is wrong with one image or one stage's connector stands in the plan and stops nothing else. Raises
    StageNotFoundError for a name in ``stages`` that is no CI stage.
    """

    def find_named(place: Scope, identifier: str) -> Connector | None:
        found = find_connector(place, identifier)
        return found if found is not None and may_name(found) else None

    finds = find_connector, find_named
    resolution = _Resolution(scope, finds, catalogue, pins, line, Paths(pipeline.selectors))
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


@dataclass(frozen=True, slots=True)
class _Source:
    """What is decided of an image before it matters who uses it where."""

    connector: ConnectorChoice | None
    version: VersionChoice | None
    name: _Name | None = None
    warnings: tuple[str, ...] = ()
    error: AppError | None = None


class _Resolution:
    """One call of ``resolve``; remembers what images and stages have in common."""

    def __init__(
        self,
        scope: Scope,
        finds: tuple[FindConnector, FindConnector],
        catalogue: Catalogue,
        pins: Mapping[Infra, Collection[Pin]],
        line: str | None,
        paths: Paths,
    ) -> None:
        self._scope = scope
        self._find, self._find_named = finds
        self._catalogue = catalogue
        self._pins = pins
        self._line = line
        self._paths = paths
        self._connectors: dict[tuple[bool, str | None], ConnectorChoice | AppError] = {}
        self._sources: dict[tuple[object, ...], _Source] = {}
        self._about: dict[int, tuple[str, ...]] = {}  # by the identity of choices that _connectors keeps

    def stage(self, stage: Stage, pipeline: str) -> StagePlan:
        infrastructure = stage.infrastructure
        needs = needs_of(stage)
        choice = self._connector(infrastructure.image_connector_ref, is_step=False)
        images = tuple(self._image(need, infrastructure, stage.selectors) for need in needs.images)
        return StagePlan(
            pipeline=pipeline,
            stage=stage.identifier,
            name=stage.name,
            infrastructure=infrastructure,
            images=images,
            connector=None if isinstance(choice, AppError) else choice,
            warnings=(*infrastructure.notes, *needs.warnings, *self._notices(images)),
            error=choice if isinstance(choice, AppError) else None,
        )

    def _image(self, need: ImageNeed, infrastructure: Infrastructure, selectors: tuple[str, ...]) -> PlannedImage:
        stage_ref = infrastructure.image_connector_ref
        key = (
            need.image is None,
            need.image or need.purpose,
            need.tag,
            need.connector_ref,
            stage_ref,
            infrastructure.kind,
        )
        source = self._sources.get(key)
        if source is None:
            source = self._sources[key] = self._source(need, infrastructure)
        name = source.name
        policy, reason = policy_for(need, infrastructure, name.reference if name else None)
        return PlannedImage(
            need=need,
            platform=infrastructure.platform,
            pull_policy=policy,
            policy_reason=reason,
            platform_reason=infrastructure.platform_reason,
            connector=source.connector,
            version=source.version,
            reference=name.reference if name else None,
            name_reason=name.reason if name else "",
            access=name.access if name else None,
            path=self._paths.path(need.selected_by, need.selectors, selectors, name.access) if name else None,
            pull_secret_key=name.secret_key if name else None,
            warnings=source.warnings,
            error=source.error,
        )

    def _source(self, need: ImageNeed, infrastructure: Infrastructure) -> _Source:
        """Connector, version and name; the first that cannot be had ends it, and what was had before stands."""
        is_own = need.role is Role.USER or need.connector_ref is not None
        reference = need.connector_ref if is_own else infrastructure.image_connector_ref
        found = self._connector(reference, is_step=is_own)
        choice = None if isinstance(found, AppError) else found
        version = None
        try:
            infra = infrastructure.infra
            version = version_for(need, infra, self._pins.get(infra, ()), self._catalogue, self._line)
            if choice is None:
                return _Source(None, version, error=found if isinstance(found, AppError) else None)
            name = _name_of(choice, version.image, is_user=need.role is Role.USER)
        except _REFUSALS as error:
            return _Source(choice, version, error=found if isinstance(found, AppError) else error)
        return _Source(choice, version, name, image_notices(name.reference, choice, version, name.access))

    def _notices(self, images: tuple[PlannedImage, ...]) -> tuple[str, ...]:
        """Each connector's once, however many images come through it."""
        notices: dict[str, None] = {}
        if self._paths.has_warnings:
            notices |= dict.fromkeys(text for image in images if image.path for text in image.path.warnings)
        for choice in {id(image.connector): image.connector for image in images if image.error is None}.values():
            if choice is None:
                continue
            if id(choice) not in self._about:
                self._about[id(choice)] = connector_notices(choice)
            notices |= dict.fromkeys(self._about[id(choice)])
        return (*notices, *docker_hub_notices(images))

    def _connector(self, reference: str | None, *, is_step: bool) -> ConnectorChoice | AppError:
        key = (is_step, reference)
        if key not in self._connectors:
            select = select_step_connector if is_step else select_connector
            try:
                is_named = bool(reference and reference.strip())
                choice = select(reference, self._scope, self._find_named if is_named else self._find)
                choice.address  # noqa: B018 - a stored URL that cannot be read is found here, not later
                self._connectors[key] = choice
            except _REFUSALS as error:
                self._connectors[key] = error
        return self._connectors[key]


def _name_of(choice: ConnectorChoice, image: str, *, is_user: bool) -> _Name:
    address = choice.address
    if address is not None and is_user and _names_another_registry(image, address):
        reference = Reference.parse(image)
        return _Name(reference, f"the step names {reference.registry} itself, its connector {address.registry}")
    name = _image_name(address, image)
    if address is None or choice.connector is None or name.reference.registry != address.registry:
        return _Name(name.reference, name.reason)
    key = _secret_key(name.reference, address, choice.connector)
    return _Name(name.reference, name.reason, choice.connector, key)


@lru_cache(maxsize=_REMEMBERED_NAMES)
def _image_name(address: RegistryAddress | None, image: str) -> ImageName:
    return image_name(address, image)


def _names_another_registry(image: str, address: RegistryAddress) -> bool:
    """Whether a user wrote a registry host that is not the connector's."""
    host, slash, _ = image.partition("/")
    if not slash or not is_host_like(host):
        return False
    written = Reference.parse(image).registry
    known = known_host(written)
    return (known.canonical if known and known.canonical else written) != address.registry


def _secret_key(reference: Reference, address: RegistryAddress, connector: Connector) -> str | None:
    """None without credentials. A key with a path covers only what lies below it, so others get the bare host."""
    if not isinstance(connector.spec.auth, UsernamePasswordAuth):
        return None
    prefix = f"{address.path_prefix}/" if address.path_prefix else ""
    return address.pull_secret_key if reference.repository.startswith(prefix) else address.registry
