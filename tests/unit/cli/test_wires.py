import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pierhead.cli.errors import NotPierheadError, ServerUnreachableError, UsageError
from pierhead.cli.http_wire import HttpWire
from pierhead.cli.local_wire import LocalFailureError, LocalWire


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = f"{self.path} {self.headers['X-API-KEY']} {body.decode()}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.1:1/steal")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


@contextmanager
def says(answer: bytes) -> Iterator[str]:
    """A server that answers one connection with these bytes and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)


def test_a_request_goes_below_the_path_of_the_url(server: str) -> None:
    answer = HttpWire(f"{server}/gateway/").request("POST", "/x?a=1", {"X-API-KEY": "k"}, b"body")
    assert b"".join(answer.chunks) == b"/gateway/x?a=1 k body"
    answer.close()


def test_a_redirect_is_not_followed(server: str) -> None:
    assert HttpWire(server).request("GET", "/", {"X-API-KEY": "k"}, None).status == 302


def test_nobody_there_is_an_error_with_the_place() -> None:
    with pytest.raises(ServerUnreachableError, match=r"no answer from http://127\.0\.0\.1:9: "):
        HttpWire("http://127.0.0.1:9").request("GET", "/", {}, None)


@pytest.mark.parametrize(
    "url", ["ftp://x", "x:8411", "http://", "http://u:p@h", "http://h:x", "http://h:99999", "http://[", ""]
)
def test_a_url_that_is_no_servers_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        HttpWire(url)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_not_whole_http_is_named(answer: bytes) -> None:
    with says(answer) as url, pytest.raises((NotPierheadError, ServerUnreachableError)):
        list(HttpWire(url).request("GET", "/", {}, None).chunks)


@pytest.mark.parametrize(
    ("url", "is_exposed"),
    [
        ("http://example.com", True),
        ("https://example.com", False),
        ("http://127.0.0.1:8411", False),
        ("http://[::1]", False),
    ],
)
def test_a_key_in_the_clear_is_noticed(url: str, is_exposed: bool) -> None:
    assert HttpWire(url).is_exposed is is_exposed


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    request = await receive()
    headers = dict(scope["headers"])
    body = f"{scope['method']} {scope['path']} {scope['query_string'].decode()} {headers[b'x-api-key'].decode()} "
    await send({"type": "http.response.start", "status": 201, "headers": [(b"Content-Type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body.encode(), "more_body": True})
    await send({"type": "http.response.body", "body": request["body"]})


@contextmanager
def local(app: Any) -> Iterator[LocalWire]:
    wire = LocalWire(app, "here")
    try:
        yield wire
    finally:
        wire.close()


def test_an_application_in_this_process_answers_like_a_server() -> None:
    with local(echo) as wire:
        answer = wire.request("POST", "/a%20b?c=d%2F", {"X-API-KEY": "k"}, b"body")
        assert (answer.status, answer.content_type) == (201, "text/plain")
        assert b"".join(answer.chunks) == b"POST /a b c=d%2F k body"


def test_a_body_arrives_piece_by_piece_and_leaving_early_ends_the_request() -> None:
    ended = threading.Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"first", "more_body": True})
            await asyncio.Event().wait()
        finally:
            ended.set()

    with local(endless) as wire:
        answer = wire.request("GET", "/", {}, None)
        assert next(answer.chunks) == b"first"
        assert not ended.is_set()
        answer.close()
        assert ended.wait(5)


def test_an_application_that_raises_is_a_defect_told_as_one() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("boom")

    with local(broken) as wire, pytest.raises(LocalFailureError, match="RuntimeError: boom"):
        wire.request("GET", "/", {}, None)


def test_an_application_that_says_nothing_is_a_defect_too() -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        pass

    with local(silent) as wire, pytest.raises(LocalFailureError, match="no answer to GET /"):
        wire.request("GET", "/", {}, None)


def test_closing_ends_the_requests_still_open_and_the_application() -> None:
    class Application:
        is_closed = False

        def close(self) -> None:
            self.is_closed = True

    async def waiting(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await receive()
        await receive()

    application = Application()
    wire = LocalWire(waiting, "here", application)  # type: ignore[arg-type]
    wire.request("GET", "/", {}, None)
    wire.close()
    assert application.is_closed
