"""Where connections may go by the word of whoever runs this program, whatever a task or a registry says. Pure.

Asked before a name is looked up or a byte is sent, for each request anew, and for every host on the way.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pierhead.registry.endpoint import Endpoint, ProxySettings
from pierhead.registry.errors import AddressRefusedError
from pierhead.registry.origin import Origin

from .addresses import OWN, PUBLIC_ONLY, AddressKind, check_name, is_literal, kind_of_name

Judge = Callable[[Origin], None]
"""Raises a RegistryError for where nothing may go."""


def everywhere(origin: Origin) -> None:
    """The judge of those who have no list."""


def check_way(origin: Origin, proxy: ProxySettings | None, judge: Judge) -> None:
    """The host itself, and the proxy by which it is reached. Raises what ``judge`` raises."""
    judge(origin)
    if proxy is not None:
        judge(proxy.origin)


AddressJudge = Callable[[str, int], bool]
"""Whether a numeric address with that port is refused, though its kind is not."""


def _none(address: str, port: int) -> bool:
    del address, port
    return False


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """``is_private_free``: private and loopback addresses are for every endpoint, not only for those allowed them.

    ``refuses`` is asked about every address before it is connected to, also those of proxies.
    """

    is_private_free: bool = True
    refuses: AddressJudge = _none

    def own(self, endpoint: Endpoint) -> frozenset[AddressKind]:
        """Where the endpoint itself, and the proxy to it, may be."""
        return OWN if self.is_private_free or endpoint.may_be_private else PUBLIC_ONLY

    def check_behind_proxy(self, origin: Origin, allowed: frozenset[AddressKind]) -> None:
        """Names are the proxy's to resolve; literals and metadata names are refused here all the same.

        Raises AddressRefusedError.
        """
        check_name(origin.host)
        kind = kind_of_name(origin.host)
        if kind is not None and kind not in allowed:
            raise AddressRefusedError(origin.host, kind)
        if is_literal(origin.host):
            self.check_address(origin.host, origin.host, origin.port)

    def check_address(self, host: str, address: str, port: int) -> None:
        """Raises AddressRefusedError, which tells no more of it than of a metadata address."""
        if self.refuses(address, port):
            raise AddressRefusedError(host, AddressKind.FORBIDDEN)

    def explained(self, error: AddressRefusedError, endpoint: Endpoint) -> AddressRefusedError:
        """With the hint for whoever can allow the address, when somebody can."""
        is_closed = self.own(endpoint) is PUBLIC_ONLY and error.kind in OWN
        return error.may_be_allowed() if is_closed else error


FREE = AddressPolicy()
"""Of those who run on their own behalf: a person at his machine, a delegate in its own network."""
