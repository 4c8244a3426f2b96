"""Metadata that package tools of languages leave beside what they install: Python, Node, Go; pure, and shallow.

What somebody copied into the image without such metadata is not seen.
"""

import re
from collections.abc import Iterator

from pierhead.kit.limits import MalformedJsonError, parse_json

from . import purl

GO_MAGIC = b"\xff Go buildinf:"
_INLINE = 0x2  # flag of Go from 1.18 on: the texts follow the header
_MARK = 16  # bytes before and after the list of modules
_NORMAL = re.compile(r"[-_.]+")
_MODULE = re.compile(r"(dep|mod|=>)\t([^\t]{1,300})\t([^\t]{1,100})(?:\t.*)?")


def read_python(data: bytes) -> Iterator[str]:
    """``METADATA`` of a wheel or ``PKG-INFO`` of an egg: its head."""
    name = version = ""
    for line in data.decode("utf-8", "replace").splitlines():
        if not line.strip():
            break
        key, _, value = line.partition(":")
        if key.lower() == "name":
            name = name or value.strip()
        elif key.lower() == "version":
            version = version or value.strip()
    if name and version:
        yield purl.make("pypi", _NORMAL.sub("-", name).lower(), version)


def read_node(data: bytes) -> Iterator[str]:
    """``package.json`` of an installed package."""
    try:
        given = parse_json(data, max_values=50_000)
    except MalformedJsonError:
        return
    if not isinstance(given, dict):
        return
    name, version = given.get("name"), given.get("version")
    if isinstance(name, str) and isinstance(version, str) and name and version:
        namespace, _, rest = name.rpartition("/")
        yield purl.make("npm", rest, version, namespace=namespace)


def read_go(data: bytes) -> Iterator[str]:
    """Modules of a Go program: ``data`` begins with the magic of its build information (Go 1.18 or newer)."""
    if len(data) < 32 or not data[15] & _INLINE:
        return
    version, rest = _go_text(data[32:])
    modules, _ = _go_text(rest)
    if version.startswith(b"go1"):
        yield purl.make("golang", "stdlib", version[2:].split()[0].decode("ascii", "replace"))
    yield from _go_modules(modules[_MARK:-_MARK].decode("utf-8", "replace"))


def _go_modules(text: str) -> Iterator[str]:
    pending: str | None = None
    for line in text.splitlines():
        match = _MODULE.fullmatch(line)
        if match is None:
            continue
        if match[1] != "=>" and pending:
            yield pending
        version = match[3]
        pending = purl.make("golang", match[2], version) if version.startswith("v") else None
    if pending:
        yield pending


def _go_text(data: bytes) -> tuple[bytes, bytes]:
    size = shift = 0
    for at, byte in enumerate(data[:10]):
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return data[at + 1 : at + 1 + size], data[at + 1 + size :]
    return b"", b""
