"""Sends requests to registries: authenticates, follows redirects, tries again. Nobody else does.

From the wire up, one concern each: wire.client (connections), sender (gates, "not now"), ``_authorised`` (401 and its
like), ``_follow`` (redirects), ``_persist`` (trying again).
"""

import random
from collections.abc import Callable
from typing import Final, TypeVar

from pierhead import __version__
from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.retry import Backoff

from .auth.authenticator import Authenticator, Tries
from .auth.credentials import Grant, authorization, secrets_of
from .auth.token_client import TokenClient
from .context import CallContext, Caps, Timeouts
from .endpoint import Endpoint
from .errors import RegistryError, StorageRefusedError
from .gates import RateGates
from .journal import Journal
from .origin import Url
from .patience import Patience
from .redirects import check_carried, endless, next_hop
from .request import Answer, Reply, Request
from .sender import Sender, may_repeat
from .wire.addresses import AddressKind
from .wire.client import WireClient
from .wire.dial import Resolver, system_resolve
from .wire.judge import FREE, AddressPolicy, Judge, everywhere

T = TypeVar("T")
USER_AGENT: Final = f"pierhead/{__version__}"
DEFAULT_TIMEOUTS: Final = Timeouts()
DEFAULT_CAPS: Final = Caps()
DEFAULT_BACKOFF: Final = Backoff()


class Transport:
    """Shared by all clients and threads of a program. ``max_rate_wait_s`` bounds what a 429 makes us wait.

    ``judge`` is asked about every host that anything is sent to: registries, token servers, storage, proxies;
    ``addresses`` says at what addresses these may be.
    """

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
        judge: Judge = everywhere,
        addresses: AddressPolicy = FREE,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.caps = caps
        self.judge = judge
        self.addresses = addresses
        self._backoff = backoff
        self._max_rate_wait_s = max_rate_wait_s
        self._rng = rng or random.Random()  # noqa: S311  # spreads load, guards nothing
        self._wire = WireClient(self.clock, timeouts, caps, user_agent, resolve, judge, addresses)
        self._sender = Sender(
            self._wire, RateGates(self.clock, max_rate_wait_s, self._rng), self.clock, caps, addresses
        )
        self._auth = Authenticator(TokenClient(self._sender, self.clock, caps).fetch, self.clock)

    def fetch(self, endpoint: Endpoint, request: Request, call: CallContext, journal: Journal, cap: int) -> Reply:
        """The answer with its whole body, at most ``cap`` bytes. Any final status; raises a RegistryError."""

        def once() -> Reply:
            answer = self._follow(endpoint, request, call, journal)
            try:
                has_body = answer.status < 300 and request.method != "HEAD"
                return Reply(answer, answer.response.read(cap, request.subject) if has_body else b"")
            except RegistryError as error:
                error.exchange = error.exchange or answer.exchange()
                raise
            finally:
                answer.close()

        return once() if request.is_once else self._persist(once, call)

    def open(self, endpoint: Endpoint, request: Request, call: CallContext, journal: Journal) -> Answer:
        """The answer with its body still to be read, which the caller closes. Raises a RegistryError."""
        return self._persist(lambda: self._follow(endpoint, request, call, journal), call)

    def address_kind(self, endpoint: Endpoint) -> AddressKind | None:
        """What kind of address the registry was found at; None before that and behind a proxy."""
        return self._wire.kind_of(endpoint.origin)

    def patience(self, call: CallContext) -> Patience:
        """For whoever has to go on after a failure in the middle of a body."""
        return Patience(self._backoff, self._rng, self.clock, call, self._max_rate_wait_s)

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
            try:
                target = next_hop(answer)
                if target is None:
                    return answer
                check_carried(answer, target)
                answer.response.read_start(self.caps.error_bytes)
            except RegistryError:
                answer.close()
                raise
            answer.close()
            url = target
        raise endless(answer)

    def _authorised(
        self, endpoint: Endpoint, request: Request, url: Url, hop: int, call: CallContext, journal: Journal
    ) -> Answer:
        if url.origin != endpoint.origin:
            return _stranger(self._send(endpoint, request, url, None, call, journal))
        if request.is_bare:
            return self._send(endpoint, request, url, None, call, journal)
        tries = Tries()
        # A blob's redirect gets no credentials at all, presigned URLs even break by them; if our own registry then
        # says 401, it is asked like any other time.
        is_redirected_blob = request.is_blob and hop > 0
        grant = None if is_redirected_blob else self._auth.grant_for(endpoint, request, call, tries)
        while True:
            answer = self._send(endpoint, request, url, grant, call, journal)
            if answer.status not in (400, 401, 403) or not may_repeat(request):
                return answer
            following = self._auth.next_grant(answer, grant, call, tries)
            if following is None:
                return answer
            grant = following

    def _send(
        self, endpoint: Endpoint, request: Request, url: Url, grant: Grant | None, call: CallContext, journal: Journal
    ) -> Answer:
        answer = self._sender.send(endpoint, request, url, authorization(url.origin, endpoint, grant), call)
        answer.grant = grant
        journal.last = answer.exchange
        if not answer.is_foreign:
            journal.note(answer.headers, lambda: secrets_of(endpoint, grant))
        return answer


def _stranger(answer: Answer) -> Answer:
    """An answer from where a redirect led. Its 401 is never met with credentials, and a presigned URL may be stale."""
    if answer.request.is_blob and answer.status >= 400 and answer.status != 416:
        raise StorageRefusedError(answer.url.origin.authority, answer.status, answer.exchange())
    return answer
