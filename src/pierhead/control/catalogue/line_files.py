"""Release lines as files: those shipped with the package, and an operator's own laid over them (same format).

    1.17.toml:  [release]           released, based_on (a line to begin with), note
                [[hotfix]]          version, released, fields, note
                [K8], [VM]          field = "image"

A file for a line that is shipped changes what it names and leaves the rest. What does not fit is refused, never
skipped: defaults that nobody meant are worse than a server that does not start.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pierhead.kit.errors import InvalidInputError
from pierhead.kit.limits import KIB
from pierhead.oci.reference import Reference

from .errors import ReleaseLineFileError
from .image_version import ImageVersion
from .model import CatalogueField, Infra
from .release_lines import LINE_NAME, Defaults, Hotfix, ReleaseLine

CALENDAR_FILE = "calendar.toml"
"""Beside an operator's lines; read by whoever knows what a calendar is."""
_MAX_BYTES = 256 * KIB
_MAX_FILES = 200
_MAX_HOTFIXES = 200
_TABLES = frozenset({"release", "hotfix", *Infra})
_RELEASE_KEYS = frozenset({"released", "based_on", "note"})
_HOTFIX_KEYS = frozenset({"version", "released", "fields", "note"})
Fields = Mapping[str, CatalogueField]


@dataclass(frozen=True, slots=True)
class LineFile:
    """``path`` is what to call it when something is wrong with it."""

    path: str
    name: str
    document: Mapping[str, Any]
    is_own: bool


def shipped_files() -> tuple[LineFile, ...]:
    folder = resources.files(__package__).joinpath("data").joinpath("lines")
    entries = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda e: e.name)
    return tuple(_file(entry.name, entry.read_bytes(), is_own=False) for entry in entries)


def own_files(directory: Path) -> tuple[LineFile, ...]:
    """Every ``x.y.toml`` in it. Raises ReleaseLineFileError."""
    try:
        paths = sorted(path for path in directory.iterdir() if path.suffix == ".toml" and path.name != CALENDAR_FILE)
    except OSError as error:
        raise ReleaseLineFileError(str(directory), f"it cannot be read: {error.strerror}") from None
    if len(paths) > _MAX_FILES:
        raise ReleaseLineFileError(str(directory), f"it holds more than {_MAX_FILES} files")
    return tuple(_file(str(path), read_capped(path), is_own=True) for path in paths)


