"""Gets a token from a token server: the only request beside the registry's own that may carry credentials."""

from pierhead.kit.clock import Clock
from pierhead.registry.context import CallContext, Caps
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.errors import (
    BadResponseError,
    RegistryError,
    RegistryUnauthenticatedError,
)
from pierhead.registry.redirects import check_carried, endless, next_hop
from pierhead.registry.refusals import reason_of
from pierhead.registry.request import Answer, Request
from pierhead.registry.retry_after import parse_http_date
from pierhead.registry.sender import Sender
from pierhead.registry.wire.payload import Whole

from .credentials import realm_authorization, realm_form
from .realm import Realm
from .tokens import Token, parse_token

_JSON = ("Accept", "application/json")
_FORM = ("Content-Type", "application/x-www-form-urlencoded")


class TokenClient:
    def __init__(self, sender: Sender, clock: Clock, caps: Caps) -> None:
        self._sender = sender
        self._clock = clock
        self._caps = caps

    def fetch(
        self, endpoint: Endpoint, wanted: Request, realm: Realm, scopes: tuple[str, ...], call: CallContext
    ) -> Token:
        """Raises ForeignRealmError, RegistryUnauthenticatedError, BadResponseError and what the transport raises."""
        answer = self._refreshed(endpoint, wanted, realm, scopes, call)
        if answer is None:
            request = Request(wanted.subject, "GET", realm.token_url(scopes), headers=(_JSON,))
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

    def _refreshed(
        self, endpoint: Endpoint, wanted: Request, realm: Realm, scopes: tuple[str, ...], call: CallContext
    ) -> Answer | None:
        """The answer to a refresh token; None when there is none to show, or the token server takes none: then user
        name and password are shown in the other way. One that was refused is not shown a second time."""
        form = realm_form(realm.url.origin, endpoint, realm.service, scopes)
        if form is None:
            return None
        request = Request(wanted.subject, "POST", realm.url, headers=(_JSON, _FORM), payload=Whole(form))
        url = request.url
        for _ in range(self._caps.redirects + 1):
            answer = self._sender.send(endpoint, request, url, None, call)
            target = next_hop(answer)
            if target is None:
                return None if _takes_no_form(answer) else answer
            answer.close()
            check_carried(answer, target)
            url = target
        raise endless(answer)

    def _follow(self, endpoint: Endpoint, request: Request, call: CallContext) -> Answer:
        """Each hop is judged like the realm itself: a trusted one gets the credentials, another ends the matter."""
        url = request.url
        for _ in range(self._caps.redirects + 1):
            header = realm_authorization(url.origin, endpoint)
            answer = self._sender.send(endpoint, request, url, header, call)
            target = next_hop(answer)
            if target is None:
                return answer
            answer.close()
            url = target
        raise endless(answer)


def _takes_no_form(answer: Answer) -> bool:
    """No such address, no POST there, or no such kind of grant (RFC 6749 section 5.2)."""
    if answer.status in (404, 405, 501):
        return True
    return answer.status == 400 and b'"unsupported_grant_type"' in answer.response.excerpt


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
