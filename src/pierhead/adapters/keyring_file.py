"""The key-encryption keys in a file of their own, readable by its owner alone.

The file holds 32 bytes in base64 on each line, oldest key first, so that it can be kept on paper. A key is added whole
or not at all, also when the machine stops meanwhile; none is ever taken away here.
"""

import base64
import os
import stat
import threading
from collections.abc import Sequence
from pathlib import Path

from pierhead.kit.errors import AppError, DeniedError, IntegrityError, UnavailableError

from .keyring import KEY_BYTES, MAX_KEYS, AesKeyring, key_id_of, keys_of

_MAX_FILE_BYTES = 4096


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


class KeyFileChangedError(IntegrityError):
    """No key can be added to it."""

    code = "key-file-changed"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"key file {path} {problem}", hint="put back the key file, and start the server anew")
        self.path = path


class KeyFileUnreadableError(UnavailableError):
    code = "key-file-unreadable"
    retryable = False

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"key file {path} cannot be used: {reason}", hint="check the path and who owns it")
        self.path = path


class FileKeyring(AesKeyring):
    """Reads the file; makes it first when there is none and ``create`` says so.

    ``is_own``: the file is this program's alone, so that it adds keys itself; else it looks whether somebody has.
    ``may_group_read`` is for a file that a container platform brings, which gives it to a group.
    """

    def __init__(
        self, path: Path, *, create: bool = True, may_group_read: bool = False, is_own: bool | None = None
    ) -> None:
        self._path = path
        self._forbidden = 0o037 if may_group_read else 0o077
        self._is_own = not may_group_read if is_own is None else is_own
        self._lock = threading.Lock()
        try:
            if create and not path.exists():
                _make(path)
            super().__init__(_read(path, self._forbidden))
        except OSError as error:
            raise KeyFileUnreadableError(path, error.strerror or str(error)) from None

    @property
    def makes_keys(self) -> bool:
        return self._is_own

    def add_key(self, key_id: str, key: bytes) -> None:
        """Durable before anything is wrapped with it. Adding it again does nothing. Raises the errors of this file,
        and KeyFileChangedError when the file is full or no longer holds what was read from it."""
        with self._lock:
            try:
                keys = _read(self._path, self._forbidden)
                if key not in keys:
                    keys = [*keys, key]
                    _check_grown(self._path, keys, self.key_ids)
                    _write_over(self._path, keys)
            except OSError as error:
                raise KeyFileUnreadableError(self._path, error.strerror or str(error)) from None
            self._hold(keys)
            assert self.current_key_id == key_id

    def look_again(self) -> bool:
        """A file with another first key, or without one that is held, is passed over: it belongs to something else."""
        with self._lock:
            before = self.key_ids
            try:
                keys = _read(self._path, self._forbidden)
            except (OSError, AppError):
                return False
            found = AesKeyring(keys).key_ids
            if found[: len(before)] != before or len(found) == len(before):
                return False
            self._hold(keys)
            return True


def _check_grown(path: Path, keys: Sequence[bytes], before: tuple[str, ...]) -> None:
    """What is held must still be there, in front."""
    if tuple(map(key_id_of, keys))[: len(before)] != before:
        raise KeyFileChangedError(path, "no longer holds the keys that were read from it")
    if len(keys) > MAX_KEYS:
        raise KeyFileChangedError(path, f"holds {MAX_KEYS} keys already, and takes no more")


def _make(path: Path) -> None:
    """Links a whole file into place, so that no half-written key is ever seen."""
    draft = _draft(path, [os.urandom(KEY_BYTES)])
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another process was first: its key counts
    finally:
        draft.unlink(missing_ok=True)
    _sync_directory(path.parent)


def _write_over(path: Path, keys: Sequence[bytes]) -> None:
    for left_over in path.parent.glob(f".{path.name}.*"):  # of a process that was killed here; it holds keys
        left_over.unlink(missing_ok=True)
    draft = _draft(path, keys)
    try:
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_directory(path.parent)


def _draft(path: Path, keys: Sequence[bytes]) -> Path:
    """A file beside it, under another name, durable as far as its content goes."""
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"".join(base64.b64encode(key) + b"\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path, forbidden: int) -> list[bytes]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # NONBLOCK: a pipe must not hold us up
    with os.fdopen(descriptor, "rb") as file:
        _check_guarded(path, os.fstat(file.fileno()), forbidden)
        text = file.read(_MAX_FILE_BYTES + 1).strip()
    try:
        return keys_of(text)
    except ValueError as error:
        raise KeyFileInvalidError(path, str(error)) from None


def _check_guarded(path: Path, status: os.stat_result, forbidden: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyFileInvalidError(path, "is not a regular file")
    if status.st_mode & forbidden:
        raise KeyFileExposedError(path, f"is open to others (mode {stat.S_IMODE(status.st_mode):04o})")
    if status.st_uid not in (0, os.geteuid()):
        raise KeyFileExposedError(path, f"belongs to another user (uid {status.st_uid})")
