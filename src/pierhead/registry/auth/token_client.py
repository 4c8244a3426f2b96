"""Gets a token from a token server: the only request beside the registry's own that may carry credentials."""

from collections.abc import Callable

from pierhead.kit.clock import Clock
from pierhead.registry.context import CallContext, Caps
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.errors import (
    BadResponseError,
    InvalidUrlError,
    RedirectRefusedError,
    RegistryError,
    RegistryUnauthenticatedError,
)
from pierhead.registry.origin import Url
from pierhead.registry.quirks import REDIRECTS
from pierhead.registry.refusals import reason_of
from pierhead.registry.request import Answer, Request
from pierhead.registry.retry_after import parse_http_date

from .credentials import realm_authorization
from .realm import Realm
from .tokens import Token, parse_token

Send = Callable[[Endpoint, Request, Url, str | None, CallContext], Answer]


class TokenClient:
    def __init__(self, send: Send, clock: Clock, caps: Caps) -> None:
        self._send = send
        self._clock = clock
        self._caps = caps

    def fetch(
        self, endpoint: Endpoint, wanted: Request, realm: Realm, scopes: tuple[str, ...], call: CallContext
    ) -> Token:
        """Raises ForeignRealmError, RegistryUnauthenticatedError, BadResponseError and what the transport raises."""
        url = realm.token_url(scopes)
        request = Request(wanted.subject, "GET", url, headers=(("Accept", "application/json"),))
        answer = self._follow(endpoint, request, call)
        if answer.status != 200:
            raise _refused(answer)
        try:
            raw = answer.response.read(self._caps.token_bytes, f"the token from {answer.url.origin.authority}")
        except RegistryError as error:
            error.exchange = error.exchange or answer.exchange()
            raise
        finally:
            answer.close()
        server_now = parse_http_date(answer.headers.get("date") or "")
        authority = answer.url.origin.authority
        return parse_token(raw, authority, scopes, monotonic=self._clock.monotonic(), server_now=server_now)

    def _follow(self, endpoint: Endpoint, request: Request, call: CallContext) -> Answer:
        """Each hop is judged like the realm itself: a trusted one gets the credentials, another ends the matter."""
        url = request.url
        for _ in range(self._caps.redirects + 1):
            answer = self._send(endpoint, request, url, realm_authorization(url.origin, endpoint), call)
            location = answer.headers.get("location")
            if answer.status not in REDIRECTS or location is None:
                return answer
            answer.close()
            url = _next_hop(url, location, answer)
        raise RedirectRefusedError(str(request.url.origin), str(url.origin), "redirects without end", answer.exchange())


def _next_hop(url: Url, location: str, answer: Answer) -> Url:
    try:
        target = url.join(location)
    except InvalidUrlError as error:
        raise RedirectRefusedError(str(url.origin), location[:100], error.reason, answer.exchange()) from None
    if url.origin.is_secure and not target.origin.is_secure:
        raise RedirectRefusedError(str(url.origin), str(target.origin), "that is plain http", answer.exchange())
    return target


def _refused(answer: Answer) -> RegistryError:
    reason = reason_of(answer)
    said = f"the token server {answer.url.origin.authority} answered with status {answer.status}"
    if answer.status in (400, 401, 403):
        return RegistryUnauthenticatedError(
            answer.request.subject,
            is_anonymous=answer.endpoint.is_anonymous,
            reason=f"{said}{': ' + reason if reason else ''}",
            exchange=answer.exchange(),
        )
    return BadResponseError(answer.request.subject, said, answer.exchange())
