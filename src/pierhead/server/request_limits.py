"""How many requests there may be: of one address, before anything is asked of the database, and of one key or session.

Kept in the memory of each server: a limit protects a server, and needs no agreement with others.
"""

import ipaddress

from starlette.types import ASGIApp, Receive, Scope, Send

from pierhead.kit.errors import RateLimitedError
from pierhead.kit.windows import MovingWindow

from .api import errors

REQUESTS_OF_AN_ADDRESS = 5000
ADDRESS_WINDOW_S = 10.0
_MINUTE_S = 60.0
_IPV6_NETWORK_BITS = 64


class TooManyRequestsError(RateLimitedError):
    code = "too-many-requests"

    def __init__(self, whose: str, retry_after_s: float) -> None:
        super().__init__(
            f"too many requests of this {whose}",
            retry_after_s=retry_after_s,
            hint="wait as long as Retry-After says; the operator may raise PIERHEAD_REQUESTS_PER_MINUTE",
        )


class RequestLimits:
    """Thread-safe. ``per_minute`` of 0: no limits, of addresses neither."""

    def __init__(self, per_minute: int, per_address: int = REQUESTS_OF_AN_ADDRESS) -> None:
        self._credentials = MovingWindow(per_minute, _MINUTE_S)
        self._addresses = MovingWindow(per_address if per_minute else 0, ADDRESS_WINDOW_S)

    def count_credential(self, credential: str) -> None:
        """Raises TooManyRequestsError."""
        if wait_s := self._credentials.hit(credential):
            raise TooManyRequestsError("key", wait_s)

    def count_address(self, address: str) -> None:
        """Raises TooManyRequestsError."""
        if wait_s := self._addresses.hit(_network(address) if ":" in address else address):
            raise TooManyRequestsError("address", wait_s)


class AddressGate:
    """Refuses what an address asks beyond its limit, before a route is looked for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("client"):
            limits: RequestLimits = scope["app"].state.request_limits
            try:
                limits.count_address(scope["client"][0])
            except TooManyRequestsError as error:
                await errors.refusal(error, scope["state"]["correlation_id"])(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _network(address: str) -> str:
    """Whoever has one IPv6 address has all of its network."""
    try:
        return str(ipaddress.IPv6Network((address.partition("%")[0], _IPV6_NETWORK_BITS), strict=False))
    except ValueError:
        return address
