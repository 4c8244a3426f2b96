"""The tar format as far as an archive of images needs it: plain files and directories (POSIX.1-2001, "pax").

Links, devices, sparse files and compressed archives are refused; so are names that lead anywhere else, a name that
stands twice, headers of no sensible size, and more than 100,000 entries. Nothing is unpacked.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tarfile import PAX_FORMAT, TarInfo
from typing import Final

from pierhead.oci.errors import shown

from .errors import BrokenArchiveError

BLOCK: Final = 512
MAX_ENTRIES: Final = 100_000
_MAX_EXTENDED: Final = 64 * 1024
_FILES: Final = (b"0", b"\0", b"7")
_DIRECTORY: Final = b"5"
_EXTENDED: Final = {b"x", b"g", b"L"}
_LENGTH = re.compile(rb"([0-9]{1,9}) ")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the archive: where its bytes are."""

    name: str
    offset: int
    size: int


def header(name: str, size: int) -> bytes:
    """For a file of ours; the same for the same name and size, so that archives can be compared."""
    entry = TarInfo(name)
    entry.size, entry.mode = size, 0o644
    return entry.tobuf(format=PAX_FORMAT)


def padding(size: int) -> bytes:
    return bytes(-size % BLOCK)


END: Final = bytes(2 * BLOCK)


def entries(path: Path, file: int) -> Iterator[Entry]:
    """The plain files of the archive that is open as ``file``. Raises BrokenArchiveError and OSError."""
    total, at, count = os.fstat(file).st_size, 0, 0
    extended: dict[str, str] = {}
    seen: set[str] = set()
    while True:
        block = os.pread(file, BLOCK, at)
        _check_block(path, block)
        if not any(block):
            return
        count += 1
        if count > MAX_ENTRIES:
            raise BrokenArchiveError(path, f"it has more than {MAX_ENTRIES:,} entries")
        kind, size = block[156:157], _size(path, block, extended)
        offset = at + BLOCK
        if offset + size > total:
            raise BrokenArchiveError(path, "it ends in the middle of an entry")
        at = offset + size + len(padding(size))
        if kind in _EXTENDED:
            extended |= _extended(path, file, kind, offset, size)
            continue
        name = _name(path, extended.get("path") or _own_name(block))
        extended.clear()
        if kind == _DIRECTORY:
            continue
        if kind not in _FILES:
            raise BrokenArchiveError(path, f"{shown(name)} is a link, a device or something else that is no file")
        if name in seen:
            raise BrokenArchiveError(path, f"{shown(name)} stands in it twice")
        seen.add(name)
        yield Entry(name, offset, size)


def _check_block(path: Path, block: bytes) -> None:
    if block[:2] in (b"\x1f\x8b", b"BZ") or block[:4] in (b"\x28\xb5\x2f\xfd", b"\xfd7zX"):
        raise BrokenArchiveError(path, "it is compressed: unpack it first")
    if len(block) < BLOCK:
        raise BrokenArchiveError(path, "it is cut off")
    if any(block):
        said = block[148:156].strip(b" \0")
        actual = sum(block) - sum(block[148:156]) + 8 * 32
        if not said or not all(48 <= each < 56 for each in said) or int(said, 8) != actual:
            raise BrokenArchiveError(path, "a header has a wrong checksum")


def _size(path: Path, block: bytes, extended: dict[str, str]) -> int:
    field = block[124:136]
    if "size" in extended and block[156:157] not in _EXTENDED:
        text = extended["size"]
        if not re.fullmatch(r"[0-9]{1,18}", text):
            raise BrokenArchiveError(path, "a size is no number")
        return int(text)
    if field[0] & 0x80:  # GNU: binary, for what is over 8 GiB
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    digits = field.strip(b" \0") or b"0"
    if not re.fullmatch(rb"[0-7]{1,12}", digits):
        raise BrokenArchiveError(path, "a size is no number")
    return int(digits, 8)


def _own_name(block: bytes) -> str:
    name, prefix = block[:100].partition(b"\0")[0], block[345:500].partition(b"\0")[0]
    is_posix = block[257:263] == b"ustar\0"  # GNU keeps other things there
    return (prefix + b"/" + name if is_posix and prefix else name).decode("utf-8", "replace")


def _name(path: Path, text: str) -> str:
    """In its plain form. Raises BrokenArchiveError for one that leads out of the archive."""
    parts = text.split("/")
    if text.startswith("/") or ".." in parts or "\\" in text or not text.isprintable():
        raise BrokenArchiveError(path, f"the name {shown(text)} leads out of it")
    return "/".join(part for part in parts if part not in ("", "."))


def _extended(path: Path, file: int, kind: bytes, offset: int, size: int) -> dict[str, str]:
    """What stands before an entry about it: its name, its size."""
    if size > _MAX_EXTENDED:
        raise BrokenArchiveError(path, "a header is larger than any that is needed")
    raw = os.pread(file, size, offset)
    if kind == b"g":
        return {}
    if kind == b"L":
        return {"path": raw.rstrip(b"\0").decode("utf-8", "replace")}
    found = {}
    while raw:
        match = _LENGTH.match(raw)
        length = int(match[1]) if match else 0
        if match is None or not match.end() < length <= len(raw):
            raise BrokenArchiveError(path, "a header cannot be read")
        key, _, value = raw[match.end() : length].rstrip(b"\n").partition(b"=")
        if key.startswith(b"GNU.sparse"):
            raise BrokenArchiveError(path, "it has a sparse file in it")
        if key in (b"path", b"size"):
            found[key.decode()] = value.decode("utf-8", "replace")
        raw = raw[length:]
    return found
