"""Tasks as they travel between our own programs, and what comes back; values only, no behaviour.

JSON in camelCase, unknown fields refused. Secrets are in the clear while they travel: whoever writes a task down
keeps the references and fills the secrets in when it is handed out.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from .access import RegistryAccess as RegistryAccess
from .inspection import InspectResult as InspectResult
from .inspection import InspectTask as InspectTask
from .message import Message
from .outcomes import HttpExchange as HttpExchange
from .outcomes import RateLimitLeft as RateLimitLeft
from .outcomes import TaskFailure as TaskFailure
from .survey import SurveyedRepository as SurveyedRepository
from .survey import SurveyedTag as SurveyedTag
from .survey import SurveyRepository as SurveyRepository
from .survey import SurveyResult as SurveyResult
from .survey import SurveyRules as SurveyRules
from .survey import SurveyTask as SurveyTask
from .tag_facts import ReadTagsTask as ReadTagsTask
from .tag_facts import ResolvedPlatform as ResolvedPlatform
from .tag_facts import TagFacts as TagFacts
from .tag_facts import TagFactsResult as TagFactsResult

# --- what to do


class Policy(StrEnum):
    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


class PullImage(Message):
    """``reference`` with its registry; ``platform`` as ``os/architecture[/variant]``, the worker's own when None."""

    key: str
    reference: str
    digest: str | None = None
    platform: str | None = None
    policy: Policy = Policy.ALWAYS
    timeout_s: float | None = Field(default=None, gt=0)
    registry: RegistryAccess


class PullTask(Message):
    kind: Literal["pull"] = "pull"
    images: tuple[PullImage, ...]
    all_platforms: bool = False


class TestConnectionTask(Message):
    """``images``: references whose manifests are asked for, which is what proves the right to pull them.

    One that is not there fails the test only when none of them is.
    """

    __test__ = False  # not a test case, whatever its name suggests to pytest

    kind: Literal["testConnection"] = "testConnection"
    registry: RegistryAccess
    images: Annotated[tuple[str, ...], Field(max_length=100)] = ()


class ListTagsTask(Message):
    kind: Literal["listTags"] = "listTags"
    registry: RegistryAccess
    repository: str
    limit: int = Field(default=10_000, ge=1, le=1_000_000)


class ListRepositoriesTask(Message):
    """``/v2/_catalog``, page by page."""

    kind: Literal["listRepositories"] = "listRepositories"
    registry: RegistryAccess
    limit: int = Field(default=10_000, ge=1, le=1_000_000)


class ResolveTask(Message):
    """What a tag means now: its digest and, for an index, the platforms in it."""

    kind: Literal["resolve"] = "resolve"
    registry: RegistryAccess
    reference: str


class IndexMode(StrEnum):
    """What becomes of an index of which only some platforms are wanted: ``sparse`` keeps it with members missing,
    ``rewritten`` makes another, which names the original; ``whole`` with one platform copies its manifest alone."""

    WHOLE = "whole"
    SPARSE = "sparse"
    REWRITTEN = "rewritten"


class CopyImage(Message):
    """One image from one registry to another, byte-identical; ``target`` names the registry, repository and tag.

    ``digest``: copy that, whatever the tag of ``source`` says now. ``platforms`` (``os/architecture``): none means the
    whole index; several want a ``sparse`` or ``rewritten`` one. ``referrers``: what refers to the image, and cosign's
    tags, come along.
    """

    key: str
    source: str
    digest: str | None = None
    target: str
    from_registry: RegistryAccess
    to_registry: RegistryAccess
    platforms: tuple[str, ...] = ()
    index: IndexMode = IndexMode.WHOLE
    referrers: bool = False


class CopyTask(Message):
    """``checkpoint`` is what an earlier attempt left (``agent.ProgressRequest``): upload sessions to go on with."""

    kind: Literal["copy"] = "copy"
    images: tuple[CopyImage, ...]
    checkpoint: dict[str, object] | None = None


Task = Annotated[
    PullTask
    | TestConnectionTask
    | ListTagsTask
    | ListRepositoriesTask
    | ResolveTask
    | ReadTagsTask
    | SurveyTask
    | InspectTask
    | CopyTask,
    Field(discriminator="kind"),
]


# --- what came of it


class ImageState(StrEnum):
    RESOLVING = "resolving"
    RESOLVED = "resolved"
    PULLING = "pulling"
    PULLED = "pulled"
    PRESENT = "present"
    FAILED = "failed"


class ImageEvent(Message):
    """The state of one image of a pull; the last event of each image is its outcome."""

    key: str
    state: ImageState
    digest: str | None = None
    manifest_digest: str | None = None
    bytes_total: int | None = None
    bytes_done: int | None = None
    bytes_fetched: int | None = None
    seconds: float | None = None
    rate_limit: RateLimitLeft | None = None
    error: TaskFailure | None = None
    warnings: tuple[str, ...] = ()


class CopyState(StrEnum):
    RESOLVING = "resolving"
    COPYING = "copying"
    COPIED = "copied"
    PRESENT = "present"
    FAILED = "failed"


class CopyEvent(Message):
    """The state of one image of a copy; the last event of each image is its outcome.

    ``bytes_fetched`` counts what was read from the source, ``bytes_mounted`` what the target already had or mounted.
    ``source_digest``: what ``source`` meant; ``digest`` is what the target has. ``referrers``: what the target got of
    what refers to the image; ``referrers_left_out``: listed at the source, and not to be had or read.
    """

    key: str
    state: CopyState
    digest: str | None = None
    bytes_total: int | None = None
    bytes_done: int | None = None
    bytes_fetched: int | None = None
    bytes_mounted: int | None = None
    source_digest: str | None = None
    referrers: int | None = None
    referrers_left_out: int | None = None
    seconds: float | None = None
    error: TaskFailure | None = None


class PullResult(Message):
    kind: Literal["pull"] = "pull"
    images: tuple[ImageEvent, ...]


class StepOutcome(StrEnum):
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    WARNING = "warning"


class TestStep(Message):
    __test__ = False

    name: str
    outcome: StepOutcome
    evidence: str = ""
    advice: str = ""


class TestReport(Message):
    __test__ = False

    kind: Literal["testConnection"] = "testConnection"
    outcome: Literal["success", "failure"]
    steps: tuple[TestStep, ...]
    error: TaskFailure | None = None
    rate_limit: RateLimitLeft | None = None


class TagsResult(Message):
    """``truncated``: there are more tags than were asked for."""

    kind: Literal["listTags"] = "listTags"
    name: str
    tags: tuple[str, ...]
    truncated: bool


class RepositoriesResult(Message):
    kind: Literal["listRepositories"] = "listRepositories"
    repositories: tuple[str, ...]
    truncated: bool


class ResolveResult(Message):
    kind: Literal["resolve"] = "resolve"
    reference: str
    digest: str
    media_type: str
    size_bytes: int
    platforms: tuple[ResolvedPlatform, ...] = ()


class CopyResult(Message):
    kind: Literal["copy"] = "copy"
    images: tuple[CopyEvent, ...]


class FailedResult(Message):
    """A task that could not be done at all."""

    kind: Literal["failed"] = "failed"
    error: TaskFailure


Result = Annotated[
    PullResult
    | TestReport
    | TagsResult
    | RepositoriesResult
    | ResolveResult
    | TagFactsResult
    | SurveyResult
    | InspectResult
    | CopyResult
    | FailedResult,
    Field(discriminator="kind"),
]
