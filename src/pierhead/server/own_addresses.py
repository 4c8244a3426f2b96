"""Where the server's own worker may not go, whatever a connector says: to the server itself and to its database.

A registry at such an address would be the control plane talked into talking to itself, past everything that guards it
from outside. Addresses are compared after a name was looked up, so no spelling and no name server gets around it.
"""

import ipaddress
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from pierhead.registry.wire.judge import AddressPolicy

from .settings import Settings

_DATABASE_PORT = 5432


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """``listeners``: address and port each; the unspecified address stands for all of this machine."""

    listeners: frozenset[tuple[str, int]]

    def refuses(self, address: str, port: int) -> bool:
        """Whether connecting there would reach one of them."""
        bound = {host for host, listening in self.listeners if listening == port}
        if not bound:
            return False
        plain = _plain(address)
        return plain in bound or any(_is_any(host) and is_of_this_machine(plain) for host in bound)


def platform_policy(settings: Settings, listener: tuple[str, int] | None) -> AddressPolicy:
    """What holds for the platform delegate. ``listener``: where this process serves, when it does."""
    own = OwnAddresses(frozenset((*_listening(listener), *_database(settings))))
    return AddressPolicy(is_private_free=settings.may_reach_private, refuses=own.refuses)


def is_of_this_machine(address: str) -> bool:
    """Only such an address can be bound to; nothing is sent for that."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        return True
    return False


def _listening(listener: tuple[str, int] | None) -> Iterable[tuple[str, int]]:
    return () if listener is None else _addresses(*listener)


def _database(settings: Settings) -> Iterable[tuple[str, int]]:
    """The addresses of the shared database now; one that cannot be looked up cannot be opened either."""
    if settings.database_url is None:
        return ()
    with suppress(ValueError):
        url = urlsplit(settings.database_url.reveal())
        if url.hostname is not None:
            return _addresses(url.hostname, url.port or _DATABASE_PORT)
    return ()


def _addresses(host: str, port: int) -> list[tuple[str, int]]:
    with suppress(OSError, UnicodeError):
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [(_plain(str(sockaddr[0])), port) for *_, sockaddr in found]
    return []


def _plain(address: str) -> str:
    """One spelling; an IPv4 address as such, however it is wrapped."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def _is_any(address: str) -> bool:
    return ipaddress.ip_address(address).is_unspecified
