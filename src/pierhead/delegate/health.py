"""An answer to "are you alive?", for supervisors on the same machine; the only socket a delegate listens on."""

import json
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pierhead.kit.errors import UnavailableError
from pierhead.registry.wire.addresses import AddressKind, kind_of

ALIVE_WITHIN_S = 120.0

Look = Callable[[], tuple[bool, dict[str, object]]]
"""Whether all is well, and what to show of it."""


class HealthAddressError(UnavailableError):
    code = "health-address"

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"cannot listen on {host}:{port}: {reason}", hint="choose another loopback address or port with --health"
        )


class HealthEndpoint:
    """Serves ``GET /healthz`` from construction to ``close``. Raises HealthAddressError."""

    def __init__(self, host: str, port: int, look: Look) -> None:
        if kind_of(host) is not AddressKind.LOOPBACK:
            raise HealthAddressError(host, port, "it is no loopback address")
        try:
            self._server = _Server(host, port, look)
        except OSError as error:
            raise HealthAddressError(host, port, error.strerror or str(error)) from None
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(1.0,), name="health", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, look: Look) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.look = look
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        # http.server's own asks the name service for the name of the address.
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    timeout = 5
    server: _Server

    def do_GET(self) -> None:
        if self.path != "/healthz":
            self._answer(404, {"error": "there is only /healthz"})
            return
        is_well, shown = self.server.look()
        self._answer(200 if is_well else 503, shown)

    def _answer(self, status: int, document: dict[str, object]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        return "pierhead-delegate"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's word
        """Silence: a supervisor asks every few seconds."""
