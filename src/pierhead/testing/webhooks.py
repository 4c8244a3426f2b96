"""Receivers of notices for tests: one that is asked without a network, and one that is a real HTTP server."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from pierhead.adapters.notifiers import HttpWebhooks
from pierhead.control.notices import Receipt
from pierhead.kit.clock import SystemClock
from pierhead.kit.errors import AppError
from pierhead.registry.wire.judge import AddressPolicy


@dataclass(frozen=True, slots=True)
class Posted:
    """Header names as they were sent, or in small letters where they came over a network."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class ObedientWebhooks:
    """Judges URLs as the real one of a server that may not reach private addresses, and sends nothing. ``answers``:
    what to answer for a URL, a status or an error; 204 for every other. Thread-safe."""

    answers: dict[str, Receipt | AppError] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)
    _real: HttpWebhooks = field(default_factory=lambda: HttpWebhooks(SystemClock(), AddressPolicy(False)))

    def check(self, url: str) -> None:
        self._real.check(url)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        self.posted.append(Posted(url, dict(headers), body))
        answer = self.answers.get(url, Receipt(204))
        if isinstance(answer, AppError):
            raise answer
        return answer


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


class Receiver:
    """Serves on loopback from entering to leaving; a context manager. ``status`` and ``headers`` of its answers can be
    changed at any time; while ``hold`` is cleared it does not answer."""

    def __init__(self) -> None:
        self.status = 204
        self.headers: dict[str, str] = {}
        self.body = b""
        self.posted: list[Posted] = []
        self.hold = threading.Event()
        self.hold.set()
        receiver = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._answer(self)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = _QuietServer(("127.0.0.1", 0), Door)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.posted.append(Posted(request.path, headers, body))
        self.hold.wait()
        request.send_response(self.status)
        for name, value in {"Content-Length": str(len(self.body)), **self.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(self.body)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
