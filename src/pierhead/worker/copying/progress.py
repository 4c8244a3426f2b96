"""What a copy reports of each image, while it goes on and when it is over."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pierhead.oci.digest import Digest
from pierhead.worker.failures import Failure


class CopyState(StrEnum):
    RESOLVING = "resolving"
    COPYING = "copying"
    COPIED = "copied"
    PRESENT = "present"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """The state of one image at one moment; fields are None until known. The last one of each image is its outcome.

    ``bytes_done`` of ``bytes_total`` are at the target; ``bytes_fetched`` were read from the source for this image,
    ``bytes_mounted`` the target had already, or mounted. ``source_digest``: what the source's name meant, which is not
    ``digest`` where one platform was chosen or an index written anew. ``referrers``: how many pieces of evidence (and
    tags of cosign's) the target did not have and got; ``referrers_left_out`` are listed at the source and of no use.
    """

    key: str
    state: CopyState
    digest: Digest | None = None
    source_digest: Digest | None = None
    bytes_total: int | None = None
    bytes_done: int | None = None
    bytes_fetched: int | None = None
    bytes_mounted: int | None = None
    referrers: int | None = None
    referrers_left_out: int | None = None
    seconds: float | None = None
    error: Failure | None = None

    @property
    def is_final(self) -> bool:
        return self.state in (CopyState.COPIED, CopyState.PRESENT, CopyState.FAILED)


Report = Callable[[CopyProgress], None]
