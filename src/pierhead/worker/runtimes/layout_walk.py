"""What hangs below a manifest or index that is stored: read from the stored documents, without any registry."""

from collections.abc import Iterator
from dataclasses import dataclass

from pierhead.kit.errors import AppError
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.documents import parse_document
from pierhead.oci.graph import blobs_of, children, is_foreign
from pierhead.oci.image_config import ImageConfig
from pierhead.oci.index import Index
from pierhead.oci.manifest import Manifest
from pierhead.oci.platform import Platform
from pierhead.worker.errors import IndexTooDeepError

from .blob_store import BlobStore

MAX_LEVELS = 4  # index of indexes: nobody is known to nest deeper than two


@dataclass(frozen=True, slots=True)
class Node:
    """One thing needed. ``optional``: a foreign layer, which registries need not serve and nobody has to store."""

    descriptor: Descriptor
    is_document: bool = False
    document: Manifest | Index | None = None
    optional: bool = False


def load(store: BlobStore, descriptor: Descriptor) -> Manifest | Index | None:
    """The stored document; None when it is not there. Raises what parse_document and BlobStore.read raise."""
    raw = store.find(descriptor.digest)
    return None if raw is None else parse_document(raw, descriptor.media_type or None)


def walk(store: BlobStore, top: Descriptor, platform: Platform | None, levels: int = MAX_LEVELS) -> Iterator[Node]:
    """``top`` and all it needs for one platform (None: for all). A document that is absent is a node without one.

    Raises IndexTooDeepError, PlatformNotFoundError, and what reading and parsing stored documents raises.
    """
    document = load(store, top)
    yield Node(top, is_document=True, document=document)
    if isinstance(document, Manifest):
        yield from (Node(blob, optional=is_foreign(blob)) for blob in blobs_of(document))
    elif isinstance(document, Index):
        if levels <= 1:
            raise IndexTooDeepError(str(top.digest), MAX_LEVELS)
        for child in children(document, None if platform is None else (platform,)):
            yield from walk(store, child, platform, levels - 1)


def complete(store: BlobStore, top: Descriptor, platform: Platform | None) -> tuple[Node, ...] | None:
    """Everything below ``top``, when all is there with the promised sizes. A damaged document counts as absent."""
    found = []
    try:
        for node in walk(store, top, platform):
            if not _is_there(store, node):
                return None
            found.append(node)
    except AppError:
        return None
    return tuple(found)


def _is_there(store: BlobStore, node: Node) -> bool:
    if node.is_document:
        return node.document is not None
    return node.optional or store.has(node.descriptor.digest, node.descriptor.size)


def platform_of(store: BlobStore, manifest: Manifest) -> Platform | None:
    """What the image config says the image is for; None when there is no readable config."""
    try:
        raw = store.find(manifest.config.digest)
        return None if raw is None else ImageConfig.parse(raw).platform
    except AppError:
        return None
