"""Artifact sources on the wire: the reference's build details, and lists of our own."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from pierhead.control.sources import Sort
from pierhead.kit.clock import to_epoch_ms
from pierhead.protocol.tasks import TagFacts

from .common import OptionalText, Received, Wire
from .registry import PlatformInfo

_MAX_YAML = 1024 * 1024


class BuildMetadata(Wire):
    """``image``: host, name and tag, as a runtime would pull it."""

    image: str
    tag: str


class BuildDetails(Wire):
    tag: str
    build_url: str
    metadata: BuildMetadata
    labels: dict[str, str]
    image_path: str


class BuildDetailsList(Wire):
    """``truncated`` is ours: there are more tags than were read. ``unread``: tags whose labels could not be read."""

    build_details_list: list[BuildDetails]
    truncated: bool = False
    unread: list[str] = Field(default_factory=list)


class DockerRequest(Received):
    """Of ``tag`` and ``tagRegex`` exactly one, where a build is asked for. ``runtimeInputYaml`` means nothing here."""

    tag: OptionalText = None
    tag_regex: OptionalText = None
    tags_list: Annotated[list[str] | None, Field(max_length=1000)] = None
    runtime_input_yaml: Annotated[str | None, Field(max_length=_MAX_YAML)] = None


class ArtifactTag(Wire):
    """``created`` and ``firstSeen`` in milliseconds. ``created``, ``digest`` and ``labels`` are null where the config
    was not read, ``firstSeen`` where no watch has seen the tag appear."""

    tag: str
    reference: str
    digest: str | None = None
    created: int | None = None
    first_seen: int | None = None
    labels: dict[str, str] | None = None
    size_bytes: int | None = None
    problem: str | None = None

    @classmethod
    def of(cls, tag: str, reference: str, facts: TagFacts | None, first_seen: datetime | None) -> Self:
        seen = None if first_seen is None else to_epoch_ms(first_seen)
        if facts is None:
            return cls(tag=tag, reference=reference, first_seen=seen)
        moment = created_of(facts)
        return cls(
            tag=tag,
            reference=reference,
            digest=facts.digest,
            created=None if moment is None else to_epoch_ms(moment),
            first_seen=seen,
            labels=dict(facts.labels),
            size_bytes=facts.image_bytes,
            problem=facts.problem or None,
        )


class ArtifactTags(Wire):
    """One page. ``listed``: how many tags were read; ``truncated``: the registry has more. ``ordered``: how many of
    ``totalItems`` are in the order that was asked for; the rest follow by version. ``notes`` say in words what was
    not read."""

    image: str
    sort: Sort
    listed: int
    truncated: bool
    ordered: int
    notes: list[str]
    total_pages: int
    total_items: int
    page_index: int
    page_size: int
    content: list[ArtifactTag]


class TagsPage(Wire):
    """One event of the stream."""

    tags: list[str]


class TagsEnd(Wire):
    """The last event: how many tags were listed, how many of them the pattern let through."""

    listed: int
    matching: int
    truncated: bool


class TagsBroken(Wire):
    """The last event of a stream that cannot go on: what came before it is good, and not all."""

    code: str
    message: str
    hint: str


class ArtifactTagInfo(Wire):
    """``sizeBytes``: what a pull of ``platform`` fetches. ``created`` is what the image says of itself."""

    tag: str
    reference: str
    digest: str
    media_type: str
    platforms: list[PlatformInfo]
    platform: str | None
    created: int | None
    labels: dict[str, str]
    size_bytes: int | None
    problem: str | None

    @classmethod
    def of(cls, tag: str, reference: str, facts: TagFacts) -> Self:
        moment = created_of(facts)
        return cls(
            tag=tag,
            reference=reference,
            digest=facts.digest or "",
            media_type=facts.media_type,
            platforms=[
                PlatformInfo(platform=each.platform, digest=each.digest, size_bytes=each.size_bytes)
                for each in facts.platforms
            ],
            platform=facts.config_platform or None,
            created=None if moment is None else to_epoch_ms(moment),
            labels=dict(facts.labels),
            size_bytes=facts.image_bytes,
            problem=facts.problem or None,
        )


def created_of(facts: TagFacts) -> datetime | None:
    """A delegate may say what it likes."""
    try:
        moment = datetime.fromisoformat(facts.created or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
