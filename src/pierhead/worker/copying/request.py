"""What to copy, from where to where."""

from dataclasses import dataclass
from enum import StrEnum

from pierhead.kit.errors import InvalidInputError
from pierhead.oci.digest import Digest
from pierhead.oci.platform import Platform
from pierhead.oci.reference import Reference
from pierhead.registry.endpoint import Endpoint
from pierhead.worker.failures import Subject

from .errors import NoPlatformsError, SeveralPlatformsError


class IndexMode(StrEnum):
    """What becomes of an index of which only some platforms are wanted.

    SPARSE: it stays as it is, and so does its digest; the other members are not copied, which some registries refuse.
    REWRITTEN: a new index with the wanted members, which names the original. WHOLE: it is copied with all its members,
    or, for one platform, its manifest alone.
    """

    WHOLE = "whole"
    SPARSE = "sparse"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """One image. ``key`` is the caller's name for it in reports. ``digest``: what ``source`` was resolved to earlier.

    Without ``platforms`` all of an index is copied; with one and ``index`` WHOLE only that platform's manifest, to
    which the tag of ``target`` then points. ``referrers``: what refers to the image comes along, and cosign's tags.

    Raises SeveralPlatformsError, NoPlatformsError, InvalidInputError.
    """

    key: str
    from_endpoint: Endpoint
    source: Reference
    to_endpoint: Endpoint
    target: Reference
    digest: Digest | None = None
    platforms: tuple[Platform, ...] = ()
    index: IndexMode = IndexMode.WHOLE
    referrers: bool = False

    def __post_init__(self) -> None:
        if None not in (self.digest, self.source.digest) and self.digest != self.source.digest:
            raise InvalidInputError(
                f"{self.source} cannot be copied as {self.digest}", hint="give one of the two digests only"
            )
        if self.index is IndexMode.WHOLE and len(self.platforms) > 1:
            raise SeveralPlatformsError(str(self.source), tuple(map(str, self.platforms)))
        if self.index is not IndexMode.WHOLE and not self.platforms:
            raise NoPlatformsError(str(self.source), self.index.value)

    @property
    def pinned(self) -> Digest | None:
        """The digest to copy, when no tag has to be asked for."""
        return self.digest or self.source.digest

    @property
    def only(self) -> Platform | None:
        """The platform whose manifest is wanted instead of an index."""
        return self.platforms[0] if self.platforms and self.index is IndexMode.WHOLE else None

    @property
    def to_tag(self) -> str | None:
        """None when the target is named by its digest alone."""
        if self.target.tag is None and self.target.digest is not None:
            return None
        return self.target.tag or "latest"

    @property
    def is_within_one_registry(self) -> bool:
        return self.from_endpoint.origin == self.to_endpoint.origin

    @property
    def from_subject(self) -> Subject:
        return Subject(str(self.source), self.from_endpoint.origin.authority, self.from_endpoint.connector)

    @property
    def to_subject(self) -> Subject:
        return Subject(str(self.target), self.to_endpoint.origin.authority, self.to_endpoint.connector, "push")
