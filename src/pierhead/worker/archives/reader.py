"""An archive of images that is read where it lies: nothing is unpacked, and no byte is believed before it is hashed."""

import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pierhead.kit.errors import AppError
from pierhead.kit.limits import MIB
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.documents import MAX_DOCUMENT_BYTES, parse_document, read_object
from pierhead.oci.errors import DigestMismatchError
from pierhead.oci.index import Index
from pierhead.oci.manifest import Manifest
from pierhead.oci.reference import Reference

from .errors import ArchiveIoError, BrokenArchiveError, NamelessImageError
from .names import BLOB, EVIDENCE_TAG, INDEX_FILE, LAYOUT_FILE, NAME, REF_NAME
from .tar_format import Entry, entries

_MAX_INDEX_BYTES: Final = 4 * MIB


@dataclass(frozen=True, slots=True)
class Named:
    """An image by the name it had where it was saved: as it is written, and as a reference by tag, else by digest."""

    name: str
    reference: Reference
    descriptor: Descriptor

    @property
    def is_evidence(self) -> bool:
        return EVIDENCE_TAG.match(self.reference.tag or "") is not None


class Archive:
    """Open from construction to ``close``; a context manager. Thread-safe.

    Raises ArchiveIoError, BrokenArchiveError, NamelessImageError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._referrers: dict[Digest, list[Descriptor]] | None = None
        self._lock = threading.Lock()
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise ArchiveIoError(path, error) from error
        try:
            files = {entry.name: entry for entry in entries(path, self._file)}
            self._blobs = _blobs(files)
            self._index = self._read_index(files)
            self.images = tuple(self._named(entry) for entry in self._index.manifests if _name(entry))
        except OSError as error:
            os.close(self._file)
            raise ArchiveIoError(path, error) from error
        except BaseException:
            os.close(self._file)
            raise

    def read(self, entry: Entry, offset: int, view: memoryview) -> int:
        """Bytes of ``entry`` into ``view``; 0 at its end."""
        count = min(len(view), entry.size - offset)
        if count <= 0:
            return 0
        try:
            got = os.preadv(self._file, [view[:count]], entry.offset + offset)
        except OSError as error:
            raise ArchiveIoError(self.path, error) from error
        if got == 0:
            raise BrokenArchiveError(self.path, "it became shorter while it was read")
        return got

    def find(self, digest: Digest) -> Entry | None:
        return self._blobs.get(digest)

    def document(self, digest: Digest) -> bytes | None:
        """Raises DigestMismatchError, BrokenArchiveError."""
        entry = self.find(digest)
        if entry is None:
            return None
        if entry.size > MAX_DOCUMENT_BYTES:
            raise BrokenArchiveError(self.path, f"the document {digest} has {entry.size:,} bytes")
        raw = self._whole(entry)
        actual = Digest.of(raw, digest.algorithm)
        if actual != digest:
            raise DigestMismatchError(f"the document {digest} in {self.path}", digest, actual)
        return raw

    def referrers(self, subject: Digest) -> tuple[Descriptor, ...]:
        """What stands in the index without a name and says that it refers to ``subject``."""
        with self._lock:
            if self._referrers is None:
                self._referrers = {}
                for about, entry in self._unnamed():
                    self._referrers.setdefault(about, []).append(entry)
            return tuple(self._referrers.get(subject, ()))

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _unnamed(self) -> Iterator[tuple[Digest, Descriptor]]:
        for entry in self._index.manifests:
            raw = None if _name(entry) else self.document(entry.digest)
            document: Manifest | Index | None = parse_document(raw, entry.media_type) if raw is not None else None
            if document is not None and document.subject is not None:
                yield document.subject.digest, entry

    def _read_index(self, files: Mapping[str, Entry]) -> Index:
        layout, index = files.get(LAYOUT_FILE), files.get(INDEX_FILE)
        if layout is None or index is None:
            raise BrokenArchiveError(self.path, f"it has no {INDEX_FILE if layout else LAYOUT_FILE}")
        if max(layout.size, index.size) > _MAX_INDEX_BYTES:
            raise BrokenArchiveError(self.path, "its index is too large")
        try:
            version = read_object(self._whole(layout), LAYOUT_FILE).get("imageLayoutVersion")
            document = parse_document(self._whole(index), None)
        except AppError as error:
            raise BrokenArchiveError(self.path, error.message) from error
        if version != "1.0.0" or not isinstance(document, Index):
            raise BrokenArchiveError(self.path, "it is of a layout that is not known")
        return document

    def _named(self, entry: Descriptor) -> Named:
        name = _name(entry)
        if "/" not in name:
            raise NamelessImageError(self.path, name)
        said = Reference.parse(name)
        digest = None if said.tag else entry.digest
        return Named(name, Reference(said.registry, said.repository, said.tag, digest), entry)

    def _whole(self, entry: Entry) -> bytes:
        data = bytearray(entry.size)
        at = 0
        while at < entry.size:
            at += self.read(entry, at, memoryview(data)[at:])
        return bytes(data)


def _name(entry: Descriptor) -> str:
    return entry.annotations.get(NAME) or entry.annotations.get(REF_NAME) or ""


def _blobs(files: Mapping[str, Entry]) -> dict[Digest, Entry]:
    """Files that are no blobs, such as those of docker save, are let be."""
    found = {}
    for name, entry in files.items():
        match = BLOB.match(name)
        if match is not None and len(match[2]) == {"sha256": 64, "sha512": 128}[match[1]]:
            found[Digest(match[1], match[2])] = entry
    return found
