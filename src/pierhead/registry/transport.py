"""Sends requests to registries: waits at gates, authenticates, follows redirects, tries again. Nobody else does.

Its parts, from the wire up, one concern each: wire.client (connections), ``_send`` (gates and statuses that mean "not
now"), ``_authorised`` (401 and its like), ``_follow`` (redirects), ``_persist`` (trying again).
"""

import random
from collections.abc import Callable
from itertools import count
from typing import Final, TypeVar

from pierhead import __version__
from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.retry import Backoff

from .auth.authenticator import Authenticator, Tries
from .auth.credentials import Grant, authorization, is_listed, secrets_of
from .auth.token_client import TokenClient
from .context import CallContext, Caps, Timeouts
from .endpoint import Endpoint
from .errors import (
    BadResponseError,
    CallCancelledError,
    DeadlineExceededError,
    InvalidUrlError,
    RedirectRefusedError,
    RegistryError,
    RegistryRateLimitedError,
    RegistryUnavailableError,
    StorageRefusedError,
)
from .gates import Kind, RateGates
from .journal import Journal
from .origin import Url
from .quirks import REDIRECTS, TRANSIENT_STATUSES, is_quota
from .refusals import error_codes
from .request import Answer, Reply, Request, exchange_of
from .retry_after import parse_http_date, parse_retry_after
from .wire.addresses import OWN, AddressKind
from .wire.client import Route, WireClient
from .wire.dial import Resolver, system_resolve
from .wire.response import Response

T = TypeVar("T")
USER_AGENT: Final = f"pierhead/{__version__}"
DEFAULT_TIMEOUTS: Final = Timeouts()
DEFAULT_CAPS: Final = Caps()
DEFAULT_BACKOFF: Final = Backoff()
_MAX_REFUSED_FOR_RATE: Final = 8
_LONGEST_WAIT_S: Final = 1e9


