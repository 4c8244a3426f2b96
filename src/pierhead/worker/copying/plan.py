"""One image from its name to what has to be at the target: documents in the order to put them, and blobs.

The tag is resolved once. Documents are fetched by digest, each once per task, and kept as the bytes they are.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.documents import parse_document
from pierhead.oci.errors import PlatformNotFoundError
from pierhead.oci.graph import blobs_of, children, is_foreign
from pierhead.oci.image_config import ImageConfig
from pierhead.oci.index import Index
from pierhead.oci.manifest import Manifest
from pierhead.oci.media_types import IMAGE_CONFIGS
from pierhead.registry.client import RegistryClient
from pierhead.registry.push import PushClient
from pierhead.worker.errors import IndexTooDeepError
from pierhead.worker.image_plan import check_promise
from pierhead.worker.runtimes.layout_walk import MAX_LEVELS

from .blame import blamed_on
from .errors import TargetDigestError
from .request import CopyRequest

_MAX_CONFIG_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """``documents``: children before their parents, the one the tag is for last. None of them when ``is_present``.

    ``blobs`` leaves out foreign layers, which the source need not have and the target must not want.
    """

    digest: Digest
    is_present: bool
    documents: tuple[tuple[Digest, Manifest | Index], ...] = ()
    blobs: tuple[Descriptor, ...] = ()
    fetched_bytes: int = 0

    @property
    def documents_bytes(self) -> int:
        return sum(len(document.raw) for _, document in self.documents)


class Documents:
    """Those of one task, by where they came from and digest, at most 64 MiB of them. Thread-safe."""

    def __init__(self, cap_bytes: int = 64 * 1024 * 1024) -> None:
        self._lock = threading.Lock()
        self._left_bytes = cap_bytes
        self._known: dict[tuple[str, Digest], tuple[bytes, str | None]] = {}

    def find(self, place: str, digest: Digest) -> tuple[bytes, str | None] | None:
        return self._known.get((place, digest))

    def keep(self, place: str, digest: Digest, raw: bytes, content_type: str | None) -> None:
        with self._lock:
            if len(raw) <= self._left_bytes and (place, digest) not in self._known:
                self._left_bytes -= len(raw)
                self._known[(place, digest)] = (raw, content_type)


class CopyPlanner:
    """For one image of one copy. ``resolved`` is told the digest early."""

    def __init__(
        self,
        request: CopyRequest,
        source: RegistryClient,
        target: PushClient,
        known: Documents,
        resolved: Callable[[Digest], None],
    ) -> None:
        self._request = request
        self._source = source
        self._target = target
        self._known = known
        self._resolved = resolved
        self._fetched_bytes = 0
        self._documents: dict[Digest, Manifest | Index] = {}

    def plan(self) -> CopyPlan:
        """Raises RegistryError, PlatformNotFoundError, TargetDigestError and whatever is wrong with documents."""
        request = self._request
        with blamed_on(request.from_subject):
            top = request.pinned or self._resolve()
            if request.platform is not None:
                top = self._chosen(top)
            self._resolved(top)
        if request.target.digest not in (None, top):
            assert request.target.digest is not None
            raise TargetDigestError(str(request.target), request.target.digest, top)
        with blamed_on(request.to_subject):
            found = self._target.find(request.target.repository, request.to_tag or str(top))
        if found is not None and found.digest == top:
            return CopyPlan(top, is_present=True, fetched_bytes=self._fetched_bytes)
        with blamed_on(request.from_subject):
            self._collect(top, None, MAX_LEVELS)
        return self._plan(top)

    def _plan(self, top: Digest) -> CopyPlan:
        manifests = (document for document in self._documents.values() if isinstance(document, Manifest))
        blobs = {blob.digest: blob for manifest in manifests for blob in blobs_of(manifest) if not is_foreign(blob)}
        return CopyPlan(
            top,
            is_present=False,
            documents=tuple(self._documents.items()),
            blobs=tuple(blobs.values()),
            fetched_bytes=self._fetched_bytes,
        )

    def _resolve(self) -> Digest:
        source = self._request.source
        return self._source.resolve(source.repository, source.target).digest

    def _chosen(self, top: Digest) -> Digest:
        """Down through indexes to the manifest of the wanted platform; the digest it has there stays its digest."""
        wanted = self._request.platform
        assert wanted is not None
        entry: Descriptor | None = None
        for _ in range(MAX_LEVELS):
            document = self._document(top, entry)
            if isinstance(document, Manifest):
                if entry is None:
                    self._check_platform(document)
                return top
            (entry,) = children(document, (wanted,))
            top = entry.digest
        raise IndexTooDeepError(str(self._request.source), MAX_LEVELS)

    def _check_platform(self, manifest: Manifest) -> None:
        """No index says what this image is for, so its config has to."""
        wanted = self._request.platform
        if wanted is None or manifest.config.media_type not in IMAGE_CONFIGS:
            return
        raw = self._source.get_blob(self._request.source.repository, manifest.config, _MAX_CONFIG_BYTES)
        self._fetched_bytes += len(raw)
        found = ImageConfig.parse(raw).platform
        if found is not None and not found.satisfies(wanted):
            raise PlatformNotFoundError(str(wanted), (str(found),))

    def _collect(self, digest: Digest, entry: Descriptor | None, levels: int) -> None:
        if digest in self._documents:
            return
        if levels < 1:
            raise IndexTooDeepError(str(self._request.source), MAX_LEVELS)
        document = self._document(digest, entry)
        if isinstance(document, Index):
            for child in children(document, None):
                self._collect(child.digest, child, levels - 1)
        self._documents[digest] = document

    def _document(self, digest: Digest, entry: Descriptor | None) -> Manifest | Index:
        place = self._source.endpoint.key
        known = self._known.find(place, digest)
        if known is None:
            fetched = self._source.get_manifest(self._request.source.repository, str(digest))
            known = (fetched.raw, fetched.content_type)
            self._known.keep(place, digest, *known)
            self._fetched_bytes += len(fetched.raw)
        document = parse_document(known[0], entry.media_type if entry else known[1])
        if entry is not None:
            check_promise(entry, document)
        return document
