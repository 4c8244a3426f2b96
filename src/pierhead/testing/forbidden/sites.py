"""Who is there in that network: a hostile registry at a public address, and those who must not be connected to."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pierhead.oci.media_types import OCI_MANIFEST
from pierhead.testing.images import image, layer

from .spellings import LOOPBACK, METADATA, PRIVATE

PUBLIC = "8.8.4.4"
EVIL_PORT = 5000
SERVER_PORT = 8411
ADDRESSES = (METADATA, LOOPBACK, PRIVATE, "::1", "fd00:ec2::254")
PORTS = (80, 443, SERVER_PORT, 5432)
_LIST = b'{"name":"a/b","tags":["1"],"token":"t"}'


def _image() -> dict[str, bytes]:
    """Paths and bytes of an image that can be copied from here."""
    made = image([layer({"etc/hostname": "a"})])
    document = made.documents[-1][1]
    blobs = {f"/v2/a/b/blobs/{digest}": content for digest, content in made.blobs.items() if isinstance(content, bytes)}
    return {**blobs, **{f"/v2/a/b/manifests/{name}": document for name in ("1", made.documents[-1][0].digest)}}


_PARTS = _image()


class Forbidden:
    """Listens on every address that is not public; ``connections`` counts who came."""

    def __init__(self) -> None:
        self.connections = 0
        self._listeners = [_listening(address, port) for address in ADDRESSES for port in (*PORTS, EVIL_PORT)]
        for listener in self._listeners:
            threading.Thread(target=self._count, args=(listener,), daemon=True).start()

    def _count(self, listener: socket.socket) -> None:
        while True:
            try:
                listener.accept()[0].close()
            except OSError:
                return
            self.connections += 1


class EvilRegistry:
    """Answers as ``trick`` says, leading to ``target``; counts its connections, which are all that may be opened."""

    def __init__(self) -> None:
        self.trick, self.target = "none", ""
        self.connections = 0
        for port in (EVIL_PORT, *PORTS):
            threading.Thread(target=_Server((PUBLIC, port), self).serve_forever, daemon=True).start()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], evil: EvilRegistry) -> None:
        self.evil = evil
        super().__init__(address, _Answers)

    def get_request(self) -> Any:
        self.evil.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are none of its troubles."""


class _Answers(BaseHTTPRequestHandler):
    server: _Server

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, fields = _answer(self.server.evil, self.command, self.path)
        self.send_response(status)
        body = _PARTS.get(self.path, _LIST) if status == 200 else b""
        for name, value in {**fields, "Content-Length": str(len(body)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_CONNECT = answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Nothing."""


def _answer(evil: EvilRegistry, method: str, path: str) -> tuple[int, dict[str, str]]:
    own = f"http://{PUBLIC}:{EVIL_PORT}"
    hop = path.partition("/hop/")[2]
    match evil.trick:
        case "redirect" if path.startswith("/v2/") and path != "/v2/":
            return 307 if method in ("POST", "PUT", "PATCH") else 302, {"Location": evil.target}
        case "chain" if path != "/v2/":
            step = int(hop or 0)
            return 302, {"Location": f"{own}/hop/{step + 1}" if step < 3 else evil.target}
        case "realm":
            return 401, {"WWW-Authenticate": f'Bearer realm="{evil.target}",service="s"'}
        case "realm-redirect":
            if path.startswith("/token"):
                return 302, {"Location": evil.target}
            return 401, {"WWW-Authenticate": f'Bearer realm="{own}/token",service="s"'}
        case "location" if method in ("POST", "PATCH"):
            return 202, {"Location": evil.target, "Range": "0-0"}
        case "location" if path in _PARTS:
            return 200, {"Content-Type": OCI_MANIFEST}
        case "link" if "tags/list" in path or "_catalog" in path:
            return 200, {"Link": f'<{evil.target}>; rel="next"', "Content-Type": "application/json"}
        case _:
            return (404 if "manifests" in path or "blobs" in path else 200), {}


def _listening(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family, backlog=256)


def opened() -> int:
    """How many connections this network has seen begun, by the kernel's own count."""
    head, values = [line.split() for line in Path("/proc/self/net/snmp").read_text().splitlines() if line[:4] == "Tcp:"]
    return int(values[head.index("ActiveOpens")])
