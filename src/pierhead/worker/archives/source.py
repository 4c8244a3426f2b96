"""An archive as a source of copies: it answers what a registry is asked."""

from collections.abc import Iterator
from typing import Final

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.errors import SizeMismatchError
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.errors import BlobUnknownError, BodyTooLargeError, ManifestUnknownError
from pierhead.registry.manifests import FetchedManifest
from pierhead.registry.origin import Origin
from pierhead.registry.referrers import Found

from .reader import Archive
from .tar_format import Entry

ENDPOINT: Final = Endpoint(Origin.at("https", "archive.invalid"), connector="archive")
"""Nothing is ever asked there."""


class ArchiveSource:
    """For the images that came from ``registry``, the host in their names."""

    def __init__(self, archive: Archive, registry: str) -> None:
        self._archive = archive
        self._registry = registry

    @property
    def endpoint(self) -> Endpoint:
        return ENDPOINT

    def resolve(self, repository: str, target: str) -> Descriptor:
        for name in self._archive.images:
            here = name.reference
            if (here.registry, here.repository) == (self._registry, repository) and target in (
                here.tag,
                str(name.descriptor.digest),
            ):
                return name.descriptor
        raise ManifestUnknownError(self._what(repository, target))

    def get_manifest(self, repository: str, target: str) -> FetchedManifest:
        digest = Digest.parse(target) if ":" in target else self.resolve(repository, target).digest
        raw = self._archive.document(digest)
        if raw is None:
            raise ManifestUnknownError(self._what(repository, target))
        return FetchedManifest(raw, Descriptor("application/octet-stream", digest, len(raw)))

    def open_blob(self, repository: str, descriptor: Descriptor, offset: int = 0) -> "FileBody":
        entry = self._archive.find(descriptor.digest)
        if entry is None:
            raise BlobUnknownError(f"blob {descriptor.digest} of {self._what(repository)}")
        if entry.size != descriptor.size:
            raise SizeMismatchError(f"blob {descriptor.digest} in {self._archive.path}", descriptor.size, entry.size)
        return FileBody(self._archive, entry, offset)

    def get_blob(self, repository: str, descriptor: Descriptor, cap_bytes: int) -> bytes:
        what = f"blob {descriptor.digest} of {self._what(repository)}"
        if descriptor.size > cap_bytes:
            raise BodyTooLargeError(what, cap_bytes)
        body, data = self.open_blob(repository, descriptor), bytearray(descriptor.size)
        while body.readinto(memoryview(data)[body.position :]):
            pass
        verifier = descriptor.digest.verifier()
        verifier.update(data)
        verifier.check(what, descriptor.size)
        return bytes(data)

    def list_tags(self, repository: str) -> Iterator[tuple[str, ...]]:
        names = (name.reference for name in self._archive.images)
        yield tuple(
            name.tag for name in names if name.tag and (name.registry, name.repository) == (self._registry, repository)
        )

    def referrers(
        self,
        repository: str,
        subject: Digest,
        artifact_type: str | None = None,
        *,
        has_api: bool = True,
        has_tag: bool = True,
    ) -> Found:
        del repository, has_api, has_tag
        entries = self._archive.referrers(subject)
        return Found(tuple(e for e in entries if artifact_type in (None, e.artifact_type)), is_by_api=True)

    def _what(self, repository: str, target: str = "") -> str:
        joint = "@" if ":" in target else ":" if target else ""
        return f"{self._registry}/{repository}{joint}{target} in {self._archive.path}"


class FileBody:
    """``position`` is the offset in the blob of the next byte. The archive stays open when this is closed."""

    def __init__(self, archive: Archive, entry: Entry, offset: int) -> None:
        self._archive = archive
        self._entry = entry
        self.position = offset

    def readinto(self, view: memoryview) -> int:
        count = self._archive.read(self._entry, self.position, view)
        self.position += count
        return count

    def close(self) -> None:
        """Nothing to end."""
