"""A tar file that is there whole or not at all: written beside its place, made durable, and moved there at the end."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from pierhead.worker.runtimes.durable import sync_directory, write_all

from . import tar_format
from .errors import ArchiveIoError


class TarFile:
    """A context manager; without an error inside, the file is at ``path`` afterwards. Used from one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.parent / f".{path.name}.{secrets.token_hex(6)}.tmp"
        self._file = -1
        self.written_bytes = 0

    def add(self, name: str, size: int, pieces: Iterable[bytes | memoryview]) -> None:
        """``pieces`` have ``size`` bytes together. Raises ArchiveIoError and what ``pieces`` raise."""
        self._write(tar_format.header(name, size))
        for piece in pieces:
            self._write(piece)
        self._write(tar_format.padding(size))

    def _write(self, data: bytes | memoryview) -> None:
        try:
            write_all(self._file, data)
        except OSError as error:
            raise ArchiveIoError(self._path, error) from error
        self.written_bytes += len(data)

    def __enter__(self) -> Self:
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._file = os.open(self._temporary, flags, 0o644)
        except OSError as error:
            raise ArchiveIoError(self._path, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._write(tar_format.END)
                os.fsync(self._file)
                self._temporary.replace(self._path)
                sync_directory(self._path.parent)
        except OSError as failed:
            raise ArchiveIoError(self._path, failed) from failed
        finally:
            os.close(self._file)
            self._temporary.unlink(missing_ok=True)
