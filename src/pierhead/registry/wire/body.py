"""Where a body ends (RFC 9112 section 6), and reading it to there straight into the caller's buffer."""

import re
from typing import Protocol

from pierhead.registry.errors import BadResponseError, ShortBodyError

from .head import Head
from .stream import Stream

_LENGTH = re.compile(r"[0-9]{1,18}\Z")
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?\Z", re.DOTALL)
_LINE_CAP = 4096
_TRAILER_LINES = 64


class Body(Protocol):
    """``length`` is None when the head did not tell it; ``is_done`` that the last byte was read."""

    length: int | None
    is_done: bool
    leaves_open: bool

    def readinto(self, view: memoryview) -> int:
        """Some bytes, 0 at the end. Raises ShortBodyError, ConnectionLostError, RegistryTimeoutError."""


def body_of(method: str, head: Head, stream: Stream) -> Body:
    """Raises BadResponseError where the head leaves two ways to find the end."""
    codings = head.headers.all("transfer-encoding")
    length = _length(head.headers.all("content-length"), stream.authority)
    if method == "HEAD" or head.status in (204, 304):
        return LengthBody(stream, 0, length)
    if codings:
        if length is not None or head.is_http10 or [c.strip().lower() for c in codings] != ["chunked"]:
            raise BadResponseError(stream.authority, f"its Transfer-Encoding is {', '.join(codings)[:80]!r}")
        return ChunkedBody(stream)
    return LengthBody(stream, length, length) if length is not None else ClosedBody(stream)


class LengthBody:
    __slots__ = ("_left", "_stream", "is_done", "leaves_open", "length")

    def __init__(self, stream: Stream, left: int, length: int | None) -> None:
        self._stream = stream
        self._left = left
        self.length = length
        self.is_done = left == 0
        self.leaves_open = True

    def readinto(self, view: memoryview) -> int:
        if self.is_done or not view:
            return 0
        count = self._stream.receive_into(view[: self._left] if len(view) > self._left else view)
        if count == 0:
            whole = self.length or 0
            raise ShortBodyError(f"the answer from {self._stream.authority}", whole - self._left, whole)
        self._left -= count
        self.is_done = self._left == 0
        return count


class ChunkedBody:
    __slots__ = ("_got", "_left", "_stream", "is_done", "leaves_open", "length")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._left = 0
        self._got = 0
        self.length: int | None = None
        self.is_done = False
        self.leaves_open = True

    def readinto(self, view: memoryview) -> int:
        if self.is_done or not view:
            return 0
        if self._left == 0 and not self._next_chunk():
            return 0
        count = self._stream.receive_into(view[: self._left] if len(view) > self._left else view)
        if count == 0:
            raise ShortBodyError(f"the answer from {self._stream.authority}", self._got, None)
        self._got += count
        self._left -= count
        if self._left == 0 and self._stream.read_line(2) != b"":
            raise BadResponseError(self._stream.authority, "its chunked body is broken")
        return count

    def _next_chunk(self) -> bool:
        match = _CHUNK_SIZE.match(self._stream.read_line(_LINE_CAP))
        if match is None:
            raise BadResponseError(self._stream.authority, "its chunked body is broken")
        self._left = int(match[1], 16)
        if self._left == 0:
            self._skip_trailers()
        return self._left > 0

    def _skip_trailers(self) -> None:
        for _ in range(_TRAILER_LINES):
            if self._stream.read_line(_LINE_CAP) == b"":
                self.is_done = True
                return
        raise BadResponseError(self._stream.authority, "its trailers do not end")


class ClosedBody:
    """Ends with the connection; whether it is whole only the caller can tell."""

    __slots__ = ("_stream", "is_done", "leaves_open", "length")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.length: int | None = None
        self.is_done = False
        self.leaves_open = False

    def readinto(self, view: memoryview) -> int:
        if self.is_done or not view:
            return 0
        count = self._stream.receive_into(view)
        self.is_done = count == 0
        return count


def _length(values: list[str], authority: str) -> int | None:
    if not values:
        return None
    # Equal repetitions are one value (RFC 9110 section 8.6); different ones are an attack or a defect.
    given = {part.strip() for value in values for part in value.split(",")}
    text = given.pop()
    if given or not _LENGTH.match(text):
        raise BadResponseError(authority, f"its Content-Length is {', '.join(values)[:80]!r}")
    return int(text)
