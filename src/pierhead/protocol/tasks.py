"""Tasks as they travel between our own programs, and what comes back; values only, no behaviour.

JSON in camelCase, unknown fields refused. Secrets are in the clear while they travel: whoever writes a task down
keeps the references and fills the secrets in when it is handed out.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel


class _Message(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


# --- what to do


class RegistryAccess(_Message):
    """How to reach one registry. ``url``: ``https://host[:port]``; plain ``http://`` only where the connector says so.

    ``secret_version`` changes whenever the secret does, so that nothing cached under the old one is used.
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


class Policy(StrEnum):
    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


class PullImage(_Message):
    """``reference`` with its registry; ``platform`` as ``os/architecture[/variant]``, the worker's own when None."""

    key: str
    reference: str
    digest: str | None = None
    platform: str | None = None
    policy: Policy = Policy.ALWAYS
    timeout_s: float | None = Field(default=None, gt=0)
    registry: RegistryAccess


class PullTask(_Message):
    kind: Literal["pull"] = "pull"
    images: tuple[PullImage, ...]
    all_platforms: bool = False


class TestConnectionTask(_Message):
    """``probe_image``: a reference whose manifest is fetched, which is what proves the right to pull."""

    __test__ = False  # not a test case, whatever its name suggests to pytest

    kind: Literal["testConnection"] = "testConnection"
    registry: RegistryAccess
    probe_image: str | None = None


class ListTagsTask(_Message):
    kind: Literal["listTags"] = "listTags"
    registry: RegistryAccess
    repository: str
    limit: int = Field(default=10_000, ge=1, le=1_000_000)


Task = Annotated[PullTask | TestConnectionTask | ListTagsTask, Field(discriminator="kind")]


# --- what came of it


class HttpExchange(_Message):
    """Redacted: no credential, no token, at most 512 bytes of body. ``status`` is None when nothing was answered."""

    method: str
    url: str
    status: int | None = None
    body: str = ""


class TaskFailure(_Message):
    """``code`` is stable, ``category`` one of those of kit.errors, ``hint`` one thing to do."""

    code: str
    category: str
    message: str
    hint: str = ""
    exchange: HttpExchange | None = None
    retryable: bool = False


class RateLimitLeft(_Message):
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


class ImageEvent(_Message):
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


class PullResult(_Message):
    images: tuple[ImageEvent, ...]


class StepOutcome(StrEnum):
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    WARNING = "warning"


class TestStep(_Message):
    __test__ = False

    name: str
    outcome: StepOutcome
    evidence: str = ""
    advice: str = ""


class TestReport(_Message):
    __test__ = False

    outcome: Literal["success", "failure"]
    steps: tuple[TestStep, ...]
    error: TaskFailure | None = None
    rate_limit: RateLimitLeft | None = None


class TagsResult(_Message):
    """``truncated``: there are more tags than were asked for."""

    name: str
    tags: tuple[str, ...]
    truncated: bool


class FailedResult(_Message):
    """A task that could not be done at all."""

    error: TaskFailure


Result = PullResult | TestReport | TagsResult | FailedResult
