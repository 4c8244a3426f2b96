"""A registry over HTTP on loopback, for tests and the demo: pull, push, listing, logins, rate limits, faults.

It keeps everything in memory and judges like Debian's docker-registry: one contract suite runs on both. It is no
server for anybody else: no persistence, no quotas, no care for hostile clients.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from typing import Self

from pierhead.oci.digest import Digest

from .images import Image
from .registry_access import BasicLogin, Door, Login, NoLogin, RateLimit, TokenLogin
from .registry_content import RegistryContent
from .registry_faults import BlobFault, Faults, Scripted, Then, UploadFault
from .registry_http import RegistryRequestHandler
from .registry_routes import Request
from .registry_uploads import Uploads

__all__ = [
    "BasicLogin",
    "BlobFault",
    "FakeRegistry",
    "NoLogin",
    "Scripted",
    "Seen",
    "Then",
    "TokenLogin",
    "UploadFault",
]


@dataclass(frozen=True, slots=True)
class Seen:
    """A request and the status of its answer; of the Authorization only the scheme is kept. ``size``: bytes of body."""

    method: str
    path: str
    kind: str
    target: str
    status: int
    authorization: str
    range: str
    query: str = ""
    size: int = 0


class FakeRegistry:
    """Serves from construction to ``stop``; a context manager. Thread-safe.

    ``tls``: a server context; without it plain http. ``page_cap``: the most entries a list answers at once.
    ``has_referrers``: offers the API for referrers, which docker-registry does not.
    """

    def __init__(
        self,
        login: Login | None = None,
        *,
        rate_limit: int | None = None,
        tls: ssl.SSLContext | None = None,
        page_cap: int = 1000,
        has_referrers: bool = False,
    ) -> None:
        self.content = RegistryContent()
        self.faults = Faults()
        self.rate = RateLimit(rate_limit)
        self.page_cap = page_cap
        self.has_referrers = has_referrers
        self.uploads = Uploads(self.content)
        self._seen: list[Seen] = []
        self._server = _Server(self, tls)
        self.url = f"{'https' if tls else 'http'}://{self.host}"
        self.door = Door(login or NoLogin(), f"{self.url}/token")
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="fake-registry", daemon=True
        )
        self._thread.start()

    @property
    def host(self) -> str:
        """``127.0.0.1:port``, as it stands in image names."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def add(self, repository: str, tag: str, image: Image) -> Digest:
        """As pushing would, without the way over HTTP. The digest the tag points to."""
        return self.content.add(repository, tag, image)

    def record(self, request: Request, status: int) -> None:
        scheme = (request.headers.get("Authorization") or "").partition(" ")[0]
        asked = request.headers.get("Range") or ""
        self._seen.append(
            Seen(
                request.method,
                request.path,
                request.kind,
                request.target,
                status,
                scheme,
                asked,
                request.query,
                len(request.body),
            )
        )

    @property
    def requests(self) -> tuple[Seen, ...]:
        return tuple(self._seen)

    def count(self, method: str | None = None, kind: str | None = None) -> int:
        """Requests of that method and kind: v2, token, catalog, tags, manifests, uploads, blobs or other."""
        return sum(method in (None, seen.method) and kind in (None, seen.kind) for seen in self._seen)

    def forget_requests(self) -> None:
        self._seen.clear()

    def stop(self) -> None:
        """Ends every connection; whoever asks from now on is refused."""
        self.faults.release_all()
        self._server.shutdown()
        self._server.server_close()
        self._server.close_connections()
        self._thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, registry: FakeRegistry, tls: ssl.SSLContext | None) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.registry = registry
        super().__init__(("127.0.0.1", 0), RegistryRequestHandler)
        if tls is not None:
            # The handshake happens on the connection's own thread, so that a silent client blocks nobody else.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def server_bind(self) -> None:
        # http.server's own asks the name service for the name of 127.0.0.1.
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])

    def process_request_thread(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        with self._tracked(request), contextlib.suppress(OSError):
            super().process_request_thread(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """Silence: clients that go away are what many tests are about."""

    def close_connections(self) -> None:
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def _tracked(self, connection: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)
