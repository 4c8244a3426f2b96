"""A stub that speaks the protocol of Vault's key/value engine (version 2) and AppRole login, over TLS on loopback."""

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme

from pierhead.testing.clock import FakeClock


@dataclass
class VaultStub:
    """``secrets``: versions of data by ``mount/path``, oldest first. ``tokens``: those that are good."""

    secrets: dict[str, list[Any]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=lambda: {"root-token"})
    roles: dict[tuple[str, str], str] = field(default_factory=dict)
    lease_s: int = 3600
    namespace: str | None = None
    answer: tuple[int, bytes] | None = None
    location: str | None = None
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    address: str = ""

    def reply(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, Any]:
        token = headers.get("X-Vault-Token")
        self.asked.append((method, target, token))
        if self.answer is not None:
            return self.answer
        if headers.get("X-Vault-Namespace") != self.namespace:
            return 404, {"errors": []}
        url = urlsplit(target)
        parts = url.path.split("/")
        if method == "POST" and parts[2] == "auth":
            return self._login(json.loads(body))
        if token not in self.tokens:
            return 403, {"errors": ["permission denied"]}
        return self._read("/".join([parts[2], *parts[4:]]), parse_qs(url.query))

    def _login(self, sent: dict[str, str]) -> tuple[int, Any]:
        if self.roles.get((sent["role_id"], sent["secret_id"])) is None:
            return 400, {"errors": ["invalid role or secret ID"]}
        token = f"login-{len(self.asked)}"
        self.tokens.add(token)
        return 200, {"auth": {"client_token": token, "lease_duration": self.lease_s}}

    def _read(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        versions = self.secrets.get(path)
        number = int(query.get("version", ["0"])[0]) or len(versions or ())
        if not versions or number > len(versions) or versions[number - 1] is None:
            return 404, {"errors": []}
        return 200, {"data": {"data": versions[number - 1], "metadata": {"version": number}}}


def _handler(stub: VaultStub) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, document = stub.reply(self.command, self.path, self.headers, body)
            raw = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            if stub.location is not None:
                self.send_header("Location", stub.location)
            self.end_headers()
            self.wfile.write(raw)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    return Answering


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def vault(authority: trustme.CA) -> Iterator[VaultStub]:
    stub = VaultStub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stub))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    stub.address = f"https://127.0.0.1:{server.server_port}"
    yield stub
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
