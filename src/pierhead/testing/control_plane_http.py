"""The HTTP around the scripted control plane: threads, connections, refusals on the wire."""

import contextlib
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Protocol

from pierhead.protocol.agent import Refusal
from pierhead.protocol.message import Message


class RefusedRequest(Exception):
    def __init__(
        self,
        status: int,
        code: str,
        now: float | None = None,
        headers: Mapping[str, str] | None = None,
        proof: str | None = None,
    ) -> None:
        self.status = status
        self.headers = dict(headers or {})
        self.refusal = Refusal(code=code, message=f"scripted: {code}", now=now, proof=proof)


class Answers(Protocol):
    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Message: ...


class ControlPlaneServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, plane: Answers, tls: SSLContext | None) -> None:
        self.plane = plane
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def server_bind(self) -> None:
        # http.server's own asks the name service for the name of 127.0.0.1.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])

    def process_request_thread(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        with self._lock:
            self._open.add(request)
        try:
            with contextlib.suppress(OSError):
                super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Silence: clients that go away are what many tests are about."""

    def close_connections(self) -> None:
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ControlPlaneServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            self._send(200, self.server.plane.answer(self.path, self.headers, body), {})  # type: ignore[arg-type]
        except RefusedRequest as refused:
            self._send(refused.status, refused.refusal, refused.headers)
        except ConnectionAbortedError:
            self.close_connection = True

    def _send(self, status: int, message: Message, headers: Mapping[str, str]) -> None:
        body = message.model_dump_json(by_alias=True).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's word
        """Silence."""
