"""A directory in the OCI image layout 1.0 (image-spec image-layout.md), as a place to pull into.

Beside the files of the specification: ``.partial/`` for blobs on their way, ``.index.lock`` for updates of the names.
It fetches nothing and unpacks nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pierhead.oci.digest import Digest
from pierhead.oci.manifest import Manifest
from pierhead.oci.platform import Platform
from pierhead.worker.errors import ImageNotInLayoutError

from .blob_store import BlobStore
from .index_file import IndexFile, LayoutImage
from .layout_check import LayoutReport, check
from .layout_copy import copy_blob
from .layout_walk import Node, complete, platform_of, walk

__all__ = ["HeldImage", "LayoutImage", "LayoutReport", "OciLayout"]


@dataclass(frozen=True, slots=True)
class HeldImage:
    """A complete image: its name, and every document and blob it needs for the platform it was looked up for."""

    image: LayoutImage
    nodes: tuple[Node, ...]


class OciLayout:
    """The layout at ``root``; made on first use. Thread-safe, and safe between processes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.blobs = BlobStore(root)
        self._names = IndexFile(root)

    def create(self) -> None:
        """An empty layout where there is none. Raises NotALayoutError, LayoutVersionError, LayoutIoError."""
        self._names.create()
        self.blobs.create()

    def images(self) -> tuple[LayoutImage, ...]:
        """Every name, in order of arrival. Raises BrokenLayoutError."""
        return self._names.entries()

    def find(self, name: str, platform: Platform | None, *, resolved: Digest | None = None) -> LayoutImage | None:
        """The image of that name, when all its blobs are there with the right sizes for ``platform`` (None: all).

        ``resolved``: only when this is what its tag points to. Bytes are not read again; that is ``verify``.
        """
        held = self.look_up(name, platform, resolved=resolved)
        return held.image if held else None

    def look_up(self, name: str, platform: Platform | None, *, resolved: Digest | None = None) -> HeldImage | None:
        """As ``find``, with all that belongs to the image."""
        for image in self.images():
            if image.name == name and resolved in (None, image.digest, image.descriptor.digest):
                nodes = self._serving(image, platform)
                if nodes is not None:
                    return HeldImage(image, nodes)
        return None

    def name(self, images: Sequence[LayoutImage]) -> None:
        """Names images whose blobs are all stored, in one atomic update of index.json, after their blobs are durable.

        Raises LayoutIoError, LayoutBusyError, BrokenLayoutError.
        """
        self.blobs.sync()
        self._names.put(images)

    def verify(self) -> LayoutReport:
        """Hashes every blob again and walks every name."""
        return check(self.blobs, self.images())

    def copy_to(self, other: "OciLayout", wanted: Iterable[tuple[str, Digest | None]]) -> tuple[LayoutImage, ...]:
        """Copies the images of these names, hashing on the way; where a digest is given, only what the name meant then.

        Raises ImageNotInLayoutError before anything is copied, DigestMismatchError when a stored blob is damaged.
        """
        chosen = [image for name, digest in dict.fromkeys(wanted) for image in self._named(name, digest)]
        other.create()
        for image in chosen:
            for node in walk(self.blobs, image.descriptor, image.descriptor.platform):
                if not node.optional or self.blobs.has(node.descriptor.digest, node.descriptor.size):
                    copy_blob(self.blobs, other.blobs, node.descriptor)
        other.name(chosen)
        return tuple(chosen)

    def _named(self, name: str, digest: Digest | None) -> list[LayoutImage]:
        images = [
            image
            for image in self.images()
            if image.name == name and digest in (None, image.digest, image.descriptor.digest)
        ]
        if not images or any(complete(self.blobs, i.descriptor, i.descriptor.platform) is None for i in images):
            raise ImageNotInLayoutError(name, self.root)
        return images

    def _serving(self, image: LayoutImage, platform: Platform | None) -> tuple[Node, ...] | None:
        nodes = complete(self.blobs, image.descriptor, platform)
        if not nodes:
            return None
        document = nodes[0].document
        return None if isinstance(document, Manifest) and not self._fits(image, document, platform) else nodes

    def _fits(self, image: LayoutImage, manifest: Manifest, platform: Platform | None) -> bool:
        if image.resolved == image.descriptor.digest:  # the tag itself means this one image, whatever platform is asked
            return True
        if platform is None:  # one entry of an index is not all of them
            return image.resolved is None
        kept = image.descriptor.platform or platform_of(self.blobs, manifest)
        return kept is not None and kept.satisfies(platform)
