"""What to pull, and under which policy."""

from dataclasses import dataclass
from enum import StrEnum

from pierhead.kit.errors import InvalidInputError
from pierhead.oci.digest import Digest
from pierhead.oci.platform import Platform
from pierhead.oci.reference import Reference
from pierhead.registry.endpoint import Endpoint


class PullPolicy(StrEnum):
    """Kubernetes' words and meaning: Always asks the registry what the tag means now, and fetches what is missing."""

    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """One image. ``key`` is the caller's name for it in reports. ``platform`` None means the host's.

    ``digest``: what the tag was resolved to earlier; the name stays that of ``reference``. ``timeout_s`` counts from
    the start of the whole pull, None for no limit.
    """

    key: str
    endpoint: Endpoint
    reference: Reference
    platform: Platform | None = None
    policy: PullPolicy = PullPolicy.ALWAYS
    digest: Digest | None = None
    timeout_s: float | None = None

    def __post_init__(self) -> None:
        if None not in (self.digest, self.reference.digest) and self.digest != self.reference.digest:
            raise InvalidInputError(
                f"{self.reference} cannot be pulled as {self.digest}", hint="give one of the two digests only"
            )

    @property
    def pinned(self) -> Digest | None:
        """The digest to pull, when no tag has to be asked for."""
        return self.digest or self.reference.digest

    @property
    def name(self) -> str:
        """The full name, as it will stand in the layout; ``:latest`` where nothing else is said."""
        bare = self.reference.tag is None and self.reference.digest is None
        return str(self.reference.with_tag("latest") if bare else self.reference)
