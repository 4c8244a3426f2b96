"""From an archive into a registry: what to copy, for the same engine that copies between registries.

So every digest is verified, tags come last, what is there already is not sent again, and a second attempt goes on where
the first was cut off.
"""

from collections.abc import Callable

from pierhead.oci.reference import Reference
from pierhead.registry.endpoint import Endpoint
from pierhead.worker.copying import CopyRequest
from pierhead.worker.copying.source import OpenSource

from .errors import TwoImagesOneNameError
from .reader import Archive
from .source import ENDPOINT, ArchiveSource

Placed = Callable[[Reference], tuple[Endpoint, Reference]]
"""Where an image goes, by the name it had: the registry, and its name there."""


def loads_of(archive: Archive, placed: Placed) -> tuple[tuple[CopyRequest, ...], OpenSource]:
    """One request for each image, evidence with what it is about; with what to hand to ``copy_images``.

    Raises TwoImagesOneNameError when two would get the same name, and what ``placed`` raises.
    """
    requests: dict[str, CopyRequest] = {}
    for named in archive.images:
        if named.is_evidence:
            continue
        endpoint, target = placed(named.reference)
        if str(target) in requests:
            raise TwoImagesOneNameError(str(target))
        requests[str(target)] = CopyRequest(
            key=str(target),
            from_endpoint=ENDPOINT,
            source=named.reference,
            to_endpoint=endpoint,
            target=target,
            digest=named.descriptor.digest,
            referrers=True,
        )
    return tuple(requests.values()), lambda request, _: ArchiveSource(archive, request.source.registry)
