"""What to copy, from where to where."""

from dataclasses import dataclass

from pierhead.kit.errors import InvalidInputError
from pierhead.oci.digest import Digest
from pierhead.oci.platform import Platform
from pierhead.oci.reference import Reference
from pierhead.registry.endpoint import Endpoint
from pierhead.worker.failures import Subject

from .errors import SeveralPlatformsError


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """One image. ``key`` is the caller's name for it in reports. ``digest``: what ``source`` was resolved to earlier.

    Without ``platform`` all of an index is copied; with it only that platform's manifest, to which the tag of
    ``target`` then points: an index without some of its members would be another document, with another digest.
    """

    key: str
    from_endpoint: Endpoint
    source: Reference
    to_endpoint: Endpoint
    target: Reference
    digest: Digest | None = None
    platform: Platform | None = None

    def __post_init__(self) -> None:
        if None not in (self.digest, self.source.digest) and self.digest != self.source.digest:
            raise InvalidInputError(
                f"{self.source} cannot be copied as {self.digest}", hint="give one of the two digests only"
            )

    @property
    def pinned(self) -> Digest | None:
        """The digest to copy, when no tag has to be asked for."""
        return self.digest or self.source.digest

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


def only_platform(name: str, platforms: tuple[str, ...]) -> Platform | None:
    """None when no platform is asked for. Raises SeveralPlatformsError and what a platform that is none raises."""
    if len(platforms) > 1:
        raise SeveralPlatformsError(name, platforms)
    return Platform.parse(platforms[0]) if platforms else None
