"""Advisories out of a directory or a zip, as OSV hands them out (one JSON file for each, or ``all.zip``).

Nothing is fetched: whoever imports has brought them. Zips are read entry by entry under caps, never unpacked.
"""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pierhead.kit.errors import InvalidInputError
from pierhead.kit.limits import MIB, MalformedJsonError, parse_json

from .advisories import Advisory, read_advisory
from .database import write_database

MAX_DOCUMENT: Final = 16 * MIB
MAX_DOCUMENTS: Final = 3_000_000
MAX_TOTAL: Final = 32 * 1024 * MIB


class InvalidAdvisoriesError(InvalidInputError):
    """Nothing to import, or more than is read."""

    code = "invalid-advisories"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} {reason}",
            hint="give a directory of OSV JSON files or an all.zip as OSV hands them out for each ecosystem",
        )
        self.path = path


@dataclass(frozen=True, slots=True)
class ImportReport:
    """``skipped``: files that are no advisory, were withdrawn, or name no package. ``broken``: no JSON at all."""

    imported: int
    skipped: int
    broken: int


def import_advisories(source: Path, database: Path, now: datetime) -> ImportReport:
    """Replaces ``database`` by what is in ``source``. Raises InvalidAdvisoriesError, and then leaves it alone."""
    reading = _Reading(source)
    # Nothing is written in place of a good database by an import that finds nothing.
    first = next(reading.advisories, None)
    if first is None:
        raise InvalidAdvisoriesError(source, "holds no advisory")
    imported = write_database(database, _chained(first, reading.advisories), now)
    return ImportReport(imported, reading.skipped, reading.broken)


class _Reading:
    def __init__(self, source: Path) -> None:
        self.skipped = self.broken = 0
        self._source = source
        self._count = self._bytes = 0
        self.advisories = self._advisories()

    def _advisories(self) -> Iterator[Advisory]:
        for raw in _documents(self._source):
            self._count += 1
            self._bytes += len(raw)
            if self._count > MAX_DOCUMENTS or self._bytes > MAX_TOTAL:
                raise InvalidAdvisoriesError(self._source, "holds more than is read")
            try:
                advisory = read_advisory(parse_json(raw))
            except MalformedJsonError:
                self.broken += 1
                continue
            if advisory is None:
                self.skipped += 1
            else:
                yield advisory


def _documents(source: Path) -> Iterator[bytes]:
    if not source.exists():
        raise InvalidAdvisoriesError(source, "does not exist")
    paths = sorted(source.rglob("*")) if source.is_dir() else [source]
    for path in paths:
        if path.suffix == ".zip" and path.is_file():
            yield from _zipped(path)
        elif path.suffix == ".json" and path.is_file():
            if path.stat().st_size > MAX_DOCUMENT:
                raise InvalidAdvisoriesError(path, f"is larger than {MAX_DOCUMENT:,} bytes")
            yield path.read_bytes()


def _zipped(path: Path) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.filename.endswith(".json"):
                    with archive.open(entry) as file:
                        raw = file.read(MAX_DOCUMENT + 1)  # whatever the entry says of its size
                    if len(raw) > MAX_DOCUMENT:
                        raise InvalidAdvisoriesError(path, f"has an entry of more than {MAX_DOCUMENT:,} bytes")
                    yield raw
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise InvalidAdvisoriesError(path, f"is no usable zip: {type(error).__name__}") from None


def _chained(first: Advisory, rest: Iterator[Advisory]) -> Iterator[Advisory]:
    yield first
    yield from rest
