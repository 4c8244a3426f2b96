"""Files of interest out of layers, streamed from the bottom up with whiteouts honoured; nothing is written anywhere.

What would be the image's file system is never built: only the few files that package tools leave are kept, in memory.
"""

import re
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Final, Protocol, cast

from pierhead.kit.limits import MIB

from .documents import UnreadableError
from .languages import GO_MAGIC

MAX_FILE: Final = 32 * MIB
MAX_KEPT: Final = 128 * MIB
MAX_FILES: Final = 50_000
MAX_UNPACKED: Final = 8 * 1024 * MIB
_CHUNK: Final = 256 * 1024
_GO_INFO: Final = MIB
_EXTENSION: Final = MIB
_EXTENSIONS: Final = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"

_INTERESTING: Final = (
    ("os-release", re.compile(r"(?:etc|usr/lib)/os-release")),
    ("dpkg", re.compile(r"var/lib/dpkg/status|var/lib/dpkg/status\.d/[^/]*(?<!\.md5sums)")),
    ("apk", re.compile(r"(?:usr/)?lib/apk/db/installed")),
    ("rpm", re.compile(r"(?:var|usr/lib/sysimage)/(?:lib/)?rpm/(?:rpmdb\.sqlite|Packages(?:\.db)?)")),
    ("python", re.compile(r".*\.(?:dist-info/METADATA|egg-info/PKG-INFO|egg-info)")),
    ("node", re.compile(r"(?:.*/)?node_modules/(?:@[^/]+/)?[^/@]+/package\.json")),
)


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Entry(tarfile.TarInfo):
    """Refuses extended headers that nobody needs so large: they are held in memory and searched through."""

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _EXTENSIONS and self.size > _EXTENSION:
            raise UnreadableError("layer-unreadable", f"a layer has a header of more than {_EXTENSION:,} bytes")
        return cast(tarfile.TarInfo, super()._proc_member(tar))  # type: ignore[misc]


@dataclass(slots=True)
class Files:
    """What is left of the files of interest, by path, after the layers so far. ``problems``: by code."""

    kept: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    unpacked: int = 0

    def add_layer(self, source: Source) -> None:
        """Reads one layer to its end. Raises UnreadableError when the layer cannot be read as it should."""
        layer = _Layer(self)
        unpacked = _Unpacked(source, self._count)
        try:
            with tarfile.open(fileobj=cast(IO[bytes], unpacked), mode="r|", bufsize=_CHUNK, tarinfo=_Entry) as tar:
                for member in tar:
                    tar.members = []  # type: ignore[attr-defined]  # it would keep every one
                    layer.take(tar, member)
                _check_end(cast(Source, tar.fileobj))
        except (tarfile.TarError, zlib.error, EOFError, UnicodeError, ValueError, RecursionError) as error:
            raise UnreadableError("layer-unreadable", f"a layer cannot be read: {type(error).__name__}") from None
        layer.settle()

    def _count(self, size: int) -> None:
        self.unpacked += size
        if self.unpacked > MAX_UNPACKED:
            raise UnreadableError("layers-too-large", f"the layers unpack to more than {MAX_UNPACKED:,} bytes")


