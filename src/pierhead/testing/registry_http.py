"""The wire of the fake registry: HTTP/1.1 requests read, answers sent, faults played. What to answer is decided in
``registry_routes``."""

from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pierhead.kit.errors import AppError
from pierhead.kit.limits import MIB

from .images import Content
from .registry_access import Refusal
from .registry_faults import BlobFault, Then
from .registry_routes import Answer, Request, answer, find_route, refused

if TYPE_CHECKING:
    from .fake_registry import FakeRegistry


class RegistryRequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "pierhead-fake-registry"
    sys_version = ""
    wbufsize = 64 * 1024  # head and small body in one packet
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        registry: FakeRegistry = self.server.registry  # type: ignore[attr-defined]
        request = self._read()
        try:
            given = answer(registry, request)
        except AppError as error:
            given = refused(Refusal(400, "DIGEST_INVALID", error.message))
        registry.record(request, given.status)
        if given.is_silent or request.is_cut:
            self.close_connection = True
        else:
            self._send(given)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Silence: the registry keeps its own record."""

    def _read(self) -> Request:
        url = urlsplit(self.path)
        accept = ",".join(self.headers.get_all("Accept") or [])
        body, is_cut = self._read_body()
        return Request(
            self.command,
            url.path,
            url.query,
            self.headers,
            frozenset(part.partition(";")[0].strip() for part in accept.split(",") if part.strip()),
            body,
            is_cut,
            **find_route(url.path),
        )

    def _read_body(self) -> tuple[bytes, bool]:
        """The body, and whether it was cut off."""
        if "chunked" not in (self.headers.get("Transfer-Encoding") or ""):
            length = int(self.headers.get("Content-Length") or 0)
            body = self._read_up_to(length)
            return body, len(body) < length
        return self._read_chunks(), False

    def _read_up_to(self, length: int) -> bytes:
        """What comes of it: a connection that is reset in the middle has given something, too."""
        body = bytearray()
        with suppress(ConnectionError):
            while len(body) < length and (part := self.rfile.read1(min(MIB, length - len(body)))):
                body += part
        return bytes(body)

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(body)

    def _send(self, given: Answer) -> None:
        end = len(given.content) if given.end is None and isinstance(given.content, bytes) else given.end or 0
        if given.is_bare:
            self.send_response_only(given.status)
        else:
            self.send_response(given.status)
            self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        for name, value in given.headers.items():
            self.send_header(name, value)
        if given.status != 204 and "Content-Length" not in given.headers:
            self.send_header("Content-Length", str(end - given.start))
        self.end_headers()
        if self.command != "HEAD":
            self._send_content(given.content, given.start, end, given.fault)

    def _send_content(self, content: Content, start: int, end: int, fault: BlobFault | None) -> None:
        if fault is None:
            self._send_part(content, start, end)
            return
        stop = min(end, start + fault.after_bytes)
        self._send_part(content, start, stop)
        self.wfile.flush()
        fault.reached.set()
        if fault.then is Then.FLIP and stop < end:
            self.wfile.write(bytes([_slice(content, stop, stop + 1)[0] ^ 0xFF]))
            self._send_part(content, stop + 1, end)
        elif fault.then is Then.HOLD:
            fault.released.wait()
            self._send_part(content, stop, end)
        elif fault.then is Then.CUT:
            self.close_connection = True

    def _send_part(self, content: Content, start: int, end: int) -> None:
        for position in range(start, end, MIB):
            self.wfile.write(_slice(content, position, min(end, position + MIB)))


def _slice(content: Content, start: int, end: int) -> bytes:
    if isinstance(content, bytes):
        return content[start:end]
    with content.open("rb") as file:
        file.seek(start)
        return file.read(end - start)
