"""Files that are either whole or not there, also after a crash; knows nothing of images."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path


def sync_directory(path: Path) -> None:
    """Makes the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    """Writes everything, however little the system takes at once."""
    view = memoryview(data)
    while len(view):
        view = view[os.write(descriptor, view) :]


def replace_file(path: Path, parts: Sequence[bytes], *, scratch: Path | None = None) -> None:
    """``path`` holds the joined ``parts`` afterwards, or what it held before; never anything between.

    The temporary file is made in ``scratch`` (same file system; the file's own directory when None).
    """
    temporary = (scratch or path.parent) / f".{path.name}.{secrets.token_hex(6)}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        try:
            for part in parts:
                write_all(descriptor, part)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)
