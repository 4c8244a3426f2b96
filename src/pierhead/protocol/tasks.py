"""Tasks as they travel between our own programs, and what comes back; values only, no behaviour.

JSON in camelCase, unknown fields refused. Secrets are in the clear while they travel: whoever writes a task down
keeps the references and fills the secrets in when it is handed out.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from .message import Message

# --- what to do


class RegistryAccess(Message):
    """How to reach one registry. ``url``: ``https://host[:port]``; plain ``http://`` only where the connector says so.

    ``secret_version`` changes whenever the secret does, so that nothing cached under the old one is used.
    ``allow_private``: the connector says that its registry may be at a private or loopback address; asked about by the
    server's own worker only, and never sent: a delegate stands in the network of whoever runs it.
    """

    connector: str = ""
    url: str
    username: str | None = None
    password: SecretStr | None = None
    secret_version: str = ""
    ca_pem: str | None = None
    client_certificate_pem: str | None = None
    client_key_pem: SecretStr | None = None
    proxy_url: SecretStr | None = None
    no_proxy: tuple[str, ...] = ()
    trusted_realm_hosts: tuple[str, ...] = ()
    allow_private: bool = Field(default=False, exclude=True)


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


class CopyImage(Message):
    """One image from one registry to another, byte-identical; ``target`` names the registry, repository and tag.

    ``digest``: copy that, whatever the tag of ``source`` says now. ``platforms`` (``os/architecture``): none means the
    whole index, one its manifest alone; several are refused, for an index without some members is another document.
    """

    key: str
    source: str
    digest: str | None = None
    target: str
    from_registry: RegistryAccess
    to_registry: RegistryAccess
    platforms: tuple[str, ...] = ()


class CopyTask(Message):
    """``checkpoint`` is what an earlier attempt left (``agent.ProgressRequest``): upload sessions to go on with."""

    kind: Literal["copy"] = "copy"
    images: tuple[CopyImage, ...]
    checkpoint: dict[str, object] | None = None


Task = Annotated[
    PullTask | TestConnectionTask | ListTagsTask | ListRepositoriesTask | ResolveTask | CopyTask,
    Field(discriminator="kind"),
]


# --- what came of it


class HttpExchange(Message):
    """Redacted: no credential, no token, at most 512 bytes of body. ``status`` is None when nothing was answered."""

    method: str
    url: str
    status: int | None = None
    body: str = ""


class TaskFailure(Message):
    """``code`` is stable, ``category`` one of those of kit.errors, ``hint`` one thing to do."""

    code: str
    category: str
    message: str
    hint: str = ""
    exchange: HttpExchange | None = None
    retryable: bool = False


class RateLimitLeft(Message):
    limit: int | None = None
    remaining: int | None = None
    window_s: int | None = None


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
    """

    key: str
    state: CopyState
    digest: str | None = None
    bytes_total: int | None = None
    bytes_done: int | None = None
    bytes_fetched: int | None = None
    bytes_mounted: int | None = None
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


class ResolvedPlatform(Message):
    """``size_bytes``: of the manifest itself, as everywhere in what is resolved."""

    platform: str
    digest: str
    size_bytes: int


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
    PullResult | TestReport | TagsResult | RepositoriesResult | ResolveResult | CopyResult | FailedResult,
    Field(discriminator="kind"),
]
