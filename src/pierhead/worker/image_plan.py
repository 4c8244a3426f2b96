"""One image from its name to the list of blobs it needs: tag, documents, platform. Fetches documents, no blobs.

A document that the layout holds is not fetched again, so an image that is there costs one HEAD, or nothing by digest.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pierhead.kit.errors import IntegrityError
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.documents import parse_document
from pierhead.oci.errors import ConfusedDocumentError, SizeMismatchError, shown
from pierhead.oci.graph import blobs_of, children, is_foreign
from pierhead.oci.index import Index
from pierhead.oci.manifest import Manifest
from pierhead.oci.platform import Platform
from pierhead.registry.client import RegistryClient

from .errors import ImageNotPresentError, IndexTooDeepError
from .image_request import ImageRequest, PullPolicy
from .runtimes.layout_walk import MAX_LEVELS
from .runtimes.oci_layout import LayoutImage, OciLayout


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """``image`` is what index.json shall say, once all ``blobs`` are stored. ``is_present``: it says so already.

    ``manifests`` are stored; ``optional`` blobs may be missing in the end. ``documents_bytes`` belong to the image;
    ``fetched_bytes`` had to be fetched to plan it, an index that was only consulted included.
    """

    image: LayoutImage
    is_present: bool
    manifests: tuple[Manifest, ...] = ()
    blobs: tuple[Descriptor, ...] = ()
    optional: frozenset[Digest] = frozenset()
    documents_bytes: int = 0
    fetched_bytes: int = 0


Resolved = Callable[[Digest], None]


class Planner:
    """For one image of one pull. ``wanted`` None means all platforms; ``resolved`` is told the digest early."""

    def __init__(
        self,
        request: ImageRequest,
        wanted: Platform | None,
        layout: OciLayout,
        client: RegistryClient,
        resolved: Resolved,
    ) -> None:
        self._request = request
        self._wanted = wanted
        self._layout = layout
        self._client = client
        self._resolved = resolved
        self._fetched_bytes = 0
        self._documents_bytes = 0

    def plan(self) -> ImagePlan:
        """Raises RegistryError, ImageNotPresentError, PlatformNotFoundError and whatever is wrong with documents."""
        request = self._request
        if request.policy is not PullPolicy.ALWAYS and (held := self._held(request.pinned)):
            return held
        if request.policy is PullPolicy.NEVER:
            raise ImageNotPresentError(request.name, str(self._wanted or "all platforms"))
        top = request.pinned or self._resolve()
        self._resolved(top)
        return self._held(top) or self._plan_missing(top)

    def _held(self, digest: Digest | None) -> ImagePlan | None:
        held = self._layout.look_up(self._request.name, self._wanted, resolved=digest)
        if held is None:
            return None
        if digest is None:
            self._resolved(held.image.digest)
        return ImagePlan(
            held.image,
            is_present=True,
            manifests=tuple(node.document for node in held.nodes if isinstance(node.document, Manifest)),
            blobs=tuple(node.descriptor for node in held.nodes if not node.is_document),
            documents_bytes=sum(len(node.document.raw) for node in held.nodes if node.document),
        )

    def _resolve(self) -> Digest:
        reference = self._request.reference
        return self._client.resolve(reference.repository, reference.target).digest

    def _plan_missing(self, top: Digest) -> ImagePlan:
        document = self._document(top)
        kept = Descriptor(document.media_type, top, len(document.raw))
        if self._wanted is None:
            manifests = tuple(self._all_below(document, MAX_LEVELS))
            documents_bytes = self._documents_bytes
        else:
            kept, manifest = self._choose(kept, document, MAX_LEVELS)
            manifests, documents_bytes = (manifest,), len(manifest.raw)
        blobs = {blob.digest: blob for manifest in manifests for blob in blobs_of(manifest)}
        self._store_embedded(blobs.values())
        return ImagePlan(
            image=LayoutImage(self._request.name, kept, top),
            is_present=False,
            manifests=manifests,
            blobs=tuple(blobs.values()),
            optional=frozenset(digest for digest, blob in blobs.items() if is_foreign(blob)),
            documents_bytes=documents_bytes,
            fetched_bytes=self._fetched_bytes,
        )

    def _store_embedded(self, blobs: Iterable[Descriptor]) -> None:
        for blob in blobs:
            if blob.data is not None:
                self._layout.blobs.put(blob.digest, blob.data)

    def _choose(self, kept: Descriptor, document: Manifest | Index, levels: int) -> tuple[Descriptor, Manifest]:
        """Down through indexes to the manifest of the wanted platform."""
        if isinstance(document, Manifest):
            return kept, document
        self._check_levels(levels)
        assert self._wanted is not None
        (entry,) = children(document, (self._wanted,))
        child = self._document(entry.digest, entry)
        plain = Descriptor(child.media_type, entry.digest, len(child.raw), entry.platform)
        return self._choose(plain, child, levels - 1)

    def _all_below(self, document: Manifest | Index, levels: int) -> list[Manifest]:
        if isinstance(document, Manifest):
            return [document]
        self._check_levels(levels)
        found = (self._document(entry.digest, entry) for entry in children(document, None))
        return [manifest for child in found for manifest in self._all_below(child, levels - 1)]

    def _check_levels(self, levels: int) -> None:
        if levels <= 1:
            raise IndexTooDeepError(self._request.name, MAX_LEVELS)

    def _document(self, digest: Digest, entry: Descriptor | None = None) -> Manifest | Index:
        """The stored document, else the registry's, which is stored then."""
        raw, content_type = self._stored(digest), entry.media_type if entry else None
        if raw is None:
            fetched = self._client.get_manifest(self._request.reference.repository, str(digest))
            raw, content_type = fetched.raw, fetched.content_type
            self._fetched_bytes += len(raw)
        self._documents_bytes += len(raw)
        document = parse_document(raw, content_type)
        if entry is not None:
            check_promise(entry, document)
        self._layout.blobs.put(digest, raw)
        return document

    def _stored(self, digest: Digest) -> bytes | None:
        try:
            return self._layout.blobs.find(digest)
        except IntegrityError:  # damaged on disk; it must not stand in the way of a good copy
            self._layout.blobs.drop(digest)
            return None


def check_promise(entry: Descriptor, document: Manifest | Index) -> None:
    """An index that is wrong about its members would make every layout wrong that keeps it."""
    if len(document.raw) != entry.size:
        raise SizeMismatchError(f"the document {entry.digest}", entry.size, len(document.raw))
    if entry.media_type not in ("", document.media_type):
        raise ConfusedDocumentError(
            f"its mediaType is {shown(document.media_type)}, and the index calls it {shown(entry.media_type)}"
        )
