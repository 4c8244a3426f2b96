"""Blobs on disk by digest: ``blobs/<algorithm>/<hex>``, and ``.partial/`` for what is not yet proven.

File names come from parsed digests only. Nothing here knows manifests, names or registries.
"""

import os
import stat
from enum import Enum
from pathlib import Path

from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.limits import MIB, BodyTooLargeError
from pierhead.oci.digest import Digest
from pierhead.worker.errors import LayoutBusyError, LayoutIoError

from .blob_ingest import BlobIngest
from .durable import sync_directory
from .file_lock import try_lock

DOCUMENT_CAP_BYTES = 4 * MIB
_PUT_WAIT_S = 30.0
_PUT_PAUSE_S = 0.01


class Held(Enum):
    """Why there is nothing to ingest."""

    PRESENT = "present"
    ELSEWHERE = "elsewhere"  # another thread or process is fetching it now


class BlobStore:
    """The blobs under ``root``. Thread-safe, and safe between processes."""

    def __init__(self, root: Path, clock: Clock | None = None) -> None:
        self.root = root
        self._clock = clock or SystemClock()
        self.partials = root / ".partial"

    def create(self) -> None:
        """The directories, where there are none. Raises LayoutIoError."""
        try:
            (self.root / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
            self.partials.mkdir(exist_ok=True)
        except OSError as error:
            raise LayoutIoError(self.root, error) from error

    def path(self, digest: Digest) -> Path:
        return self.root / "blobs" / digest.algorithm / digest.encoded

    def has(self, digest: Digest, size: int | None = None) -> bool:
        """Whether the blob is addressable and as long as promised; its bytes were proven when it came in."""
        try:
            found = self.path(digest).lstat()
        except OSError:
            return False
        return stat.S_ISREG(found.st_mode) and size in (None, found.st_size)

    def read(self, digest: Digest, cap_bytes: int = DOCUMENT_CAP_BYTES) -> bytes:
        """A small blob, proven again. Raises DigestMismatchError, BodyTooLargeError, FileNotFoundError."""
        with self.path(digest).open("rb") as file:
            raw = file.read(cap_bytes + 1)
        if len(raw) > cap_bytes:
            raise BodyTooLargeError(f"blob {digest}", cap_bytes)
        verifier = digest.verifier()
        verifier.update(raw)
        verifier.check(f"stored blob {digest}")
        return raw

    def find(self, digest: Digest, cap_bytes: int = DOCUMENT_CAP_BYTES) -> bytes | None:
        """Like read, None when there is no such blob."""
        try:
            return self.read(digest, cap_bytes)
        except FileNotFoundError:
            return None

    def sync(self) -> None:
        """Makes the names of all blobs durable, also of those that other processes brought in. Raises LayoutIoError."""
        try:
            for directory in (self.root / "blobs").iterdir():
                sync_directory(directory)
        except OSError as error:
            raise LayoutIoError(self.root / "blobs", error) from error

    def drop(self, digest: Digest) -> None:
        """Removes a blob that was found to be damaged."""
        self.path(digest).unlink(missing_ok=True)

    def claim(self, digest: Digest, size: int) -> BlobIngest | Held:
        """The right to write this blob, held by one thread of one process at a time."""
        try:
            return self._claim(digest, size)
        except OSError as error:
            raise LayoutIoError(self.partials / _file_name(digest), error) from error

    def put(self, digest: Digest, data: bytes) -> None:
        """Stores a small blob, whole. Raises DigestMismatchError, LayoutIoError, LayoutBusyError."""
        give_up_at = self._clock.monotonic() + _PUT_WAIT_S
        while (claimed := self.claim(digest, len(data))) is Held.ELSEWHERE:
            if self._clock.monotonic() >= give_up_at:
                raise LayoutBusyError(self.partials / _file_name(digest), _PUT_WAIT_S)
            self._clock.wait(_PUT_PAUSE_S)
        if isinstance(claimed, BlobIngest):
            with claimed as ingest:
                ingest.restart()
                ingest.write(memoryview(data))
                ingest.commit()

    def _claim(self, digest: Digest, size: int) -> BlobIngest | Held:
        if self.has(digest, size):
            return Held.PRESENT
        final, partial = self.path(digest), self.partials / _file_name(digest)
        final.parent.mkdir(parents=True, exist_ok=True)
        self.partials.mkdir(exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(partial, flags, 0o644)
        ingest = BlobIngest(digest, size, descriptor, partial, final)
        # The file just locked may have been moved among the blobs, or deleted, by the one who had the lock before.
        if not try_lock(descriptor) or not _is_still(descriptor, partial):
            os.close(descriptor)
            return Held.PRESENT if self.has(digest, size) else Held.ELSEWHERE
        if self.has(digest, size):
            with ingest:
                ingest.discard()
            return Held.PRESENT
        return ingest


def _file_name(digest: Digest) -> str:
    return f"{digest.algorithm}-{digest.encoded}"


def _is_still(descriptor: int, path: Path) -> bool:
    mine = os.fstat(descriptor)
    try:
        named = path.lstat()
    except FileNotFoundError:
        return False
    return (mine.st_dev, mine.st_ino) == (named.st_dev, named.st_ino)
