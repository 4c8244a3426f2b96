"""A pipeline as far as its images are concerned: stages, their infrastructure, their steps; and what a stage needs.

Frozen values. How they are read from YAML is in ``document``; which image is meant in the end, in ``resolution``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pierhead.control.catalogue import Infra
from pierhead.control.delegates import Origin
from pierhead.oci.platform import Platform

DEFAULT_INIT_TIMEOUT_S = 480.0


class PullPolicy(StrEnum):
    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


class InfrastructureKind(StrEnum):
    KUBERNETES_DIRECT = "KubernetesDirect"
    KUBERNETES_HOSTED = "KubernetesHosted"
    VM = "VM"
    DOCKER = "Docker"
    CLOUD = "Cloud"

    @property
    def catalogue_infra(self) -> Infra:
        """Whose image fields apply: runners that are not Kubernetes are VM-style."""
        return Infra.K8 if self in _ON_KUBERNETES else Infra.VM


_ON_KUBERNETES = frozenset({InfrastructureKind.KUBERNETES_DIRECT, InfrastructureKind.KUBERNETES_HOSTED})


@dataclass(frozen=True, slots=True)
class Toleration:
    effect: str | None = None
    key: str | None = None
    operator: str | None = None
    value: str | None = None
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class SecurityContext:
    """What the stage says of all its containers; None leaves the cluster's default."""

    privileged: bool | None = None
    allow_privilege_escalation: bool | None = None
    read_only_root_filesystem: bool | None = None
    run_as_non_root: bool | None = None
    run_as_user: int | None = None
    run_as_group: int | None = None
    proc_mount: str | None = None
    added_capabilities: tuple[str, ...] = ()
    dropped_capabilities: tuple[str, ...] = ()


_NOTHING_SAID = SecurityContext()


@dataclass(frozen=True, slots=True)
class PodSettings:
    """Kubernetes only: what a pod of the stage looks like besides its images."""

    connector_ref: str | None = None
    namespace: str | None = None
    node_selector: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    service_account: str | None = None
    automount_token: bool | None = None
    priority_class: str | None = None
    run_as_user: int | None = None
    security: SecurityContext = _NOTHING_SAID


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """Where a stage runs. ``image_connector_ref`` is the stage's override of the connector for the CI's own images.

    ``platform_reason`` says where the platform comes from; ``notes`` is what a reader should know about this reading;
    ``used_from`` is the stage it was taken from.
    """

    kind: InfrastructureKind
    platform: Platform
    platform_reason: str
    image_connector_ref: str | None = None
    pull_policy: PullPolicy | None = None
    init_timeout_s: float = DEFAULT_INIT_TIMEOUT_S
    pod: PodSettings | None = None
    pool: str | None = None
    used_from: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def infra(self) -> Infra:
        return self.kind.catalogue_infra


@dataclass(frozen=True, slots=True)
class Step:
    """``path`` is the identifier with those of the groups around it, ``group.step``; unique in its stage.

    ``image_tag`` is the tag a scanner step asks for; ``source_type`` the kind of registry an attestation step works
    on; ``template`` what stands in for the step when it is not written out. ``selectors`` are the tags of delegates it
    asks for, ``group_selectors`` those of the innermost group around it that asks for any.
    """

    path: str
    identifier: str
    name: str
    type: str
    line: int
    image: str | None = None
    connector_ref: str | None = None
    pull_policy: PullPolicy | None = None
    image_tag: str | None = None
    source_type: str | None = None
    base_image_connector_refs: tuple[str, ...] = ()
    timeout_s: float | None = None
    template: str | None = None
    selectors: tuple[str, ...] = ()
    group_selectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """``steps`` are in the order of the document, services first; groups and parallel branches are laid flat."""

    identifier: str
    name: str
    type: str
    line: int
    infrastructure: Infrastructure
    clones_codebase: bool
    steps: tuple[Step, ...]
    selectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SkippedStage:
    """A stage for which nothing is planned, and why."""

    identifier: str
    type: str
    note: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """``org`` and ``project`` are as the document says, None when it does not."""

    identifier: str | None
    name: str | None
    org: str | None
    project: str | None
    stages: tuple[Stage, ...]
    skipped: tuple[SkippedStage, ...] = ()
    selectors: tuple[str, ...] = ()


class Role(StrEnum):
    """CORE: the stage cannot run without it; STEP: the CI's image for a step; USER: named by the user in a step."""

    CORE = "core"
    STEP = "step"
    USER = "user"


@dataclass(frozen=True, slots=True)
class ImageUse:
    """Who needs an image. ``container`` is what it is called in a pod; ``order`` counts through the stage."""

    name: str
    container: str
    order: int
    pull_policy: PullPolicy | None = None


@dataclass(frozen=True, slots=True)
class ImageNeed:
    """One image of a stage and all its users.

    ``purpose`` is the catalogue's field (``addonTag``), the scanner (``aqua-trivy``), or the path of the first step
    that names the image. ``image`` is a user's image as written, None where the catalogue decides. ``tag`` and
    ``connector_ref`` are what the step itself asks for, ``selectors`` the tags of delegates that its step or the group
    around that asks for, as ``selected_by`` says.
    """

    role: Role
    purpose: str
    uses: tuple[ImageUse, ...]
    image: str | None = None
    is_scanner: bool = False
    tag: str | None = None
    connector_ref: str | None = None
    selectors: tuple[str, ...] = ()
    selected_by: Origin = Origin.NOBODY

    @property
    def used_by(self) -> tuple[str, ...]:
        return tuple(use.name for use in self.uses)
