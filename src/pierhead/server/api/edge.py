"""What happens to every request before and after its route: pure ASGI, no framework.

A correlation id and safe headers on every answer, a barrier where no exception passes, a cap on bodies, and one
spelling of paths. Knows no route and no use case.
"""

import logging
import uuid

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pierhead.kit.limits import MIB, BodyTooLargeError

from . import errors

log = logging.getLogger(__name__)

GATEWAY = "/gateway"
CORRELATION_HEADER = b"x-correlation-id"
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)


class Barrier:
    """Outermost: gives each request its id, each answer its headers, and turns a crash into a 500 without text."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        correlation_id = str(uuid.uuid4())
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        has_started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                message = {**message, "headers": _with_defaults(message.get("headers", ()), correlation_id)}
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception:
            log.exception("%s %s failed, correlation id %s", scope["method"], scope["path"], correlation_id)
            if has_started:  # the answer is half out: only breaking the connection tells the client
                raise
            await errors.crash(correlation_id)(scope, receive, send_with_headers)


class BodyCap:
    """Refuses a body over the cap: by its announced length before one byte is read, else when the cap is crossed."""

    def __init__(self, app: ASGIApp, cap_bytes: int = MIB) -> None:
        self.app = app
        self.cap_bytes = cap_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _announced_bytes(scope) > self.cap_bytes:
            refusal = errors.refusal(self._too_large(), scope["state"]["correlation_id"])
            await refusal(scope, receive, send)
            return
        received_bytes = 0

        async def receive_counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > self.cap_bytes:
                raise self._too_large()
            return message

        await self.app(scope, receive_counted, send)

    def _too_large(self) -> BodyTooLargeError:
        return BodyTooLargeError("the request body", self.cap_bytes)


class OneSpelling:
    """``/path/`` and ``/gateway/path`` are ``/path``: the reference's clients use all three.

    A redirect would lose the body; routes mounted a second time would be built a second time.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"].rstrip("/") or "/"
            root_path = GATEWAY if path.startswith(f"{GATEWAY}/") else scope.get("root_path", "")
            scope = {**scope, "path": path, "root_path": root_path}
            scope["state"]["routed"] = scope  # for whoever wants to know the route afterwards
        await self.app(scope, receive, send)


def _with_defaults(headers: object, correlation_id: str) -> list[tuple[bytes, bytes]]:
    own: list[tuple[bytes, bytes]] = list(headers)  # type: ignore[call-overload]
    present = {name.lower() for name, _ in own}
    missing = [header for header in SECURITY_HEADERS if header[0] not in present]
    return [*own, *missing, (CORRELATION_HEADER, correlation_id.encode())]


def _announced_bytes(scope: Scope) -> int:
    """The Content-Length, 0 when there is none that makes sense; the count while reading holds in any case."""
    lengths = [value for name, value in scope["headers"] if name.lower() == b"content-length"]
    return max((int(text[:20]) for text in lengths if text.isdigit()), default=0)
