"""A reverse proxy on loopback that counts requests by method and passes everything through."""

import http.client
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Self

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


class CountingProxy:
    """``host`` stands for ``upstream`` ("host:port"); ``counts`` is by "METHOD kind": manifests, blobs, ..."""

    def __init__(self, upstream: str) -> None:
        self.counts: Counter[str] = Counter()
        self.blobs: Counter[str] = Counter()
        handler = type("Handler", (_Handler,), {"proxy": self, "upstream": upstream})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def note(self, method: str, path: str) -> None:
        parts = path.partition("?")[0].split("/")
        kind = next((part for part in parts if part in ("manifests", "blobs", "tags")), "ping")
        self.counts[f"{method} {kind}"] += 1
        if kind == "blobs":
            self.blobs[parts[-1]] += method == "GET"

    def forget(self) -> None:
        self.counts.clear()
        self.blobs.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: ClassVar[CountingProxy]
    upstream: ClassVar[str]

    def _pass(self) -> None:
        self.proxy.note(self.command, self.path)
        connection = http.client.HTTPConnection(self.upstream, timeout=60)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            connection.request(self.command, self.path, headers=headers)
            answer = connection.getresponse()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                while chunk := answer.read(1 << 20):
                    self.wfile.write(chunk)
        finally:
            connection.close()

    do_GET = do_HEAD = _pass

    def log_message(self, *_: object) -> None:
        pass
