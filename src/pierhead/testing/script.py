"""What a scripted registry is to be asked and to answer, as values; and the bytes of both on the wire.

Standard library only; nothing is listened to or sent here.
"""

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import responses
from typing import BinaryIO

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


class ScriptError(AssertionError):
    """What was asked is not what the script says; the message has both."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came; names of headers in lower case. ``connection`` counts connections from 1."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    connection: int
    raw: bytes
    body: bytes = b""

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass(frozen=True, slots=True)
class Reply:
    """``body`` may be a factory of pieces, sent as they come. ``length`` None leaves Content-Length out.

    ``cut_at`` ends the connection after so many bytes of the body, by RST if ``is_reset``; ``hold`` is waited for
    before the answer, ``stall`` behind it. ``raw`` replaces everything. ``is_last`` closes the connection afterwards.
    """

    status: int = 200
    body: bytes | Callable[[], Iterable[bytes]] = b""
    headers: Headers = ()
    length: int | str | None = "auto"
    is_chunked: bool = False
    cut_at: int | None = None
    is_reset: bool = False
    hold: threading.Event | None = None
    stall: threading.Event | None = None
    raw: bytes | None = None
    is_last: bool = False

    @classmethod
    def of_json(cls, value: object, status: int = 200, headers: Headers = ()) -> "Reply":
        return cls(status, json.dumps(value).encode(), (("Content-Type", "application/json"), *_pairs(headers)))

    @classmethod
    def error(cls, status: int, code: str, message: str = "", headers: Headers = ()) -> "Reply":
        """As distribution-spec says errors look."""
        return cls.of_json({"errors": [{"code": code, "message": message}]}, status, headers)

    @classmethod
    def redirect(cls, location: str, status: int = 307) -> "Reply":
        return cls(status, headers={"Location": location})

    @classmethod
    def challenge(cls, *challenges: str) -> "Reply":
        return cls(401, headers=[("WWW-Authenticate", text) for text in challenges])


Answer = Reply | Callable[[Received], Reply]


@dataclass(slots=True)
class Step:
    method: str
    target: str | re.Pattern[str]
    answer: Answer
    left: int | None = 1

    def matches(self, request: Received) -> bool:
        if self.method != request.method or self.left == 0:
            return False
        if isinstance(self.target, str):
            return self.target == request.target
        return self.target.fullmatch(request.target) is not None

    def __str__(self) -> str:
        return f"{self.method} {self.target if isinstance(self.target, str) else self.target.pattern}"


@dataclass(slots=True)
class Script:
    """Steps in order, and standing answers for what may come at any time and any number of times."""

    steps: list[Step] = field(default_factory=list)
    standing: list[Step] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer_to(self, request: Received) -> Answer | None:
        with self.lock:
            if self.steps and self.steps[0].matches(request):
                return self.steps.pop(0).answer
            found = next((step.answer for step in self.standing if step.matches(request)), None)
            if found is None:
                expected = str(self.steps[0]) if self.steps else "nothing more"
                self.faults.append(f"got {request}, expected {expected}")
            return found


def keeps_open(reply: Reply, method: str) -> bool:
    if reply.is_last or reply.is_reset or reply.raw is not None or reply.cut_at is not None:
        return False
    has_end = reply.is_chunked or reply.length not in (None, "auto") or isinstance(reply.body, bytes)
    return method == "HEAD" or (has_end and reply.length is not None)


def read_request(lines: BinaryIO, number: int) -> Received | None:
    """None when there is no more. A body is read as far as it comes."""
    raw = b""
    for line in lines:
        raw += line
        if line in (b"\r\n", b"\n"):
            break
    first, *rest = raw.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/"):
        return None
    pairs = (line.partition(":") for line in rest if line)
    headers = tuple((name.lower(), value.strip()) for name, _, value in pairs)
    length = next((int(value) for name, value in headers if name == "content-length"), 0)
    return Received(parts[0], parts[1], headers, number, raw, lines.read(length))


def bytes_of(reply: Reply, method: str) -> Iterator[bytes]:
    if reply.raw is not None:
        yield reply.raw
        return
    yield _head_of(reply)
    if method == "HEAD" or reply.status in (204, 304):
        return
    pieces = [reply.body] if isinstance(reply.body, bytes) else reply.body()
    for piece in _cut(pieces, reply.cut_at):
        yield b"%x\r\n%s\r\n" % (len(piece), piece) if reply.is_chunked and piece else piece
    if reply.is_chunked and reply.cut_at is None:
        yield b"0\r\n\r\n"


def _head_of(reply: Reply) -> bytes:
    headers = list(_pairs(reply.headers))
    if reply.is_chunked:
        headers.append(("Transfer-Encoding", "chunked"))
    elif reply.length == "auto" and isinstance(reply.body, bytes):
        headers.append(("Content-Length", str(len(reply.body))))
    elif reply.length not in (None, "auto"):
        headers.append(("Content-Length", str(reply.length)))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {reply.status} {responses.get(reply.status, '')}\r\n{lines}\r\n".encode("latin-1")


def _cut(pieces: Iterable[bytes], cut_at: int | None) -> Iterator[bytes]:
    left = cut_at
    for piece in pieces:
        if left is None:
            yield piece
            continue
        yield piece[:left]
        left -= min(left, len(piece))
        if left == 0:
            return


def _pairs(headers: Headers) -> Iterator[tuple[str, str]]:
    yield from headers.items() if isinstance(headers, Mapping) else headers
