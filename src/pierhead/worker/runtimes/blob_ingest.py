"""One blob on its way into a layout: written beside the addressable ones, moved among them once it is proven.

The partial file is locked for as long as the ingest lives. It survives an interruption, and the next ingest of the
same digest hashes what is there and goes on behind it. A file whose bytes turn out wrong is deleted.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from pierhead.kit.errors import IntegrityError
from pierhead.kit.limits import MIB
from pierhead.oci.digest import Digest
from pierhead.worker.errors import LayoutIoError

from .durable import write_all

_WRITE_BEHIND_BYTES = 8 * MIB


class BlobIngest:
    """Takes over ``descriptor`` (an open, locked partial file). Not thread-safe; a context manager that closes."""

    __slots__ = ("_advised", "_descriptor", "_final", "_partial", "_size", "_verifier", "digest", "offset", "resumed")

    def __init__(self, digest: Digest, size: int, descriptor: int, partial: Path, final: Path) -> None:
        self.digest = digest
        self.offset = 0  # bytes that are in the file and in the hash
        self.resumed = False
        self._advised = 0
        self._size = size
        self._descriptor = descriptor
        self._partial = partial
        self._final = final
        self._verifier = digest.verifier()

    def resume(self) -> None:
        """Hashes what an earlier ingest left, so that only the rest need be fetched."""
        left = os.fstat(self._descriptor).st_size
        if not 0 < left <= self._size:
            self.restart()
            return
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        buffer = memoryview(bytearray(min(MIB, left)))
        while count := os.readv(self._descriptor, [buffer]):
            self._verifier.update(buffer[:count])
            self.offset += count
        self._advised = self.offset
        self.resumed = True

    def restart(self) -> None:
        """Forgets every byte; the lock is kept."""
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._verifier = self.digest.verifier()
        self.offset = self._advised = 0
        self.resumed = False

    def write(self, data: memoryview) -> None:
        """Appends. Raises SizeMismatchError beyond the promised size, LayoutIoError when the disk refuses."""
        self._verifier.update(data)
        self.offset += len(data)
        if self.offset > self._size:
            self._prove()  # cannot succeed: the file goes, and the error says how much too much there was
        try:
            write_all(self._descriptor, data)
            self._write_behind()
        except OSError as error:
            raise LayoutIoError(self._partial, error) from error

    def _write_behind(self) -> None:
        """Has the system begin to write what it holds, so that the fsync at the end finds little left to do.

        On Linux this advice starts the writing and waits for nothing; a fifth of the time of a large pull was the wait.
        """
        behind = self.offset - self._advised
        if behind >= _WRITE_BEHIND_BYTES and hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._descriptor, self._advised, behind, os.POSIX_FADV_DONTNEED)
            self._advised = self.offset

    @property
    def is_proven(self) -> bool:
        """Whether the bytes so far are the whole blob."""
        return self.offset == self._size and self._verifier.matches()

    def commit(self) -> None:
        """Proves size and digest, makes the bytes durable and then the blob addressable.

        Its name becomes durable by ``BlobStore.sync``: one for many blobs, before anything refers to them.
        Raises SizeMismatchError or DigestMismatchError, and deletes the file then; LayoutIoError.
        """
        self._prove()
        try:
            os.fsync(self._descriptor)
            self._partial.rename(self._final)
        except OSError as error:
            raise LayoutIoError(self._final, error) from error

    def discard(self) -> None:
        self._partial.unlink(missing_ok=True)

    def _prove(self) -> None:
        try:
            self._verifier.check(f"blob {self.digest}", expected_size=self._size)
        except IntegrityError:
            self.discard()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.offset == 0:  # nothing that could be of use to anybody
            self.discard()
        os.close(self._descriptor)
