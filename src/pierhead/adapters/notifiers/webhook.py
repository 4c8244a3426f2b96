"""Notices posted to the addresses of subscribers, under the address policy of the server.

Refused are other schemes than https (http only where the server may reach private addresses), user names, passwords
and what looks like a credential in the query, and every address that the policy refuses, looked up anew for each
request. Redirects are answers like any other; of an answer's body at most 4 KiB are read, and none is kept.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qsl

from pierhead.control.notices import InvalidWebhookError, Receipt
from pierhead.kit.clock import Clock
from pierhead.kit.limits import KIB
from pierhead.registry.context import CallContext, Caps, Timeouts
from pierhead.registry.endpoint import Endpoint, TlsSettings
from pierhead.registry.errors import InvalidUrlError, RegistryError
from pierhead.registry.origin import Url
from pierhead.registry.retry_after import parse_retry_after
from pierhead.registry.transport import USER_AGENT
from pierhead.registry.wire.addresses import AddressKind
from pierhead.registry.wire.client import Route, WireClient
from pierhead.registry.wire.dial import Resolver, system_resolve
from pierhead.registry.wire.judge import FREE, AddressPolicy
from pierhead.registry.wire.payload import Whole
from pierhead.registry.wire.response import Response

LIMIT_S: Final = 10.0
"""For the whole of one request."""
MOST_URL: Final = 2048
_MOST_BODY: Final = 4 * KIB
_STEP_S: Final = 5.0
_CREDENTIALS: Final = frozenset(
    {"token", "access_token", "auth", "authorization", "key", "api_key", "apikey", "secret", "client_secret"}
    | {"password", "passwd", "pwd", "sig", "signature", "code"}
)


class HttpWebhooks:
    """Thread-safe."""

    def __init__(
        self,
        clock: Clock,
        policy: AddressPolicy = FREE,
        resolve: Resolver = system_resolve,
        tls: TlsSettings | None = None,
        limit_s: float = LIMIT_S,
    ) -> None:
        times = Timeouts(
            resolve_s=min(_STEP_S, limit_s),
            connect_s=min(_STEP_S, limit_s),
            tls_s=min(_STEP_S, limit_s),
            first_byte_s=limit_s,
            commit_s=limit_s,
            idle_s=limit_s,
        )
        self._clock = clock
        self._policy = policy
        self._tls = tls or TlsSettings()
        self._limit_s = limit_s
        self._wire = WireClient(clock, times, Caps(head_bytes=16 * KIB), USER_AGENT, resolve, policy=policy)

    def check(self, url: str) -> None:
        """Raises InvalidWebhookError, AddressRefusedError."""
        parsed = self._parsed(url)
        self._policy.check_behind_proxy(parsed.origin, self._allowed(parsed))  # literals and names, without looking up

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Raises a RegistryError."""
        target = self._parsed(url)
        allowed = self._allowed(target)
        call = CallContext(deadline_monotonic=self._clock.monotonic() + self._limit_s)
        route = Route(target.origin, self._tls, None, allowed, allowed)
        response = self._wire.send(route, "POST", target.target, list(headers.items()), call, Whole(body))
        _finish(response)
        asked_s = parse_retry_after(response.headers.all("retry-after"), self._clock.now())
        return Receipt(response.status, asked_s)

    def close(self) -> None:
        self._wire.close()

    def _allowed(self, url: Url) -> frozenset[AddressKind]:
        return self._policy.own(Endpoint(url.origin))

    def _parsed(self, url: str) -> Url:
        try:
            parsed = Url.parse(url)
        except InvalidUrlError as error:
            raise InvalidWebhookError(error.reason, "write it as https://host[:port]/path") from None
        if len(url) > MOST_URL:
            raise InvalidWebhookError(f"it is longer than {MOST_URL:,} characters", "give the receiver a shorter path")
        if not parsed.origin.is_secure and not self._policy.is_private_free:
            raise InvalidWebhookError("this server sends notices by https only", "give the receiver a certificate")
        if any(name.lower() in _CREDENTIALS for name, _ in parse_qsl(parsed.query, keep_blank_values=True)):
            raise InvalidWebhookError(
                "there is a credential in its query, and URLs are shown and logged",
                "let the receiver check the signature instead",
            )
        return parsed


def _finish(response: Response) -> None:
    """The status has said enough; reading a little lets the connection be used again."""
    try:
        with suppress(RegistryError):
            response.read_start(_MOST_BODY)
    finally:
        response.close()
