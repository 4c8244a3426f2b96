"""The API without a server: the application opened on a data directory and called in this process, over plain ASGI.

One event loop on a thread of its own carries all requests; bodies arrive through a queue, as from a socket.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from pierhead.kit.errors import AppError

from .wire import Answer

if TYPE_CHECKING:
    from pierhead.server.bootstrap import Application

AsgiApp = Callable[..., Any]
_END: dict[str, Any] = {"type": "end"}


class LocalFailureError(AppError):
    """The application raised instead of answering: a defect of ours."""

    code = "local-failure"

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"Pierhead failed: {type(error).__name__}: {error}", hint="this is a defect; please report it")


class LocalWire:
    """Owns ``application`` (closed with the wire), which is None where only ``app`` matters."""

    def __init__(self, app: AsgiApp, place: str, application: "Application | None" = None) -> None:
        self._app = app
        self._place = place
        self._application = application
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="local-api", daemon=True)
        self._thread.start()

    @property
    def place(self) -> str:
        return self._place

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        call = asyncio.run_coroutine_threadsafe(
            _answer(self._app, _scope(method, target, headers), body or b"", messages), self._loop
        )
        start = messages.get()
        if start["type"] == "error":
            raise LocalFailureError(start["error"]) from start["error"]
        if start["type"] != "http.response.start":
            raise LocalFailureError(RuntimeError(f"no answer to {method} {target}"))
        answer_headers = {name.lower(): value for name, value in start.get("headers", [])}
        return Answer(
            status=int(start.get("status", 500)),
            content_type=answer_headers.get(b"content-type", b"").decode("latin-1"),
            chunks=_chunks(messages),
            close=lambda: _cancel(call),
        )

    def close(self) -> None:
        try:
            asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result(timeout=5)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=5)
            if self._application is not None:
                self._application.close()


def _cancel(call: Future[None]) -> None:
    call.cancel()


def _scope(method: str, target: str, headers: Mapping[str, str]) -> dict[str, Any]:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "root_path": "",
        "query_string": query.encode("ascii"),
        "headers": [(b"host", b"localhost")]
        + [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 80),
    }


async def _answer(
    app: AsgiApp, scope: dict[str, Any], body: bytes, messages: "queue.SimpleQueue[dict[str, Any]]"
) -> None:
    request = [{"type": "http.request", "body": body, "more_body": False}]
    never = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if request:
            return request.pop()
        await never.wait()  # the caller leaves by cancelling this task
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        messages.put(message)

    try:
        await app(scope, receive, send)
    except Exception as error:  # whatever the application raises must reach the caller, who waits for a message
        messages.put({"type": "error", "error": error})
    finally:
        messages.put(_END)


def _chunks(messages: "queue.SimpleQueue[dict[str, Any]]") -> Iterator[bytes]:
    while True:
        message = messages.get()
        if message["type"] == "error":
            raise LocalFailureError(message["error"]) from message["error"]
        if message["type"] == "http.response.body":
            if piece := message.get("body", b""):
                yield piece
            if message.get("more_body"):
                continue
        return


async def _cancel_all() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