class Transport:
    """Shared by all clients and threads of a program. ``max_rate_wait_s`` bounds what a 429 makes us wait."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        caps: Caps = DEFAULT_CAPS,
        backoff: Backoff = DEFAULT_BACKOFF,
        max_rate_wait_s: float = 900.0,
        user_agent: str = USER_AGENT,
        resolve: Resolver = system_resolve,
        rng: random.Random | None = None,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.caps = caps
        self.max_rate_wait_s = max_rate_wait_s
        self._backoff = backoff
        self._rng = rng or random.Random()  # noqa: S311  # spreads load, guards nothing
        self._gates = RateGates(self.clock, max_rate_wait_s, self._rng)
        self._wire = WireClient(self.clock, timeouts, caps, user_agent, resolve)
        self._auth = Authenticator(TokenClient(self._send_for_token, self.clock, caps).fetch, self.clock)

    def fetch(self, endpoint: Endpoint, request: Request, call: CallContext, journal: Journal, cap: int) -> Reply:
        """The answer with its whole body, at most ``cap`` bytes. Any final status; raises a RegistryError."""

        def once() -> Reply:
            answer = self._follow(endpoint, request, call, journal)
            if answer.status >= 300:
                return Reply(answer, b"")
            try:
                return Reply(answer, b"" if request.method == "HEAD" else answer.response.read(cap, request.subject))
            except RegistryError as error:
                error.exchange = error.exchange or answer.exchange()
                raise
            finally:
                answer.close()

        return self._persist(once, call)

    def open(self, endpoint: Endpoint, request: Request, call: CallContext, journal: Journal) -> Answer:
        """The answer with its body still to be read, which the caller closes. Raises a RegistryError."""
        return self._persist(lambda: self._follow(endpoint, request, call, journal), call)

    def address_kind(self, endpoint: Endpoint) -> AddressKind | None:
        """What kind of address the registry was found at; None before that and behind a proxy."""
        return self._wire.kind_of(endpoint.origin)

    def patience(self, call: CallContext) -> "Patience":
        """For whoever has to go on after a failure in the middle of a body."""
        return Patience(self, call)

    def pause(self, seconds: float, call: CallContext) -> None:
        call.pause(seconds, self.clock)

    def pauses(self) -> list[float]:
        return list(self._backoff.pauses(self._rng))

    def close(self) -> None:
        """Ends idle connections; those in use end with their answers."""
        self._wire.close()

    def __enter__(self) -> "Transport":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _persist(self, once: Callable[[], T], call: CallContext) -> T:
        patience = self.patience(call)
        while True:
            try:
                return once()
            except RegistryError as error:
                patience.after(error)

    def _follow(self, endpoint: Endpoint, request: Request, call: CallContext, journal: Journal) -> Answer:
        url = request.url
        for hop in range(self.caps.redirects + 1):
            answer = self._authorised(endpoint, request, url, hop, call, journal)
            location = answer.headers.get("location")
            if answer.status not in REDIRECTS or location is None:
                return answer
            answer.response.read_start(self.caps.error_bytes)
            answer.close()
            url = next_hop(answer, location)
        raise RedirectRefusedError(str(request.url.origin), str(url.origin), "redirects without end", answer.exchange())

    def _authorised(
        self, endpoint: Endpoint, request: Request, url: Url, hop: int, call: CallContext, journal: Journal
    ) -> Answer:
        is_own = url.origin == endpoint.origin
        tries = Tries()
        # A blob's redirect gets no credentials at all, presigned URLs even break by them; if our own registry then
        # says 401, it is asked like any other time.
        is_bare = request.is_bare or not is_own or (request.is_blob and hop > 0)
        grant = None if is_bare else self._auth.grant_for(endpoint, request, call, tries)
        while True:
            answer = self._send(endpoint, request, url, grant, call, journal)
            if not is_own:
                return _stranger(answer)
            if request.is_bare or answer.status not in (400, 401, 403):
                return answer
            try:
                following = self._auth.next_grant(answer, grant, call, tries)
            except RegistryError as error:
                error.exchange = error.exchange or answer.exchange()
                raise
            if following is None:
                return answer
            grant = following

    def _send(
        self,
        endpoint: Endpoint,
        request: Request,
        url: Url,
        grant: Grant | None,
        call: CallContext,
        journal: Journal | None,
    ) -> Answer:
        header = authorization(url.origin, endpoint, grant)
        answer = self._send_with(endpoint, request, url, header, call)
        answer.grant = grant
        if journal is not None:
            journal.last = answer.exchange
            if not answer.is_foreign:
                journal.note(answer.headers, lambda: secrets_of(endpoint, grant))
        return answer

    def _send_for_token(
        self, endpoint: Endpoint, request: Request, url: Url, header: str | None, call: CallContext
    ) -> Answer:
        return self._send_with(endpoint, request, url, header, call)

    def _send_with(
        self, endpoint: Endpoint, request: Request, url: Url, header: str | None, call: CallContext
    ) -> Answer:
        """Waits at the gate as often as we are told to. Raises RegistryRateLimitedError, RegistryUnavailableError."""
        gate = f"{url.origin} {endpoint.key}"
        for refused in count():
            self._gates.wait(gate, call)
            answer = self._once(endpoint, request, url, header, call)
            if not _is_rate_limit(answer):
                break
            error = self._close_gate(gate, answer, refused)
            if refused + 1 >= _MAX_REFUSED_FOR_RATE or (error.retry_after_s or 0) > self.max_rate_wait_s:
                raise error
        return _accepted(answer, self._asked_wait_s(answer))

    def _close_gate(self, gate: str, answer: Answer, refused: int) -> RegistryRateLimitedError:
        asked_s = self._asked_wait_s(answer)
        # Who says "at once" or nothing gets our own, growing pause: else we would run against the wall.
        wait_s = max(asked_s or 0.0, 2.0**refused)
        kind: Kind = "quota" if is_quota(answer.headers, answer.response.excerpt) else "abuse"
        host = answer.url.origin.authority
        exchange = answer.exchange()
        self._gates.close(gate, wait_s, host, kind, exchange)
        return RegistryRateLimitedError(host, kind, asked_s, exchange)

    def _asked_wait_s(self, answer: Answer) -> float | None:
        now = parse_http_date(answer.headers.get("date") or "") or self.clock.now()
        values = answer.headers.all("retry-after") or answer.headers.all("x-retry-after")
        wait_s = parse_retry_after(values, now) if values else None
        return None if wait_s is None else min(wait_s, _LONGEST_WAIT_S)

    def _once(self, endpoint: Endpoint, request: Request, url: Url, header: str | None, call: CallContext) -> Answer:
        fields = list(request.headers)
        if header is not None:
            fields.append(("Authorization", header))
        try:
            response = self._wire.send(self._route(endpoint, url), request.method, url.target, fields, call)
        except RegistryError as error:
            error.exchange = error.exchange or exchange_of(endpoint, request.method, url, None)
            raise
        if response.status >= 400:
            _read_excerpt(response, self.caps.error_bytes)
        return Answer(request, endpoint, url, response)

    def _route(self, endpoint: Endpoint, url: Url) -> Route:
        if url.origin == endpoint.origin:
            return Route(url.origin, endpoint.tls, endpoint.proxy, OWN)
        allowed = {AddressKind.PUBLIC, self._wire.kind_of(endpoint.origin) or AddressKind.PUBLIC}
        if is_listed(url.origin, endpoint):
            allowed.add(AddressKind.PRIVATE)
        return Route(url.origin, endpoint.tls.without_client(), endpoint.proxy, frozenset(allowed))


class Patience:
    """How often and how long to try again; ``after`` returns when it is time to, or raises the error."""

    def __init__(self, transport: Transport, call: CallContext) -> None:
        self._transport = transport
        self._call = call
        self._pauses = iter(transport.pauses())

    def after(self, error: RegistryError) -> None:
        pause_s = next(self._pauses, None) if error.is_transient else None
        if pause_s is None:
            raise error
        if isinstance(error, RegistryUnavailableError) and error.retry_after_s is not None:
            pause_s = max(pause_s, error.retry_after_s)
        left_s = self._call.remaining_s(self._transport.clock)
        if pause_s > self._transport.max_rate_wait_s or (left_s is not None and pause_s >= left_s):
            raise error
        self._transport.pause(pause_s, self._call)

    def renew(self) -> None:
        """There was progress: count from the start again."""
        self._pauses = iter(self._transport.pauses())


def next_hop(answer: Answer, location: str) -> Url:
    """Where a redirect leads. Raises RedirectRefusedError for plain http after https and for what is no URL of ours."""
    source = answer.url.origin
    try:
        target = answer.url.join(location)
    except InvalidUrlError as error:
        raise RedirectRefusedError(str(source), location[:60], error.reason, answer.exchange()) from None
    if source.is_secure and not target.origin.is_secure:
        raise RedirectRefusedError(str(source), str(target.origin), "that is plain http", answer.exchange())
    return target


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


def _stranger(answer: Answer) -> Answer:
    """An answer from where a redirect led. Its 401 is never met with credentials, and a presigned URL may be stale."""
    if answer.request.is_blob and answer.status >= 400 and answer.status != 416:
        raise StorageRefusedError(answer.url.origin.authority, answer.status, answer.exchange())
    return answer


def _read_excerpt(response: Response, cap: int) -> None:
    try:
        response.excerpt = response.read_start(cap)
    except (CallCancelledError, DeadlineExceededError):
        raise
    except RegistryError:
        pass  # the status has said enough
    finally:
        response.close()
