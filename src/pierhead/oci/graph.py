"""What hangs below a document: the blobs of a manifest, the manifests of an index. Plans; fetches nothing."""

from collections.abc import Iterable, Sequence

from .descriptor import Descriptor
from .digest import Digest
from .index import Index, select
from .manifest import Manifest
from .media_types import NON_DISTRIBUTABLE
from .platform import Platform


def blobs_of(manifest: Manifest, *, distributable_only: bool = False) -> tuple[Descriptor, ...]:
    """Config, then layers, each digest once.

    ``distributable_only`` leaves out non-distributable layers that have urls: a registry need not hold them.
    """
    blobs = (manifest.config, *manifest.layers)
    return _each_once(blob for blob in blobs if not (distributable_only and is_foreign(blob)))


def is_foreign(layer: Descriptor) -> bool:
    return layer.media_type in NON_DISTRIBUTABLE and bool(layer.urls)


def children(index: Index, platforms: Sequence[Platform] | None) -> tuple[Descriptor, ...]:
    """All entries for None, else the one for each platform; each digest once. Raises PlatformNotFoundError."""
    if platforms is None:
        return _each_once(index.manifests)
    return _each_once(select(index, platform) for platform in platforms)


def _each_once(descriptors: Iterable[Descriptor]) -> tuple[Descriptor, ...]:
    first: dict[Digest, Descriptor] = {}
    for descriptor in descriptors:
        first.setdefault(descriptor.digest, descriptor)
    return tuple(first.values())
