"""Images and their evidence from registries into one tar file: planned first, then streamed, every byte hashed.

What several images share is in it once. Small blobs are fetched ahead, large ones pass through a piece at a time.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pierhead.kit.limits import KIB, MIB
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.index import Index
from pierhead.oci.manifest import Manifest
from pierhead.oci.media_types import OCI_INDEX
from pierhead.oci.reference import Reference
from pierhead.registry.context import CallContext
from pierhead.registry.errors import ManifestUnknownError
from pierhead.registry.manifests import FetchedManifest
from pierhead.registry.referrers import Found
from pierhead.registry.transport import Transport
from pierhead.worker.cancel import CancelToken
from pierhead.worker.copying.documents import Documents
from pierhead.worker.copying.evidence import KnownTags
from pierhead.worker.copying.plan import CopyPlan, CopyPlanner
from pierhead.worker.copying.request import CopyRequest
from pierhead.worker.copying.source import ImageSource, OpenSource, registries

from .errors import TwoImagesOneNameError
from .names import INDEX_FILE, LAYOUT, LAYOUT_FILE, NAME, REF_NAME, blob_name
from .writer import TarFile

_AT_ONCE: Final = 16
_SMALL_BYTES: Final = 256 * KIB
_PIECE_BYTES: Final = MIB


@dataclass(frozen=True, slots=True)
class Saved:
    """One image of an archive. ``document_bytes``: of what ``digest`` names; ``total_bytes`` with all below it.

    ``evidence``: how many referrers and tags of cosign's are saved with it.
    """

    reference: str
    digest: Digest
    source_digest: Digest
    media_type: str
    document_bytes: int
    total_bytes: int
    platforms: tuple[str, ...]
    evidence: int


def save_images(
    requests: Sequence[CopyRequest],
    transport: Transport,
    path: Path,
    *,
    cancel: CancelToken | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> tuple[Saved, ...]:
    """``told`` is given how many bytes are written so far. Raises RegistryError, ArchiveIoError and what planning
    raises; then nothing is at ``path`` that was not there before.
    """
    names = [str(request.source) for request in requests]
    for name in names:
        if names.count(name) > 1:
            raise TwoImagesOneNameError(name)
    token = cancel or CancelToken()
    with ThreadPoolExecutor(_AT_ONCE, "save") as pool:
        try:
            parts = _planned(requests, registries(transport), CallContext(token.event), pool)
            with TarFile(path) as tar:
                _write_documents(tar, parts)
                for blob, pieces in _blobs(parts, pool):
                    tar.add(blob_name(blob.digest), blob.size, pieces)
                    told(tar.written_bytes)
        except BaseException:
            token.cancel()  # or the end of the pool waits for what nobody wants any more
            raise
    return tuple(_saved(request, plan) for request, _, plan in parts)


def _planned(
    requests: Sequence[CopyRequest], opened: OpenSource, call: CallContext, pool: ThreadPoolExecutor
) -> "list[_Part]":
    documents, tags = Documents(), KnownTags()

    def one(request: CopyRequest) -> _Part:
        source = opened(request, call)
        return request, source, CopyPlanner(request, source, _Nowhere(), documents, tags, lambda _: None).plan()

    return list(pool.map(one, requests))


_Part = tuple[CopyRequest, ImageSource, CopyPlan]


class _Nowhere:
    """A target that has nothing, and of which nothing more is asked then."""

    def find(self, repository: str, target: str) -> None: ...

    def get_manifest(self, repository: str, target: str) -> FetchedManifest:
        raise ManifestUnknownError(f"{repository}:{target}")

    def referrers(self, repository: str, subject: Digest) -> Found:
        del repository, subject
        return Found((), is_by_api=True)


def _write_documents(tar: TarFile, parts: Sequence[_Part]) -> None:
    entries = [entry for request, _, plan in parts for entry in _entries(request.source, plan)]
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    for name, raw in ((LAYOUT_FILE, LAYOUT), (INDEX_FILE, json.dumps(index).encode())):
        tar.add(name, len(raw), [raw])
    written: dict[Digest, bytes] = {}
    for _, _, plan in parts:
        for digest, document in (*plan.documents, *plan.evidence.documents):
            written.setdefault(digest, document.raw)
    for digest, raw in written.items():
        tar.add(blob_name(digest), len(raw), [raw])


def _entries(reference: Reference, plan: CopyPlan) -> Iterator[dict[str, object]]:
    """The image by its name, its referrers without one, cosign's tags by theirs."""
    documents = dict(plan.evidence.documents)
    top, document = plan.documents[-1]
    yield _entry(top, document, str(reference))
    for digest in dict.fromkeys(entry.digest for _, entry in plan.evidence.referrers):
        yield _entry(digest, documents[digest], "")
    for tag, digest in plan.evidence.tags:
        yield _entry(digest, documents[digest], str(reference.with_tag(tag)))


def _entry(digest: Digest, document: Manifest | Index, name: str) -> dict[str, object]:
    names = {REF_NAME: name, NAME: name} if name else {}
    return Descriptor(document.media_type, digest, len(document.raw), annotations=names).to_json()


def _blobs(
    parts: Iterable[_Part], pool: ThreadPoolExecutor
) -> Iterator[tuple[Descriptor, Iterator[bytes | memoryview]]]:
    """Each once, from the first image that needs it, in order; with its bytes."""
    wanted: dict[Digest, tuple[Descriptor, ImageSource, str]] = {}
    for request, source, plan in parts:
        for blob in plan.blobs:
            wanted.setdefault(blob.digest, (blob, source, request.source.repository))
    waiting = deque(wanted.values())
    ahead: deque[tuple[Descriptor, ImageSource, str, Future[bytes] | None]] = deque()
    while waiting or ahead:
        while waiting and len(ahead) < _AT_ONCE:
            blob, source, repository = waiting.popleft()
            is_small = blob.size <= _SMALL_BYTES
            early = pool.submit(source.get_blob, repository, blob, _SMALL_BYTES) if is_small else None
            ahead.append((blob, source, repository, early))
        blob, source, repository, early = ahead.popleft()
        yield blob, iter([early.result()]) if early else _streamed(blob, source, repository)


def _streamed(blob: Descriptor, source: ImageSource, repository: str) -> Iterator[memoryview]:
    """Raises DigestMismatchError behind the last byte."""
    verifier, room = blob.digest.verifier(), memoryview(bytearray(_PIECE_BYTES))
    with closing(source.open_blob(repository, blob)) as body:
        while count := body.readinto(room):
            verifier.update(room[:count])
            yield room[:count]
    verifier.check(f"blob {blob.digest} of {repository}", blob.size)


def _saved(request: CopyRequest, plan: CopyPlan) -> Saved:
    top, document = plan.documents[-1]
    platforms: tuple[str, ...] = ()
    if isinstance(document, Index):
        entries = [entry for entry in document.manifests if not document.is_attestation(entry)]
        platforms = tuple(str(entry.platform) for entry in entries if entry.platform)
    elif request.platforms:
        platforms = (str(request.platforms[0]),)
    total = plan.documents_bytes + sum(blob.size for blob in plan.blobs)
    evidence = plan.evidence.count
    return Saved(
        str(request.source), top, plan.source_digest, document.media_type, len(document.raw), total, platforms, evidence
    )
