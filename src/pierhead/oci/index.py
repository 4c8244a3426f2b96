"""Image indexes, OCI's and Docker's manifest lists, and the choice of one entry (image-spec, image-index.md)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from . import fields as json_fields
from .descriptor import Descriptor
from .errors import PlatformNotFoundError
from .media_types import INDEXES, MANIFESTS
from .platform import Platform

MAX_ENTRIES = 10_000
_REFERENCE_TYPE = "vnd.docker.reference.type"


@dataclass(frozen=True, slots=True)
class Index:
    """``raw`` is the truth and never written anew; the other fields are what we read out of it."""

    raw: bytes
    media_type: str
    manifests: tuple[Descriptor, ...]
    subject: Descriptor | None = None
    artifact_type: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def from_fields(cls, raw: bytes, media_type: str, given: json_fields.Fields) -> "Index":
        """``given`` is what ``raw`` says. Raises InvalidDocumentError, ConfusedDocumentError, TooManyEntriesError."""
        entries = json_fields.items(given, "manifests", "", cap=MAX_ENTRIES)
        subject = given.get("subject")
        return cls(
            raw,
            media_type,
            tuple(Descriptor.from_json(entry, f"manifests[{at}]") for at, entry in enumerate(entries)),
            None if subject is None else Descriptor.from_json(subject, "subject"),
            json_fields.text(given, "artifactType", "") or None,
            json_fields.text_map(given, "annotations", ""),
        )

    @staticmethod
    def is_attestation(entry: Descriptor) -> bool:
        """Whether the entry says something about another one, as BuildKit's do, and is nothing to run."""
        if entry.annotations.get(_REFERENCE_TYPE) == "attestation-manifest":
            return True
        return entry.platform is not None and (entry.platform.os, entry.platform.architecture) == ("unknown", "unknown")


@dataclass(frozen=True, slots=True)
class Selection:
    """An entry of an index and, in words, why it and no other."""

    descriptor: Descriptor
    reason: str


def select(index: Index, platform: Platform) -> Descriptor:
    """The entry to run on ``platform``; it may be an index itself. Raises PlatformNotFoundError."""
    return choose(index, platform).descriptor


def choose(index: Index, platform: Platform) -> Selection:
    """As ``select``, with the reason: an exact match before a compatible one, then the order of the index."""
    runnable = tuple(_runnable(index))
    ranked = [
        (rank, _newest_first(entry.platform, platform), position, entry)
        for position, entry in enumerate(runnable)
        if entry.platform is not None and (rank := entry.platform.rank(platform)) is not None
    ]
    if ranked:
        rank, _, _, entry = min(ranked, key=lambda candidate: candidate[:3])
        return Selection(entry, f"{entry.platform} {'is' if rank == 0 else 'runs on'} {platform}")
    if len(runnable) == 1 and runnable[0].platform is None:
        return Selection(runnable[0], "it is the only entry, and does not say its platform")
    raise PlatformNotFoundError(str(platform), tuple(str(entry.platform or "unnamed") for entry in runnable))


def _runnable(index: Index) -> Iterator[Descriptor]:
    for entry in index.manifests:
        if entry.media_type in MANIFESTS | INDEXES and not index.is_attestation(entry):
            yield entry


def _newest_first(image: Platform, wanted: Platform) -> tuple[int, ...]:
    """Among Windows images of one build: the very version wanted, then the newest."""
    if image.os_version is None:
        return (1,)
    if image.os_version == wanted.os_version:
        return (-1,)
    return (0, *(-int(part) if part.isdecimal() else 0 for part in image.os_version.split(".")))
