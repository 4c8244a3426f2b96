"""A registry that answers by a script, on loopback: what was not foreseen fails the test with what was asked and why.

It plays registries and token servers, and the faults they have: broken bodies, resets, silence, wrong lengths, bytes
that are no HTTP. It knows nothing of registries itself; standard library only.
"""

import contextlib
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import responses
from typing import Final

Headers = Mapping[str, str] | Iterable[tuple[str, str]]
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: closing sends RST
_HOLD_S: Final = 10.0


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

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass(frozen=True, slots=True)
class Reply:
    """``body`` may be a factory of pieces, sent as they come. ``length`` None leaves Content-Length out.

    ``cut_at`` ends the connection after so many bytes of the body, by RST if ``is_reset``; ``hold`` is waited for before
    the answer, ``stall`` behind it. ``raw`` replaces everything. ``is_last`` closes the connection afterwards.
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
class _Step:
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
class _Script:
    """Steps in order, and standing answers for what may come at any time and any number of times."""

    steps: list[_Step] = field(default_factory=list)
    standing: list[_Step] = field(default_factory=list)
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


class ScriptedRegistry:
    """Starts as a context manager; leaving it raises ScriptError when the script was not played to its end."""

    def __init__(self, host: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Received] = []
        self.connections = 0
        self.bytes_sent = 0
        self._script = _Script()
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._is_closing = False
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=64)
        self.host = host
        self.port: int = self._listener.getsockname()[1]

    @property
    def authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.authority}"

    def expect(self, method: str, target: str | re.Pattern[str], answer: Answer | None = None) -> "ScriptedRegistry":
        """The next request in the script; ``target`` is path and query, or a pattern for the whole of them."""
        self._script.steps.append(_Step(method, target, answer or Reply()))
        return self

    def whenever(self, method: str, target: str | re.Pattern[str], answer: Answer | None = None) -> "ScriptedRegistry":
        """An answer for whatever time such a request comes when the script does not foresee it."""
        self._script.standing.append(_Step(method, target, answer or Reply(), None))
        return self

    @property
    def asked(self) -> list[str]:
        """Method and target of all requests so far."""
        return [str(request) for request in self.requests]

    def authorizations(self) -> list[str | None]:
        return [request.header("authorization") for request in self.requests]

    def check(self) -> None:
        """Raises ScriptError for requests that were not foreseen, and for foreseen ones that did not come."""
        faults = list(self._script.faults)
        if self._script.steps:
            faults.append("still expected: " + ", ".join(str(step) for step in self._script.steps))
        if faults:
            raise ScriptError(f"{self.url}: {'; '.join(faults)}; all requests: {self.asked}")

    def close(self) -> None:
        self._is_closing = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "ScriptedRegistry":
        threading.Thread(target=self._accept, name=f"scripted registry {self.port}", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close()
        # An unforeseen request usually is the cause of the failure that the test saw, so it is the one to show.
        if kind is None or self._script.faults:
            self.check()

    def _accept(self) -> None:
        while not self._is_closing:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock, self.connections), daemon=True).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        self._open.add(sock)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                plain, sock = sock, self._tls.wrap_socket(sock, server_side=True)
                self._open.discard(plain)
                self._open.add(sock)
            with sock.makefile("rb") as lines:
                while (request := _read_request(lines, number)) is not None:
                    self.requests.append(request)
                    if not self._play(sock, request):
                        return
        except (OSError, ValueError):
            return  # the client went away, which may be what the test is about
        finally:
            self._open.discard(sock)
            with contextlib.suppress(OSError):
                sock.close()

    def _play(self, sock: socket.socket, request: Received) -> bool:
        """Sends the answer; False when the connection is to end."""
        answer = self._script.answer_to(request)
        if answer is None:
            answer = Reply(418, b"not in the script")
        reply = answer if isinstance(answer, Reply) else answer(request)
        if reply.hold is not None:
            reply.hold.wait(_HOLD_S)
        for data in _bytes_of(reply, request.method):
            sock.sendall(data)
            self.bytes_sent += len(data)
        if reply.stall is not None:
            reply.stall.wait(_HOLD_S)
        if reply.is_reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        return _keeps_open(reply, request.method)


def _keeps_open(reply: Reply, method: str) -> bool:
    if reply.is_last or reply.is_reset or reply.raw is not None or reply.cut_at is not None:
        return False
    has_end = reply.is_chunked or reply.length not in (None, "auto") or isinstance(reply.body, bytes)
    return method == "HEAD" or (has_end and reply.length is not None)


def _read_request(lines: Iterable[bytes], number: int) -> Received | None:
    raw = b""
    for line in lines:
        raw += line
        if line in (b"\r\n", b"\n"):
            break
    first, *rest = raw.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/"):
        return None  # a TLS handshake, say
    pairs = (line.partition(":") for line in rest if line)
    headers = tuple((name.lower(), value.strip()) for name, _, value in pairs)
    return Received(parts[0], parts[1], headers, number, raw)


def _bytes_of(reply: Reply, method: str) -> Iterator[bytes]:
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
