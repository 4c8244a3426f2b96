"""What a pull reports of each image, while it goes on and when it is over."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pierhead.oci.digest import Digest
from pierhead.registry.journal import RateLimit

from .failures import Failure


class ImageState(StrEnum):
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
class ImageProgress:
    """The state of one image at one moment; fields are None or empty until known.

    ``digest`` is what the tag stands for, ``manifest_digest`` the manifest of the platform chosen (the same when there
    was nothing to choose). ``bytes_done`` of ``bytes_total`` are stored; ``bytes_fetched`` crossed the network for this
    image: a blob shared by several images counts for the one that fetched it. ``rate_limit`` as last seen in headers.
    """

    key: str
    state: ImageState
    digest: Digest | None = None
    manifest_digest: Digest | None = None
    bytes_total: int | None = None
    bytes_done: int | None = None
    bytes_fetched: int | None = None
    seconds: float | None = None
    rate_limit: RateLimit | None = None
    warnings: tuple[str, ...] = ()
    error: Failure | None = None

    @property
    def is_pulled(self) -> bool:
        return self.state in (ImageState.PULLED, ImageState.PRESENT)


ImageOutcome = ImageProgress  # the last one of each image


class Reporter(Protocol):
    def event(self, progress: ImageProgress) -> None:
        """Called on the thread that called the pull, several times a second while bytes flow; it delays the pull."""


class Silence:
    """A reporter for callers who only want the outcome."""

    def event(self, progress: ImageProgress) -> None:
        pass
