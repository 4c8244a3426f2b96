"""Watches every request to a route: counts it, writes one line of it, and makes a span of it where spans are wanted.

Nothing of a request's address, query, headers or body is kept, only the route that answered it.
"""

import logging
import time
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pierhead.kit.log import REQUEST, RequestFacts
from pierhead.server.request_figures import UNMATCHED, RequestFigures

log = logging.getLogger("pierhead.access")

_QUIET = frozenset({"/health", "/ready", "/metrics"})
"""Asked every few seconds by machines; their lines would bury all others."""


class Spans(Protocol):
    """Where spans go. Called for every request, so it must not block."""

    def request(self, method: str, route: str, status: int, began_ns: int, facts: RequestFacts) -> None: ...


class Observed:
    """Next to the barrier, so that whatever is refused is seen as well.

    What it needs of the application it finds in ``app.state``.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope["state"]
        facts = state["facts"] = RequestFacts(state["correlation_id"])
        REQUEST.set(facts)  # the server gives each request a task, and so a context, of its own
        status = 500
        began, began_ns = time.perf_counter(), time.time_ns()

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_observed)
        finally:
            seconds = time.perf_counter() - began
            route = getattr(state.get("routed", scope).get("route"), "path", UNMATCHED)
            _note(scope, route, status, seconds, began_ns, facts)


def _note(scope: Scope, route: str, status: int, seconds: float, began_ns: int, facts: RequestFacts) -> None:
    kept = scope["app"].state
    figures: RequestFigures = kept.request_figures
    figures.answered(scope["method"], route, status, seconds)
    spans: Spans | None = kept.spans
    if spans is not None:
        spans.request(scope["method"], route, status, began_ns, facts)
    if log.isEnabledFor(logging.INFO) and kept.has_access_log and route not in _QUIET:
        fields = {"method": scope["method"][:20], "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        log.info("request", extra=fields)
