"""One request to one address: waits at the gate of its origin, sends, and reads whether to come again later."""

from itertools import count
from typing import Final

from pierhead.kit.clock import Clock

from .auth.credentials import is_listed
from .context import CallContext, Caps
from .endpoint import Endpoint
from .errors import (
    AddressRefusedError,
    BadResponseError,
    CallCancelledError,
    DeadlineExceededError,
    RegistryError,
    RegistryRateLimitedError,
    RegistryUnavailableError,
)
from .gates import Kind, RateGates
from .origin import Url
from .quirks import TRANSIENT_STATUSES, is_quota
from .refusals import error_codes
from .request import Answer, Request, exchange_of
from .retry_after import parse_http_date, parse_retry_after
from .wire.addresses import AddressKind
from .wire.client import Route, WireClient
from .wire.judge import FREE, AddressPolicy
from .wire.response import Response

_MAX_REFUSED_FOR_RATE: Final = 8
_LONGEST_WAIT_S: Final = 1e9


class Sender:
    """Thread-safe. Follows no redirects and answers no challenges; ``header`` is the Authorization field or None."""

    def __init__(
        self, wire: WireClient, gates: RateGates, clock: Clock, caps: Caps, policy: AddressPolicy = FREE
    ) -> None:
        self._policy = policy
        self._wire = wire
        self._gates = gates
        self._clock = clock
        self._caps = caps

    def send(self, endpoint: Endpoint, request: Request, url: Url, header: str | None, call: CallContext) -> Answer:
        """Any status but those that mean "not now". Raises RegistryRateLimitedError, RegistryUnavailableError."""
        gate = f"{url.origin} {endpoint.key}"
        for refused in count():
            self._gates.wait(gate, call)
            answer = self._once(endpoint, request, url, header, call)
            if not _is_rate_limit(answer):
                break
            error = self._close_gate(gate, answer, refused)
            is_last = refused + 1 >= _MAX_REFUSED_FOR_RATE or not may_repeat(request)
            if is_last or (error.retry_after_s or 0) > self._gates.max_wait_s:
                raise error
        return _accepted(answer, self._asked_wait_s(answer))

    def _close_gate(self, gate: str, answer: Answer, refused: int) -> RegistryRateLimitedError:
        asked_s = self._asked_wait_s(answer)
        # Who says "at once" or nothing gets our own, growing pause: else we would run against the wall.
        wait_s = max(asked_s or 0.0, 2.0**refused)
        kind: Kind = "quota" if is_quota(answer.headers, answer.response.excerpt) else "abuse"
        host, exchange = answer.url.origin.authority, answer.exchange()
        self._gates.close(gate, wait_s, host, kind, exchange)
        return RegistryRateLimitedError(host, kind, asked_s, exchange)

    def _asked_wait_s(self, answer: Answer) -> float | None:
        values = answer.headers.all("retry-after") or answer.headers.all("x-retry-after")
        if not values:
            return None
        # A date is meant by the clock of the one who wrote it.
        now = parse_http_date(answer.headers.get("date") or "") or self._clock.now()
        wait_s = parse_retry_after(values, now)
        return None if wait_s is None else min(wait_s, _LONGEST_WAIT_S)

    def _once(self, endpoint: Endpoint, request: Request, url: Url, header: str | None, call: CallContext) -> Answer:
        fields = [*request.headers, ("Authorization", header)] if header is not None else request.headers
        try:
            route = self._route(endpoint, url)
            response = self._wire.send(
                route, request.method, url.target, fields, call, request.payload, is_once=request.is_once
            )
        except RegistryError as error:
            error.exchange = error.exchange or exchange_of(endpoint, request.method, url, None)
            if isinstance(error, AddressRefusedError):
                self._policy.explained(error, endpoint)
            raise
        if response.status >= 400:
            _read_excerpt(response, self._caps.error_bytes)
        return Answer(request, endpoint, url, response)

    def _route(self, endpoint: Endpoint, url: Url) -> Route:
        own = self._policy.own(endpoint)
        if url.origin == endpoint.origin:
            return Route(url.origin, endpoint.tls, endpoint.proxy, own, own)
        allowed = {AddressKind.PUBLIC, self._wire.kind_of(endpoint.origin) or AddressKind.PUBLIC}
        if is_listed(url.origin, endpoint):
            allowed.add(AddressKind.PRIVATE)
        return Route(url.origin, endpoint.tls.without_client(), endpoint.proxy, own & allowed, own)


def may_repeat(request: Request) -> bool:
    """Whether its body is still there after it was sent."""
    return request.payload is None or request.payload.is_replayable


def _accepted(answer: Answer, retry_after_s: float | None) -> Answer:
    """Raises RegistryUnavailableError for statuses that pass, BadResponseError for encodings nobody asked for."""
    if answer.status in TRANSIENT_STATUSES:
        host = answer.url.origin.authority
        raise RegistryUnavailableError(host, answer.status, answer.exchange(), retry_after_s)
    encoding = ",".join(answer.headers.all("content-encoding")).strip().lower()
    if answer.status in (200, 206) and encoding not in ("", "identity"):
        answer.close()
        raise BadResponseError(answer.request.subject, f"its encoding is {encoding[:40]!r}", answer.exchange())
    return answer


def _is_rate_limit(answer: Answer) -> bool:
    if answer.status == 429:
        return True
    return answer.status >= 400 and "TOOMANYREQUESTS" in error_codes(answer.response.excerpt)


def _read_excerpt(response: Response, cap: int) -> None:
    try:
        response.excerpt = response.read_start(cap)
    except (CallCancelledError, DeadlineExceededError):
        raise
    except RegistryError:
        pass  # the status has said enough
    finally:
        response.close()
