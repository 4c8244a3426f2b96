"""The one directory that holds everything durable: who may read it, who uses it now, and where things lie in it.

Its lock is held by an open file, so it ends with the process, whatever ends that. What the files say is not known here.
"""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.errors import AppError, ConflictError, InvalidInputError
from pierhead.kit.limits import parse_json

_PRIVATE = 0o700
_PAUSE_S = 0.05


class DirectoryInUseError(ConflictError):
    """``pid`` and ``url`` are what is known of the other process; ``url`` only when it is a server."""

    code = "data-directory-in-use"

    def __init__(self, path: Path, pid: int | None, url: str | None) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(
            f"data directory {path} is in use by {holder}" + (f", a server at {url}" if url else ""),
            hint="use that server, stop it first, or choose another directory with --data",
        )
        self.path = path
        self.pid = pid
        self.url = url


class DirectoryUnusableError(InvalidInputError):
    code = "data-directory-unusable"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"data directory {path} cannot be used: {reason}", hint="choose a directory of your own with --data"
        )
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RunningServer:
    url: str
    pid: int


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The places in a data directory. Making one changes nothing on disk; ``acquire`` does."""

    path: Path

    @property
    def database(self) -> Path:
        return self.path / "pierhead.db"

    @property
    def images(self) -> Path:
        return self.path / "images"

    @property
    def key_file(self) -> Path:
        return self.path / "encryption-key"

    @property
    def admin_key(self) -> Path:
        return self.path / "admin-key"

    @property
    def server_file(self) -> Path:
        return self.path / "server.json"

    @property
    def lock_file(self) -> Path:
        return self.path / "lock"

    def acquire(self, *, wait_s: float = 1.0, clock: Clock | None = None) -> "DirectoryLock":
        """Makes the directory when there is none, closes it to others, and holds it until released.

        From then on this process makes files that only its user can read (umask 077). Waits up to ``wait_s`` seconds
        for a holder that is about to end. Raises DirectoryInUseError and DirectoryUnusableError.
        """
        os.umask(0o077)
        descriptor = self._open_lock_file()
        try:
            self._lock(descriptor, wait_s, clock or SystemClock())
        except BaseException:
            os.close(descriptor)
            raise
        return DirectoryLock(self, descriptor)

    def running_server(self) -> RunningServer | None:
        """The server that holds this directory now, None when there is none; changes nothing."""
        try:
            descriptor = os.open(self.lock_file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._announced()
        finally:
            os.close(descriptor)
        return None  # nobody holds it: what server.json says is a left-over

    def _open_lock_file(self) -> int:
        try:
            self.path.mkdir(_PRIVATE, parents=True, exist_ok=True)
            if self.path.stat().st_mode & 0o777 != _PRIVATE:
                self.path.chmod(_PRIVATE)
            return os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise DirectoryUnusableError(self.path, error.strerror or str(error)) from None

    def _lock(self, descriptor: int, wait_s: float, clock: Clock) -> None:
        give_up_at = clock.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if clock.monotonic() >= give_up_at:
                    raise self._in_use(descriptor) from None
                clock.wait(_PAUSE_S)
            except OSError as error:
                raise DirectoryUnusableError(self.path, error.strerror or str(error)) from None
            else:
                return

    def _in_use(self, descriptor: int) -> DirectoryInUseError:
        text = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        pid = int(text) if text.isdecimal() else None
        server = self._announced()
        return DirectoryInUseError(self.path, pid, server.url if server and server.pid == pid else None)

    def _announced(self) -> RunningServer | None:
        try:
            document = parse_json(self.server_file.read_bytes())
        except (OSError, AppError):
            return None
        match document:
            case {"url": str(url), "pid": int(pid)}:
                return RunningServer(url, pid)
        return None


class DirectoryLock:
    """The directory is this process's until ``release``, or the end of a ``with`` block."""

    def __init__(self, directory: DataDirectory, descriptor: int) -> None:
        self.directory = directory
        self._descriptor: int | None = descriptor
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)

    def announce(self, url: str, images: Path) -> None:
        """Says in ``server.json`` where this process can be reached and where it keeps images."""
        file = self.directory.server_file
        temporary = file.with_suffix(".tmp")
        temporary.write_text(json.dumps({"url": url, "pid": os.getpid(), "images": str(images.resolve())}))
        temporary.replace(file)

    def release(self) -> None:
        """Idempotent. Takes the announcement back first, so that nobody finds it after the lock is gone."""
        if self._descriptor is None:
            return
        self.directory.server_file.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
