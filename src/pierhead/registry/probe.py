"""What a registry says about itself at /v2/, for connector tests: facts in the order they were found.

Refusals are part of the answer where they tell something; only what keeps us from asking at all is raised.
"""

from dataclasses import dataclass
from typing import Final

from .auth.challenge import Challenge, parse_challenges
from .auth.credentials import is_trusted_realm
from .auth.realm import Realm
from .context import CallContext
from .endpoint import Endpoint
from .errors import RegistryV1Error
from .exchange import Exchange
from .journal import Journal, RateLimit
from .origin import Url
from .quirks import is_v1_answer
from .refusals import refusal
from .request import Reply, Request
from .retry_after import parse_http_date
from .transport import Transport

_V1_PONGS: Final = (b"true", b'"true"', b"{}")


@dataclass(frozen=True, slots=True)
class Probe:
    """``url`` is where the answer came from, after redirects.

    ``status`` is the answer to an anonymous GET /v2/; ``login_status`` that with what the challenge asked for.

    ``realm`` is the token server's URL without query. ``clock_skew_s``: how far the registry's clock is ahead of ours.
    """

    url: str
    status: int
    login_status: int
    is_v2: bool
    api_version: str
    server: str
    schemes: tuple[str, ...]
    realm: str | None
    is_realm_trusted: bool
    service: str | None
    address_kind: str | None
    clock_skew_s: float | None
    rate_limit: RateLimit | None
    warnings: tuple[str, ...]
    exchange: Exchange | None


class Prober:
    def __init__(self, endpoint: Endpoint, transport: Transport, journal: Journal, call: CallContext) -> None:
        self.endpoint = endpoint
        self.transport = transport
        self.journal = journal
        self.call = call

    def probe(self) -> Probe:
        """Raises RegistryV1Error, RegistryUnauthenticatedError and whatever keeps us from an answer."""
        first = self._ask("/v2/", is_bare=True)
        if first.status == 404:
            self._check_v1(first)
        challenges = parse_challenges(first.headers.all("www-authenticate"))
        found = Realm.find(challenges, first.answer.url)
        login = self._log_in(first, challenges)
        return self._report(first, login, challenges, found[0] if found else None)

    def _log_in(self, first: Reply, challenges: tuple[Challenge, ...]) -> Reply:
        """Once more as who we are. Where the credentials themselves are refused, that is raised."""
        if first.status != 401 or not challenges:
            return first
        login = self._ask("/v2/", is_bare=False)
        if login.status == 401 and not self.endpoint.is_anonymous:
            raise refusal(login.answer)
        return login

    def _check_v1(self, first: Reply) -> None:
        ping = first if is_v1_answer(first.headers) else self._ask("/v1/_ping", is_bare=True)
        if is_v1_answer(ping.headers) or (ping.status == 200 and ping.body.strip() in _V1_PONGS):
            hint = "use a registry that speaks v2 (/v2/)"
            raise RegistryV1Error(str(self.endpoint.origin), hint, ping.answer.exchange())

    def _ask(self, path: str, *, is_bare: bool) -> Reply:
        url = Url(self.endpoint.origin, path)
        request = Request(f"registry {self.endpoint.origin.authority}", "GET", url, is_bare=is_bare)
        cap = self.transport.caps.error_bytes
        return self.transport.fetch(self.endpoint, request, self.call, self.journal, cap)

    def _report(self, first: Reply, login: Reply, challenges: tuple[Challenge, ...], realm: Realm | None) -> Probe:
        version = (first.headers.get("docker-distribution-api-version") or "")[:100]
        date = parse_http_date(first.headers.get("date") or "")
        return Probe(
            url=f"{first.answer.url.origin}{first.answer.url.path}",
            status=first.status,
            login_status=login.status,
            is_v2=first.status in (200, 401) or version.startswith("registry/2"),
            api_version=version,
            server=(first.headers.get("server") or "")[:100],
            schemes=tuple(challenge.scheme for challenge in challenges),
            realm=f"{realm.url.origin}{realm.url.path}" if realm else None,
            is_realm_trusted=realm is not None and is_trusted_realm(realm.url.origin, self.endpoint),
            service=realm.service if realm else None,
            address_kind=self.transport.address_kind(self.endpoint),
            clock_skew_s=(date - self.transport.clock.now()).total_seconds() if date else None,
            rate_limit=self.journal.rate_limit,
            warnings=self.journal.warnings,
            exchange=first.answer.exchange(),
        )
