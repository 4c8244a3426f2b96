"""What each registry was found to want, the tokens it gave, and which to try next after a "no"."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from pierhead.kit.clock import Clock
from pierhead.registry.context import CallContext
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.errors import RegistryError
from pierhead.registry.request import Answer, Request

from .challenge import Challenge, parse_challenges
from .credentials import Basic, Grant
from .flights import Flights
from .realm import Realm
from .scopes import scopes_to_ask
from .tokens import AGED_S, Token, TokenCache

_MAX_LEARNED = 4096
# A token server's node may be ahead of the registry's by some tenths of a second.
FRESH_TOKEN_PAUSE_S: Final = 1.0
# One for what we thought to need, one for what the registry says we need, one in place of an expired one.
MAX_FETCHES: Final = 3

FetchToken = Callable[[Endpoint, Request, Realm, "tuple[str, ...]", CallContext], Token]


class Tries:
    """What one request already tried, so that it tries nothing twice."""

    __slots__ = ("fetched", "was_delayed")

    def __init__(self) -> None:
        self.fetched: set[tuple[str, ...]] = set()
        self.was_delayed = False


class Authenticator:
    """Thread-safe. ``fetch`` gets a token over the network."""

    def __init__(self, fetch: FetchToken, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._learned: dict[str, Realm | Basic] = {}
        self._tokens = TokenCache()
        self._flights: Flights[Token] = Flights(clock)

    def grant_for(self, endpoint: Endpoint, request: Request, call: CallContext, tries: Tries) -> Grant | None:
        """What to send along from the start, by what was learned before; None to ask first."""
        token = self._tokens.find((endpoint.key, request.scope), self._clock.monotonic())
        if token is not None:
            return token
        learned = self._learned.get(endpoint.key)
        if isinstance(learned, Realm):
            scopes = request.scopes
            try:
                return self._renewed(endpoint, request, learned, scopes, None, call, tries)
            except RegistryError:
                self._forget(endpoint)  # the next try asks the registry first
                raise
        return learned

    def next_grant(self, answer: Answer, grant: Grant | None, call: CallContext, tries: Tries) -> Grant | None:
        """What to try after a refusal, None when there is nothing left. Raises a RegistryError."""
        try:
            return self._next_grant(answer, grant, call, tries)
        except RegistryError as error:
            error.exchange = error.exchange or answer.exchange()
            raise

    def _next_grant(self, answer: Answer, grant: Grant | None, call: CallContext, tries: Tries) -> Grant | None:
        endpoint, request = answer.endpoint, answer.request
        if answer.status != 401:
            return self._after_aged_token(endpoint, request, grant, call, tries)
        challenges = parse_challenges(answer.headers.all("www-authenticate"))
        found = Realm.find(challenges, answer.url)
        if found is not None:
            return self._after_bearer(answer, *found, grant, call, tries)
        if any(challenge.scheme == "basic" for challenge in challenges):
            return self._after_basic(endpoint, grant)
        return self._after_aged_token(endpoint, request, grant, call, tries, any_age=True)

    def _after_bearer(
        self, answer: Answer, realm: Realm, challenge: Challenge, grant: Grant | None, call: CallContext, tries: Tries
    ) -> Grant | None:
        endpoint, request = answer.endpoint, answer.request
        scopes = scopes_to_ask(request.scopes, challenge.scopes)
        failed = grant if isinstance(grant, Token) else None
        is_short = challenge.get("error") == "insufficient_scope"
        if failed is not None and is_short and set(scopes) <= set(failed.scopes) and not self._is_aged(failed):
            return None  # the token server gave what it would give
        if scopes not in tries.fetched and len(tries.fetched) < MAX_FETCHES:
            return self._renewed(endpoint, request, realm, scopes, failed, call, tries)
        if is_short or tries.was_delayed:
            return None
        tries.was_delayed = True
        call.pause(FRESH_TOKEN_PAUSE_S, self._clock)
        return grant

    def _after_basic(self, endpoint: Endpoint, grant: Grant | None) -> Grant | None:
        if endpoint.is_anonymous or isinstance(grant, Basic):
            return None
        self._learn(endpoint, Basic())
        return Basic()

    def _after_aged_token(
        self,
        endpoint: Endpoint,
        request: Request,
        grant: Grant | None,
        call: CallContext,
        tries: Tries,
        *,
        any_age: bool = False,
    ) -> Grant | None:
        """Some registries answer an expired token with 400 or 403, or with a 401 that says no more."""
        realm = self._learned.get(endpoint.key)
        if not isinstance(grant, Token) or not isinstance(realm, Realm) or grant.scopes in tries.fetched:
            return None
        if not any_age and not self._is_aged(grant):
            return None
        return self._renewed(endpoint, request, realm, grant.scopes, grant, call, tries)

    def _is_aged(self, token: Token) -> bool:
        return self._clock.monotonic() - token.came_at >= AGED_S

    def _renewed(
        self,
        endpoint: Endpoint,
        request: Request,
        realm: Realm,
        scopes: tuple[str, ...],
        failed: Token | None,
        call: CallContext,
        tries: Tries,
    ) -> Token:
        """A token other than ``failed``: the one another thread has got meanwhile, or a new one."""
        key = (endpoint.key, request.scope)
        if failed is not None:
            self._tokens.drop(key, failed)

        def work() -> Token:
            current = self._tokens.find(key, self._clock.monotonic())
            if current is not None and set(scopes) <= set(current.scopes):
                return current
            token = self._fetch(endpoint, request, realm, scopes, call)
            self._tokens.put(key, token)
            self._learn(endpoint, realm)  # only now: a realm that gives no tokens is not worth keeping
            return token

        tries.fetched.add(scopes)
        return self._flights.run((key, scopes), work, call)

    def _forget(self, endpoint: Endpoint) -> None:
        with self._lock:
            self._learned.pop(endpoint.key, None)

    def _learn(self, endpoint: Endpoint, what: Realm | Basic) -> None:
        with self._lock:
            if len(self._learned) >= _MAX_LEARNED:
                self._learned.clear()
            self._learned[endpoint.key] = what
