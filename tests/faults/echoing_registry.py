"""A registry that has seen a password and says it everywhere it can: in headers, errors, tags, redirects and realms."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

MODES = ("error", "realm", "redirect", "html", "tags", "location", "header", "cut", "limit", "crash")


class EchoingRegistry:
    """``host:port/<mode>/...`` behaves in the way of that mode: the first part of a repository's name chooses."""

    def __init__(self) -> None:
        self.seen = 0
        outer = self

        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                outer.seen += 1
                self._answer(self.headers.get("Authorization") or "")

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = _any

            def _answer(self, authorization: str) -> None:
                if not authorization:
                    self._send(401, {"WWW-Authenticate": 'Basic realm="echo"'}, b"{}")
                    return
                secret = _decoded(authorization)
                mode = next((mode for mode in MODES if f"/{mode}/" in self.path), "root")
                self._send(*_reply(mode, authorization, secret, self.headers["Host"]))

            def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing: the test looks at what others say."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _decoded(authorization: str) -> str:
    kind, _, value = authorization.partition(" ")
    if kind != "Basic":
        return value
    return base64.b64decode(value).decode().partition(":")[2]


def _reply(mode: str, authorization: str, secret: str, host: str) -> tuple[int, dict[str, str], bytes]:
    error = {"errors": [{"code": "DENIED", "message": f"no: {secret} ({authorization})", "detail": {"seen": secret}}]}
    body = json.dumps(error).encode()
    said = f'Bearer realm="http://{host}/token?{secret}",service="{secret}",error="{secret}"'
    replies = {
        "root": (200, {}, b"{}"),
        "realm": (401, {"WWW-Authenticate": said}, body),
        "redirect": (307, {"Location": f"http://{secret}@{host}/elsewhere/{secret}"}, body),
        "html": (200, {"Content-Type": f"text/html; charset={secret}"}, f"<h1>{secret}</h1>".encode()),
        "tags": (200, {"Docker-Content-Digest": secret}, json.dumps({"name": secret, "tags": "x"}).encode()),
        "location": (202, {"Location": f"http://other.invalid/{secret}", "Docker-Upload-UUID": secret}, b""),
        "header": (404, {"Server": secret, "Warning": f'299 - "{secret}"', "X-Echo": authorization}, body),
        "cut": (200, {"Docker-Content-Digest": f"sha256:{secret}"}, body[:20]),
        "limit": (429, {"Retry-After": secret, "RateLimit-Remaining": secret}, body),
        "crash": (500, {"X-Trace": secret}, body * 3),
    }
    status, headers, content = replies.get(mode, (403, {}, body))
    return status, {"Content-Type": "application/json", **headers}, content
