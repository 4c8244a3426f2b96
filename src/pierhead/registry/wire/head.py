"""Heads of HTTP/1.1 messages (RFC 9112 sections 2 to 5): written plainly, read strictly.

What two readers could understand differently is refused: folded lines, bare line feeds, control characters.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pierhead.registry.errors import BadResponseError

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([^\x00-\x08\x0a-\x1f\x7f]*))?")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_UNSAFE = re.compile(r"[^\x20-\x7e]")


class Headers:
    """Fields in the order they came, names in lower case, values as ISO 8859-1 text without outer blanks."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = tuple((name.lower(), value) for name, value in fields)

    def get(self, name: str) -> str | None:
        """The first value of the field ``name`` (lower case)."""
        return next((value for key, value in self._fields if key == name), None)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self._fields if key == name]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)


class Head(NamedTuple):
    status: int
    reason: str
    headers: Headers
    is_http10: bool


def render_request(method: str, target: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """The bytes of a request without body. Raises ValueError on what could smuggle a second line."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    if any(_UNSAFE.search(line) for line in lines) or " " in target:
        raise ValueError("control characters in a request")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def parse_head(raw: bytes, authority: str) -> Head:
    """``raw`` ends before the blank line. Raises BadResponseError."""
    first, *rest = raw.split(b"\r\n")
    match = _STATUS_LINE.fullmatch(first)
    if match is None:
        raise BadResponseError(authority, f"it begins with {first[:40]!r}, which is not HTTP/1.1")
    minor, status, reason = match.groups()
    fields = [_field(line, authority) for line in rest]
    return Head(int(status), (reason or b"").decode("latin-1"), Headers(fields), minor == b"0")


def _field(line: bytes, authority: str) -> tuple[str, str]:
    match = _FIELD.fullmatch(line)
    if match is None:
        raise BadResponseError(authority, f"it has the header line {line[:40]!r}")
    name, value = match.groups()
    return name.decode("ascii"), value.rstrip(b" \t").decode("latin-1")
