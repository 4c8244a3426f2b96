"""What a run is: one Initialize of one pipeline, its stages, and each image's reasons and facts.

Reasons (connector, version, name) are fixed when the run is created; facts (state, digest, bytes, time) arrive from
whoever executes it. How they arrive and where they are kept is not decided here.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from pierhead.control.connectors import Reason


class RunState(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self is not RunState.RUNNING


class ImageState(StrEnum):
    PENDING = "pending"
    RESOLVING = "resolving"
    RESOLVED = "resolved"
    PULLING = "pulling"
    PULLED = "pulled"
    PRESENT = "present"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        return self in (ImageState.PULLED, ImageState.PRESENT, ImageState.FAILED)


@dataclass(frozen=True, slots=True)
class ImageFailure:
    """Why an image could not be had: ``exchange`` is the redacted HTTP exchange, when there was one."""

    code: str
    category: str
    message: str
    hint: str = ""
    exchange: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What is known of one pull so far: ``digest`` is what the tag resolved to, ``manifest_digest`` the platform's."""

    state: ImageState = ImageState.PENDING
    digest: str | None = None
    manifest_digest: str | None = None
    bytes_total: int | None = None
    bytes_done: int = 0
    bytes_fetched: int = 0
    seconds: float | None = None
    rate_limit: dict[str, int | None] | None = None
    failure: ImageFailure | None = None
    warnings: tuple[str, ...] = ()

    def after(self, later: "ImageFacts") -> "ImageFacts":
        """These facts with later ones over them: a digest once recorded stays, a final state stays."""
        if self.state.is_final:
            return self
        return replace(
            later,
            digest=self.digest or later.digest,
            manifest_digest=later.manifest_digest or self.manifest_digest,
            bytes_total=later.bytes_total if later.bytes_total is not None else self.bytes_total,
            rate_limit=later.rate_limit or self.rate_limit,
        )


@dataclass(frozen=True, slots=True)
class RunImage:
    """One image of one stage. Images with the same ``pull_key`` (source, name, platform, policy) share one pull.

    ``task_id``: the task that sees to it, None when nothing is left to do. ``path_reason``: why it goes this way;
    ``performer``: who performs it, once known, the id of a delegate or ``platform``; ``delegate``: its name for people.
    """

    run_id: str
    stage: str
    position: int
    role: str
    used_by: tuple[str, ...]
    reference: str
    name_reason: str
    connector: str | None
    connector_source: str
    connector_trail: tuple[Reason, ...]
    version: str
    version_source: str
    version_trail: tuple[Reason, ...]
    platform: str
    pull_policy: str
    timeout_s: float
    pull_key: str
    facts: ImageFacts = field(default_factory=ImageFacts)
    task_id: str | None = None
    path_reason: str = ""
    delegate: str | None = None
    performer: str | None = None

    def performed_by(self, performer: str, delegate: str) -> "RunImage":
        """As it is when ``performer`` begins: without an outcome, what another one found out of it counts no more.

        The digest that one delegate reports is its word, and no order for the next.
        """
        if self.facts.state.is_final:
            return self
        is_another = self.performer not in (None, performer)
        facts = ImageFacts() if is_another else self.facts
        return replace(self, performer=performer, delegate=delegate, facts=facts)


@dataclass(frozen=True, slots=True)
class RunStage:
    run_id: str
    identifier: str
    name: str
    infra: str
    position: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """``source`` is the pipeline text as it was given, so that a run can be explained later."""

    id: str
    account: str
    org: str | None
    project: str | None
    pipeline: str
    source: str
    requested_by: str
    state: RunState
    created_at: datetime
    finished_at: datetime | None = None
    warnings: tuple[str, ...] = ()
    stages: tuple[RunStage, ...] = ()
    images: tuple[RunImage, ...] = ()

    @property
    def task_ids(self) -> tuple[str, ...]:
        """The tasks of its images, each once, in the order of the images."""
        return tuple(dict.fromkeys(image.task_id for image in self.images if image.task_id is not None))

    def outcome(self) -> RunState:
        """The state its images add up to."""
        states = [image.facts.state for image in self.images]
        if any(not state.is_final for state in states):
            return RunState.RUNNING
        return RunState.FAILED if ImageState.FAILED in states else RunState.SUCCEEDED