class _Layer:
    """One layer on top of the others: what it hides is taken away when all of it is known, and what it adds comes on
    top, for a whiteout speaks of the layers below and not of its own."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._added: dict[str, tuple[str, bytes]] = {}
        self._size = 0
        self._hidden: set[str] = set()
        self._emptied: set[str] = set()
        parts = (path.split("/") for path in files.kept)
        self._above = {"/".join(each[:size]) for each in parts for size in range(1, len(each) + 1)}

    def take(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        path = _clean(member.name)
        parent, _, name = path.rpartition("/")
        if name == _OPAQUE:
            self._emptied.add(parent)
        elif name.startswith(_WHITEOUT):
            self._hidden.add(f"{parent}/{name[len(_WHITEOUT) :]}".lstrip("/"))
        elif not member.isdir():
            self._take_file(tar, member, path)

    def settle(self) -> None:
        kept = self._files.kept
        for path in [path for path in kept if self._is_gone(path)]:
            del kept[path]
        kept.update(self._added)
        if len(kept) > MAX_FILES or sum(len(data) for _, data in kept.values()) > MAX_KEPT:
            raise UnreadableError("too-many-packages", "more package metadata than is read")

    def _take_file(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
        if path in self._above:  # a file where something was: whatever stood there, or below it, is gone
            self._hidden.add(path)
        self._added.pop(path, None)  # twice in one layer: the last one counts
        kind = next((kind for kind, pattern in _INTERESTING if pattern.fullmatch(path)), None)
        if kind is not None:
            self._take_metadata(tar, member, path, kind)
        elif member.isreg() and member.mode & 0o111 and member.size > 64 * 1024:
            self._take_program(tar, member, path)

    def _take_metadata(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: str, kind: str) -> None:
        if not member.isreg():
            if kind in ("dpkg", "apk", "rpm"):
                self._files.problems[f"{kind}-is-a-link"] = f"the package database {path} is a link"
            return
        if kind == "rpm":
            self._added[path] = kind, b""
            return
        if member.size > MAX_FILE:
            raise UnreadableError("too-many-packages", f"{path[:200]} is larger than {MAX_FILE:,} bytes")
        self._add(path, kind, _content(tar, member))

    def _take_program(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
        content = tar.extractfile(member)
        info = None if content is None else _build_info(content)
        if info is not None:
            self._add(path, "go", info)

    def _add(self, path: str, kind: str, data: bytes) -> None:
        self._added[path] = kind, data
        self._size += len(data)
        if len(self._added) > MAX_FILES or self._size > MAX_KEPT:
            raise UnreadableError("too-many-packages", "more package metadata than is read")

    def _is_gone(self, path: str) -> bool:
        parts = path.split("/")
        above = ["/".join(parts[:size]) for size in range(1, len(parts) + 1)]
        return "" in self._emptied or not self._hidden.isdisjoint(above) or not self._emptied.isdisjoint(above[:-1])


def _check_end(rest: Source) -> None:
    """What follows the last entry must be padding: a reader that stops early would be shown less than a runtime."""
    while piece := rest.read(_CHUNK):
        if piece.strip(b"\0"):
            raise UnreadableError("layer-unreadable", "a layer goes on behind its end")


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(member)
    data = b"" if content is None else content.read(member.size)
    if len(data) != member.size:
        raise UnreadableError("layer-unreadable", "a layer ends within a file")
    return data


def _build_info(content: Source) -> bytes | None:
    """What follows the magic of Go's build information in a program; None where there is none."""
    before = content.read(4)
    if before != b"\x7fELF":
        return None
    while piece := content.read(_CHUNK):
        window = before + piece
        at = window.find(GO_MAGIC)
        if at >= 0:
            return window[at:] + content.read(_GO_INFO)
        before = window[-len(GO_MAGIC) :]
    return None


def _clean(path: str) -> str:
    """Without the ways in which one path can be written twice. What leads out of the image is nowhere in it."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return "" if ".." in parts else "/".join(parts)


class _Unpacked:
    """The tar in a layer, gzip or plain by its first bytes; ``count`` is told of every byte that comes out."""

    def __init__(self, source: Source, count: Callable[[int], None]) -> None:
        self._source = source
        self._count = count
        self._head = source.read(4)
        if self._head.startswith(_ZSTD):
            raise UnreadableError("layer-zstd", "a layer is compressed with zstd, which is not read")
        self._inflate = zlib.decompressobj(31) if self._head.startswith(_GZIP) else None

    def read(self, size: int) -> bytes:
        data = self._plain(size) if self._inflate is None else self._inflated(size)
        self._count(len(data))
        return data

    def _plain(self, size: int) -> bytes:
        if self._head:
            head, self._head = self._head[:size], self._head[size:]
            return head
        return self._source.read(size)

    def _inflated(self, size: int) -> bytes:
        while True:
            data = self._step(size)
            if data is None or data:
                return data or b""

    def _step(self, size: int) -> bytes | None:
        """Some bytes, perhaps none yet; None at the end. Raises EOFError where it ends too early."""
        assert self._inflate is not None
        if self._inflate.eof:  # another gzip stream may follow, and zeros that pad it
            given = (self._inflate.unused_data or self._plain(_CHUNK)).lstrip(b"\0")
            given = given or self._plain(_CHUNK).lstrip(b"\0")
            if not given:
                return None
            self._inflate = zlib.decompressobj(31)
            return self._inflate.decompress(given, size)
        given = self._inflate.unconsumed_tail or self._plain(_CHUNK)
        data = self._inflate.decompress(given, size)
        if not given and not data and not self._inflate.eof:
            raise EOFError
        return data
