"""Manifests and indexes of a source, by digest: each fetched once per task, and kept as the bytes they are."""

import threading

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.documents import parse_document
from pierhead.oci.graph import children
from pierhead.oci.index import Index
from pierhead.oci.manifest import Manifest
from pierhead.worker.errors import IndexTooDeepError
from pierhead.worker.image_plan import check_promise
from pierhead.worker.runtimes.layout_walk import MAX_LEVELS

from .source import ImageSource

Tree = dict[Digest, Manifest | Index]
"""Children before their parents."""


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


class DocumentSource:
    """Those of one repository. ``name`` is the image's, for messages."""

    def __init__(self, client: ImageSource, repository: str, name: str, known: Documents) -> None:
        self._client = client
        self._repository = repository
        self._name = name
        self._known = known
        self.fetched_bytes = 0

    def get(self, digest: Digest, entry: Descriptor | None = None) -> Manifest | Index:
        """``entry``: what promised it, and is held to that. Raises RegistryError and what a document can have wrong."""
        place = self._client.endpoint.key
        known = self._known.find(place, digest)
        if known is None:
            fetched = self._client.get_manifest(self._repository, str(digest))
            known = (fetched.raw, fetched.content_type)
            self._known.keep(place, digest, *known)
            self.fetched_bytes += len(fetched.raw)
        document = parse_document(known[0], entry.media_type if entry else known[1])
        if entry is not None:
            check_promise(entry, document)
        return document

    def collect(self, tree: Tree, digest: Digest, entry: Descriptor | None, levels: int = MAX_LEVELS) -> None:
        """It and everything below it into ``tree``."""
        if digest in tree:
            return
        if levels < 1:
            raise IndexTooDeepError(self._name, MAX_LEVELS)
        document = self.get(digest, entry)
        if isinstance(document, Index):
            for child in children(document, None):
                self.collect(tree, child.digest, child, levels - 1)
        tree[digest] = document
