"""Some platforms of an index: which entries these are, and an index of its own with only them. Pure.

An index with members left out is another document with another digest; it says where it comes from.
"""

import json
from collections.abc import Sequence
from typing import Final

from .descriptor import Descriptor
from .digest import Digest
from .documents import parse_document, read_object
from .errors import InvalidDocumentError
from .index import Index, select
from .platform import Platform

SOURCE_DIGEST: Final = "dev.pierhead.source.digest"
_ATTESTED: Final = "vnd.docker.reference.digest"


def subset(index: Index, platforms: Sequence[Platform]) -> tuple[Descriptor, ...]:
    """The entries for ``platforms`` in the order of the index, and what attests them. Raises PlatformNotFoundError."""
    chosen = {str(select(index, platform).digest) for platform in platforms}
    return tuple(
        entry
        for entry in index.manifests
        if (entry.annotations.get(_ATTESTED) if index.is_attestation(entry) else str(entry.digest)) in chosen
    )


def rewritten(index: Index, entries: Sequence[Descriptor], digest: Digest) -> Index:
    """``index``, whose digest is ``digest``, with ``entries`` alone, each as it was written; the same bytes each time.

    The annotation ``dev.pierhead.source.digest`` names the original.
    """
    given = read_object(index.raw, "the index")
    kept = {str(entry.digest) for entry in entries}
    members = given.get("manifests")
    assert isinstance(members, list)
    given["manifests"] = [member for member in members if member["digest"] in kept]
    given["annotations"] = {**index.annotations, SOURCE_DIGEST: str(digest)}
    made = parse_document(json.dumps(given, separators=(",", ":")).encode(), index.media_type)
    if not isinstance(made, Index):
        raise InvalidDocumentError("the index", "has lost its members")
    return made