def read_capped(path: Path) -> bytes:
    """Raises ReleaseLineFileError for a file that cannot be read, or is larger than anybody's should be."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ReleaseLineFileError(str(path), f"it cannot be read: {error.strerror}") from None
    if len(raw) > _MAX_BYTES:
        raise ReleaseLineFileError(str(path), f"it is larger than {_MAX_BYTES:,} bytes")
    return raw


def parsed(path: str, raw: bytes) -> Mapping[str, Any]:
    """Raises ReleaseLineFileError for what is no TOML."""
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReleaseLineFileError(path, f"it is no TOML: {error}") from None


def merged(files: Iterable[LineFile], fields: Fields) -> tuple[ReleaseLine, ...]:
    """One line for each name, later files laid over earlier ones. Raises ReleaseLineFileError."""
    lines: dict[str, ReleaseLine] = {}
    for file in _bases_first(files):
        lines[file.name] = _line(file, lines, fields)
    return tuple(lines.values())


def _bases_first(files: Iterable[LineFile]) -> tuple[LineFile, ...]:
    """By number, so that a line may begin with any older one, and shipped before own."""
    return tuple(sorted(files, key=lambda file: (tuple(map(int, file.name.split("."))), file.is_own)))


def _file(path: str, raw: bytes, *, is_own: bool) -> LineFile:
    name = Path(path).name.removesuffix(".toml")
    if not LINE_NAME.match(name):
        raise ReleaseLineFileError(path, "its name is not that of a release line, such as 1.17.toml")
    document = parsed(path, raw)
    if unknown := sorted(set(document) - _TABLES):
        raise ReleaseLineFileError(path, f"it has an unknown part {unknown[0]!r}; known: {', '.join(sorted(_TABLES))}")
    return LineFile(path, name, document, is_own)


def _line(file: LineFile, lines: Mapping[str, ReleaseLine], fields: Fields) -> ReleaseLine:
    release = _table(file, "release", _RELEASE_KEYS)
    before = _base(file, release.get("based_on"), lines)
    defaults = {infra: {**before.defaults[infra], **_images(file, infra, fields)} for infra in Infra}
    frozen: Defaults = MappingProxyType({infra: MappingProxyType(rows) for infra, rows in defaults.items()})
    return replace(
        before,
        defaults=frozen,
        released=_day(file, release.get("released")) or before.released,
        hotfixes=_together(before.hotfixes, _hotfixes(file, fields)),
        note=_text(file, release.get("note")) or before.note,
        is_own=before.is_own or file.is_own,
    )


def _base(file: LineFile, based_on: object, lines: Mapping[str, ReleaseLine]) -> ReleaseLine:
    nothing: Defaults = {infra: {} for infra in Infra}
    same = lines.get(file.name, ReleaseLine(file.name, nothing))
    if based_on is None:
        return same
    other = lines.get(str(based_on))
    if other is None or other.name == file.name:
        raise ReleaseLineFileError(file.path, f"based_on = {based_on!r} is no older release line")
    return replace(same, defaults=other.defaults)


def _images(file: LineFile, infra: Infra, fields: Fields) -> dict[str, str]:
    rows = _table(file, infra.value)
    for name, image in rows.items():
        known = fields.get(name)
        if known is None or infra not in known.infras:
            raise ReleaseLineFileError(file.path, f"{infra} has no image field {name!r}")
        try:
            Reference.parse(_text(file, image))
        except InvalidInputError as error:
            raise ReleaseLineFileError(file.path, f"{infra}.{name}: {error.message}") from None
    return dict(rows)


def _hotfixes(file: LineFile, fields: Fields) -> tuple[Hotfix, ...]:
    rows = file.document.get("hotfix", [])
    if not isinstance(rows, list) or len(rows) > _MAX_HOTFIXES:
        raise ReleaseLineFileError(file.path, f"hotfixes are written as [[hotfix]], {_MAX_HOTFIXES} at most")
    return tuple(_hotfix(file, row, fields) for row in rows)


def _hotfix(file: LineFile, row: object, fields: Fields) -> Hotfix:
    if not isinstance(row, dict) or not set(row) <= _HOTFIX_KEYS:
        raise ReleaseLineFileError(file.path, f"a hotfix has {', '.join(sorted(_HOTFIX_KEYS))} and nothing else")
    version = ImageVersion.parse(_text(file, row.get("version")))
    if version is None or file.name != f"{version.major}.{version.minor}":
        raise ReleaseLineFileError(file.path, f"the hotfix {row.get('version')!r} is no version {file.name}.z")
    names = row.get("fields", [])
    if not isinstance(names, list) or any(name not in fields for name in names if isinstance(name, str)):
        raise ReleaseLineFileError(file.path, f"the hotfix {version} is for fields that do not exist: {names!r:.200}")
    return Hotfix(version, _day(file, row.get("released")), frozenset(map(str, names)), _text(file, row.get("note")))


def _together(before: tuple[Hotfix, ...], more: tuple[Hotfix, ...]) -> tuple[Hotfix, ...]:
    return tuple(sorted((*before, *more), key=lambda hotfix: hotfix.version))


def _table(file: LineFile, name: str, keys: frozenset[str] | None = None) -> Mapping[str, Any]:
    table = file.document.get(name, {})
    if not isinstance(table, dict):
        raise ReleaseLineFileError(file.path, f"{name} is not a table [{name}]")
    if keys is not None and not set(table) <= keys:
        raise ReleaseLineFileError(file.path, f"[{name}] has {', '.join(sorted(keys))} and nothing else")
    return table


def _day(file: LineFile, value: object) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise ReleaseLineFileError(file.path, f"{value!r} is no day, such as 2026-11-23 without quotes")


def _text(file: LineFile, value: object) -> str:
    if value is None or (isinstance(value, str) and value.isprintable()):
        return value or ""
    raise ReleaseLineFileError(file.path, f"{value!r:.200} is no text of one line")
