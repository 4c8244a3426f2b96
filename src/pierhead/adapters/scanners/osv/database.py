"""The file that advisories are imported into: SQLite, made once, read by many, replaced as a whole."""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pierhead.control.gates import Severity
from pierhead.kit.errors import UnavailableError

from .advisories import Advisory, Affected, Range

_VERSION: Final = 1
# Between texts, which have no control characters: reading them must cost less than comparing versions does.
_UNIT, _RECORD = "\x1f", "\x1e"
_SCHEMA: Final = """
    CREATE TABLE meta (version INTEGER NOT NULL, imported_at TEXT NOT NULL);
    CREATE TABLE advisory (id INTEGER PRIMARY KEY, ids TEXT NOT NULL, severity TEXT NOT NULL, score REAL);
    CREATE TABLE affected (
        ecosystem TEXT NOT NULL, name TEXT NOT NULL, advisory INTEGER NOT NULL, ranges TEXT NOT NULL,
        versions TEXT NOT NULL, severity TEXT, score REAL
    );
    CREATE TABLE ecosystem (name TEXT PRIMARY KEY, as_of TEXT, advisories INTEGER NOT NULL);
"""
_INDEX: Final = "CREATE INDEX affected_by_name ON affected (ecosystem, name)"


class OsvDatabaseError(UnavailableError):
    """The file is not there, or is none of ours."""

    code = "advisories-unavailable"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"the advisory database {path} {reason}", hint="import advisories with `pierhead advisories import`"
        )
        self.path = path


@dataclass(frozen=True, slots=True)
class Match:
    """An advisory that names a package; whether its version is affected is still to be seen."""

    ids: tuple[str, ...]
    severity: Severity
    score: float | None
    ranges: tuple[Range, ...]
    versions: tuple[str, ...]


class OsvDatabase:
    """Open for reading, by one thread; a context manager. Raises OsvDatabaseError when it cannot be opened."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise OsvDatabaseError(path, "does not exist")
        try:
            self._connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
            row = self._connection.execute("SELECT version, imported_at FROM meta").fetchone()
        except sqlite3.Error as error:
            raise OsvDatabaseError(path, f"cannot be read: {error}") from None
        if row is None or row[0] != _VERSION:
            raise OsvDatabaseError(path, "was made by another version of Pierhead")
        self.imported_at = datetime.fromisoformat(row[1])

    def ecosystems(self) -> dict[str, datetime | None]:
        """Each with the time of its newest advisory, no later than the import."""
        rows = self._connection.execute("SELECT name, as_of FROM ecosystem")
        return {name: datetime.fromisoformat(as_of) if as_of else None for name, as_of in rows}

    def about(self, ecosystem: str, name: str) -> Iterator[Match]:
        query = (
            "SELECT ids, coalesce(b.severity, a.severity), coalesce(b.score, a.score), ranges, versions"
            " FROM affected b JOIN advisory a ON a.id = b.advisory WHERE ecosystem = ? AND name = ?"
        )
        for ids, severity, score, ranges, versions in self._connection.execute(query, (ecosystem, name)):
            yield Match(
                tuple(ids.split(_UNIT)),
                Severity(severity),
                score,
                tuple(_range(one) for one in ranges.split(_RECORD)) if ranges else (),
                tuple(versions.split(_UNIT)) if versions else (),
            )

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> "OsvDatabase":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def write_database(path: Path, advisories: Iterable[Advisory], now: datetime) -> int:
    """How many were written. The file appears whole or not at all: made beside, synced, and moved into its place."""
    made = path.with_name(f".{path.name}.new")
    made.unlink(missing_ok=True)
    try:
        with contextlib.closing(sqlite3.connect(made)) as connection:
            count = _fill(connection, advisories, now)
        with made.open("rb+") as file:
            os.fsync(file.fileno())
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
    return count


def _fill(connection: sqlite3.Connection, advisories: Iterable[Advisory], now: datetime) -> int:
    connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
    newest: dict[str, tuple[datetime | None, int]] = {}
    count = 0
    with connection:
        for count, advisory in enumerate(advisories, 1):
            values = (count, _UNIT.join(advisory.ids), advisory.severity.value, advisory.score)
            connection.execute("INSERT INTO advisory VALUES (?, ?, ?, ?)", values)
            rows = [_row(count, each) for each in advisory.affected]
            connection.executemany("INSERT INTO affected VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            for name in {each.ecosystem for each in advisory.affected}:
                newest[name] = _newer(newest.get(name), advisory.modified, now)
        connection.execute("INSERT INTO meta VALUES (?, ?)", (_VERSION, now.astimezone(UTC).isoformat()))
        totals = [(name, as_of.isoformat() if as_of else None, seen) for name, (as_of, seen) in newest.items()]
        connection.executemany("INSERT INTO ecosystem VALUES (?, ?, ?)", totals)
        connection.execute(_INDEX)
    return count


def _range(text: str) -> Range:
    introduced, fixed, last = text.split(_UNIT)
    return introduced, fixed, last


def _row(advisory: int, each: Affected) -> tuple[object, ...]:
    severity = each.severity.value if each.severity else None
    texts = (_RECORD.join(_UNIT.join(one) for one in each.ranges), _UNIT.join(each.versions))
    return (each.ecosystem, each.name, advisory, *texts, severity, each.score)


def _newer(
    so_far: tuple[datetime | None, int] | None, modified: datetime | None, now: datetime
) -> tuple[datetime | None, int]:
    """A time that is to come says nothing of how new the data is."""
    before, count = so_far or (None, 0)
    known = [moment for moment in (before, modified if modified and modified <= now else None) if moment is not None]
    return max(known, default=None), count + 1
