"""The key-encryption key in a file of its own, readable by its owner alone.

Changing it is not done here. The file holds 32 bytes in base64 on one line, so that it can be kept on paper.
"""

import base64
import os
import stat
from pathlib import Path

from pierhead.kit.errors import DeniedError, IntegrityError, UnavailableError

from .keyring import KEY_BYTES, AesKeyring, key_of

_MAX_FILE_BYTES = 1024


class KeyFileExposedError(DeniedError):
    """Others may read or write the key file, so the key may not be secret any more."""

    code = "key-file-exposed"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"key file {path} {problem}", hint=f"run: chmod 600 {path}")
        self.path = path


class KeyFileInvalidError(IntegrityError):
    code = "key-file-invalid"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"key file {path} {problem}: it must hold {KEY_BYTES} bytes in base64",
            hint="put back the key file that belongs to this database",
        )
        self.path = path


class KeyFileUnreadableError(UnavailableError):
    code = "key-file-unreadable"
    retryable = False

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"key file {path} cannot be used: {reason}", hint="check the path and who owns it")
        self.path = path


class FileKeyring(AesKeyring):
    """Reads the file once; makes it first when there is none and ``create`` says so.

    ``may_group_read`` is for a file that a container platform brings, which gives it to a group.
    """

    def __init__(self, path: Path, *, create: bool = True, may_group_read: bool = False) -> None:
        try:
            if create and not path.exists():
                _make(path)
            super().__init__(_read(path, 0o037 if may_group_read else 0o077))
        except OSError as error:
            raise KeyFileUnreadableError(path, error.strerror or str(error)) from None


def _make(path: Path) -> None:
    """Writes a new key under another name and links it into place, so that no half-written key is ever seen."""
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first: its key counts
    finally:
        draft.unlink(missing_ok=True)
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path, forbidden: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # NONBLOCK: a pipe must not hold us up
    with os.fdopen(descriptor, "rb") as file:
        _check_guarded(path, os.fstat(file.fileno()), forbidden)
        text = file.read(_MAX_FILE_BYTES + 1).strip()
    try:
        return key_of(text)
    except ValueError as error:
        raise KeyFileInvalidError(path, str(error)) from None


def _check_guarded(path: Path, status: os.stat_result, forbidden: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyFileInvalidError(path, "is not a regular file")
    if status.st_mode & forbidden:
        raise KeyFileExposedError(path, f"is open to others (mode {stat.S_IMODE(status.st_mode):04o})")
    if status.st_uid not in (0, os.geteuid()):
        raise KeyFileExposedError(path, f"belongs to another user (uid {status.st_uid})")
