"""What was decided about a pipeline's images, with every reason; values only.

An image that cannot be had carries its ``error`` and no reference; its neighbours and the other stages stand. When it
is the stage's own connector that is missing, the stage carries the error too and each of the CI's images in it, while
images that users name through other connectors stand.
"""

from dataclasses import dataclass

from pierhead.control.catalogue import VersionChoice
from pierhead.control.connectors import Connector, ConnectorChoice, Reason
from pierhead.kit.errors import AppError
from pierhead.oci.platform import Platform
from pierhead.oci.reference import Reference

from .model import ImageNeed, Infrastructure, PullPolicy, SkippedStage
from .paths import PathChoice


@dataclass(frozen=True, slots=True)
class PlannedImage:
    """One image of a stage. Exactly one of ``reference`` and ``error`` is given.

    ``connector`` is how the connector was chosen; ``access`` is the connector whose credentials, certificates and proxy
    apply to the pull, None for an anonymous one: also when the image's own name leads to another registry than the
    chosen connector's. ``pull_secret_key`` is the key a node finds those credentials under, None without credentials.
    ``path`` is by whom it is fetched, None with an error.
    """

    need: ImageNeed
    platform: Platform
    pull_policy: PullPolicy
    policy_reason: str
    platform_reason: str
    connector: ConnectorChoice | None = None
    version: VersionChoice | None = None
    reference: Reference | None = None
    name_reason: str = ""
    access: Connector | None = None
    path: PathChoice | None = None
    pull_secret_key: str | None = None
    warnings: tuple[str, ...] = ()
    error: AppError | None = None

    def __post_init__(self) -> None:
        if (self.reference is None) == (self.error is None):
            raise ValueError("a planned image has either a reference or an error")

    @property
    def trail(self) -> tuple[Reason, ...]:
        """Every reason, in the order of decision: connector, version, name, path, pull policy, platform."""
        return (
            *(self.connector.trail if self.connector else ()),
            *(self.version.trail if self.version else ()),
            *((Reason("name", self.name_reason, chosen=True),) if self.name_reason else ()),
            *(self.path.trail if self.path else ()),
            Reason("pull-policy", self.policy_reason, chosen=True),
            Reason("platform", self.platform_reason, chosen=True),
        )


@dataclass(frozen=True, slots=True)
class StagePlan:
    """``connector`` is the choice for the CI's own images; None with ``error``, which says why there is none."""

    pipeline: str
    stage: str
    name: str
    infrastructure: Infrastructure
    images: tuple[PlannedImage, ...]
    connector: ConnectorChoice | None = None
    warnings: tuple[str, ...] = ()
    error: AppError | None = None

    @property
    def init_timeout_s(self) -> float:
        return self.infrastructure.init_timeout_s

    @property
    def failed(self) -> tuple[PlannedImage, ...]:
        return tuple(image for image in self.images if image.error is not None)


@dataclass(frozen=True, slots=True)
class Plan:
    """``pipeline`` is the identifier, the name where there is none, or ``pipeline``."""

    pipeline: str
    stages: tuple[StagePlan, ...]
    skipped: tuple[SkippedStage, ...] = ()
    warnings: tuple[str, ...] = ()
