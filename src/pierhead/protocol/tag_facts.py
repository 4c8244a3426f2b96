"""What tags mean now, many of one repository in one task; values only.

Digests alone cost one HEAD for each tag, which counts against no pull limit. Dates, labels and sizes stand in the
config of an image: with those, each tag costs two or three GETs.
"""

from typing import Annotated, Literal

from pydantic import Field

from .access import RegistryAccess
from .message import Message

MOST_DIGESTS = 1000
MOST_CONFIGS = 100


class ReadTagsTask(Message):
    """``with_configs``: of the first ``MOST_CONFIGS`` tags the config is read too."""

    kind: Literal["readTags"] = "readTags"
    registry: RegistryAccess
    repository: str
    tags: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_DIGESTS)]
    with_configs: bool = False


class ResolvedPlatform(Message):
    """``size_bytes``: of the manifest itself, as everywhere in what is resolved."""

    platform: str
    digest: str
    size_bytes: int


class TagFacts(Message):
    """``created`` (RFC 3339) and ``labels`` are what the image says of itself, and prove nothing; ``image_bytes`` is
    what a pull of ``config_platform`` fetches. All of them are empty where the config was not read.

    ``problem`` and what begins so: why this tag was not read, or not wholly; empty when it was.
    """

    tag: str
    digest: str | None = None
    media_type: str = ""
    size_bytes: int | None = None
    platforms: tuple[ResolvedPlatform, ...] = ()
    config_platform: str = ""
    created: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    image_bytes: int | None = None
    problem_code: str = ""
    problem_category: str = ""
    problem: str = ""
    problem_hint: str = ""


class TagFactsResult(Message):
    """One for each tag that was asked about, in that order."""

    kind: Literal["readTags"] = "readTags"
    name: str
    tags: tuple[TagFacts, ...]
