"""Secrets in files below one directory, as container platforms mount them.

Symbolic links are followed only while what they mean lies below the root, for platforms use them to change all files at
once. What was opened decides, not what its path means a moment later. Only regular files of limited size are read.
"""

import errno
import os
import stat
from pathlib import Path

from pierhead.control.secrets import (
    MAX_VALUE_BYTES,
    ManagedValueDeniedError,
    ManagedValueInvalidError,
    ManagedValueMissingError,
    ManagerUnavailableError,
    ReferencePathError,
)
from pierhead.kit.redact import SecretValue

from .small_file import read_up_to

_MISSING = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
_DENIED = (errno.EACCES, errno.EPERM, errno.ELOOP)


class FileSecrets:
    """``path`` is relative to ``root``. One line end after the value is left out."""

    def __init__(self, identifier: str, root: Path) -> None:
        self._identifier = identifier
        self._root = root

    def check(self, path: str, version: str | None) -> None:
        if version is not None:
            raise ReferencePathError(self._identifier, path, "files have no versions")
        steps = path.split("/")
        if "\x00" in path or any(step in ("", ".", "..") for step in steps):
            raise ReferencePathError(
                self._identifier, path, "it is a path below the root, without . and ..", "write it as team/password"
            )

    def read(self, path: str, version: str | None) -> SecretValue:
        self.check(path, version)
        try:
            raw = self._bytes(path)
        except OSError as error:
            raise self._refusal(path, error) from None
        if len(raw) > MAX_VALUE_BYTES:
            raise ManagedValueInvalidError(self._identifier, path, f"is longer than {MAX_VALUE_BYTES:,} bytes")
        try:
            return SecretValue(raw.decode().removesuffix("\n").removesuffix("\r"))
        except UnicodeDecodeError:
            raise ManagedValueInvalidError(self._identifier, path, "is not UTF-8 text") from None

    def _bytes(self, path: str) -> bytes:
        descriptor = os.open(self._root / path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            if not self._is_below(descriptor):
                raise ManagedValueDeniedError(self._identifier, path, "it leads out of the root directory")
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ManagedValueInvalidError(self._identifier, path, "is not in a regular file")
            return read_up_to(descriptor, MAX_VALUE_BYTES + 3)
        finally:
            os.close(descriptor)

    def _is_below(self, descriptor: int) -> bool:
        """By the name that the kernel knows the open file by, with all links followed."""
        opened = Path(f"/proc/self/fd/{descriptor}").readlink()
        return opened.is_relative_to(self._root.resolve(strict=True))

    def _refusal(
        self, path: str, error: OSError
    ) -> ManagedValueMissingError | ManagedValueDeniedError | ManagerUnavailableError:
        if error.errno in _MISSING:
            return ManagedValueMissingError(self._identifier, path)
        if error.errno in _DENIED:
            return ManagedValueDeniedError(self._identifier, path, error.strerror or "")
        return ManagerUnavailableError(self._identifier, error.strerror or "the file cannot be read")
