"""A backup as a file: gzipped lines of JSON, a head, one line for each row, and an end that vouches for all of it.

The end is an HMAC under a key derived from the encryption key. So a backup is restored only where its secrets can be
read again, and only as it was written; the key itself is never in it.
"""

import gzip
import hmac
import json
import os
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pierhead.kit.errors import ConflictError, IntegrityError, InvalidInputError, UnavailableError
from pierhead.kit.limits import MIB

FORMAT = 1
_LONGEST_LINE = 64 * MIB
Row = dict[str, Any]


class BackupExistsError(ConflictError):
    code = "backup-exists"

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is there already", hint="choose another name; no backup is overwritten")


class BackupUnusableError(UnavailableError):
    code = "backup-unusable"
    retryable = False

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"backup {path} cannot be used: {reason}", hint="check the path, who owns it, and free space")


class BackupDamagedError(IntegrityError):
    code = "backup-damaged"

    def __init__(self, path: Path, problem: str, *, may_be_key: bool = False) -> None:
        """``may_be_key``: another encryption key looks the same as a change."""
        key = "give the encryption key that the server had when it was made; else "
        super().__init__(
            f"backup {path} {problem}", hint=f"{key if may_be_key else ''}take another copy of it, or another backup"
        )


class BackupForeignError(InvalidInputError):
    code = "backup-foreign"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path} {problem}", hint="give a file that `pierhead backup create` has made")


def write(path: Path, head: Row, rows: Iterator[tuple[str, Row]], key: bytes) -> int:
    """Writes all rows and says how many; nothing stands at ``path`` before the last byte is on the disk.

    Raises BackupExistsError, BackupUnusableError.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        if path.exists():
            raise BackupExistsError(path)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0) as packed:
                count = _write_lines(packed, head, rows, key)
            file.flush()
            os.fsync(file.fileno())
        _take_name(draft, path)
    except OSError as error:
        raise BackupUnusableError(path, error.strerror or str(error)) from None
    finally:
        draft.unlink(missing_ok=True)
    return count


def _take_name(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        raise BackupExistsError(path) from None
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_lines(file: gzip.GzipFile, head: Row, rows: Iterator[tuple[str, Row]], key: bytes) -> int:
    seal, count = hmac.new(key, digestmod="sha256"), 0

    def put(line: object) -> None:
        text = json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        seal.update(text)
        file.write(text)

    put({"pierhead": "backup", "format": FORMAT, **head})
    for table, row in rows:
        put([table, row])
        count += 1
    file.write(json.dumps({"rows": count, "seal": seal.hexdigest()}).encode() + b"\n")
    return count


class Backup:
    """A backup to be read once, from the beginning to the end that vouches for it."""

    def __init__(self, path: Path, file: gzip.GzipFile, head: Row, first_line: bytes) -> None:
        self._path = path
        self._file = file
        self._first_line = first_line
        self.head = head

    @property
    def created_at(self) -> datetime:
        try:
            return datetime.fromisoformat(str(self.head.get("createdAt")))
        except ValueError:
            raise BackupForeignError(self._path, "does not say when it was made") from None

    def rows(self, key: bytes) -> Iterator[tuple[str, Row]]:
        """Every row; believe none before the last. Raises BackupDamagedError, at the end when the seal is wrong."""
        seal, count = hmac.new(key, self._first_line, "sha256"), 0
        for line in _lines(self._path, self._file):
            value = _json(self._path, line)
            if isinstance(value, dict):
                self._check_end(value, count, seal.hexdigest())
                return
            seal.update(line)
            count += 1
            match value:
                case [str(table), dict(row)]:
                    yield table, row
                case _:
                    raise BackupDamagedError(self._path, f"has a line that is no row, after {count} rows")
        raise BackupDamagedError(self._path, f"ends in the middle, after {count} rows")

    def _check_end(self, end: Row, count: int, seal: str) -> None:
        is_same = hmac.compare_digest(str(end.get("seal")).encode(), seal.encode())
        if not is_same or end.get("rows") != count or self._file.read(1):
            problem = "is not as it was written, or was made with another encryption key"
            raise BackupDamagedError(self._path, problem, may_be_key=True)


def read(path: Path, use: Callable[[Backup], int]) -> int:
    """What ``use`` makes of the backup. Raises BackupForeignError, BackupUnusableError, BackupDamagedError."""
    try:
        with gzip.GzipFile(path, "rb") as file:
            first = next(_lines(path, file), b"")
            head = _json(path, first) if first.startswith(b'{"pierhead":') else None
            if not isinstance(head, dict) or head.get("pierhead") != "backup":
                raise BackupForeignError(path, "is no backup of Pierhead")
            if head.get("format") != FORMAT:
                raise BackupForeignError(path, f"has format {head.get('format')!r}, and this version knows {FORMAT}")
            return use(Backup(path, file, head, first))
    except gzip.BadGzipFile:
        raise BackupForeignError(path, "is no backup of Pierhead") from None
    except (EOFError, zlib.error):
        raise BackupDamagedError(path, "ends in the middle or is damaged") from None
    except OSError as error:
        raise BackupUnusableError(path, error.strerror or str(error)) from None


def _lines(path: Path, file: gzip.GzipFile) -> Iterator[bytes]:
    while line := file.readline(_LONGEST_LINE + 1):
        if len(line) > _LONGEST_LINE:
            raise BackupDamagedError(path, "has a line that is too long")
        yield line


def _json(path: Path, line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise BackupDamagedError(path, "has a line that is not JSON") from None
