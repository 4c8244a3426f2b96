"""Which addresses a request may go to, decided from the address alone; pure (threats: SSRF, DNS rebinding).

Link-local (where clouds keep their metadata services), unspecified, multicast and reserved addresses are for nobody.
"""

import ipaddress
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from pierhead.registry.errors import AddressRefusedError

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressKind(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"
    LOOPBACK = "loopback"
    FORBIDDEN = "link-local, metadata or reserved"


OWN: Final = frozenset({AddressKind.PUBLIC, AddressKind.PRIVATE, AddressKind.LOOPBACK})
PUBLIC_ONLY: Final = frozenset({AddressKind.PUBLIC})
_METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal"})
_METADATA = frozenset(ipaddress.ip_address(text) for text in ("100.100.100.200", "fd00:ec2::254", "192.0.0.192"))
_PRIVATE = tuple(
    ipaddress.ip_network(text)
    # The fifth is for benchmarks by the book, and what VPN clients hand out as addresses of names by habit.
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "198.18.0.0/15",
        "fc00::/7",
        "fec0::/10",
    )
)
# Networks whose addresses end in an IPv4 one: NAT64 (RFC 6052, and RFC 8215 for one's own) and SIIT (RFC 2765).
_TRANSLATED = tuple(ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96"))


def kind_of(text: str) -> AddressKind:
    """The kind of a numeric address. An IPv6 address that carries an IPv4 one is the worse of the two."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return AddressKind.FORBIDDEN
    kinds = [_kind(address)] if isinstance(address, ipaddress.IPv4Address) else _kinds_of_v6(address)
    order = tuple(AddressKind)
    return max(kinds, key=order.index)


def check_addresses(host: str, addresses: Iterable[str], allowed: frozenset[AddressKind]) -> frozenset[AddressKind]:
    """The kinds of all addresses of ``host``. One refused address refuses all: which one is used is chance.

    Raises AddressRefusedError.
    """
    kinds = frozenset(kind_of(address) for address in addresses)
    refused = sorted(kinds - allowed)
    if refused:
        raise AddressRefusedError(host, refused[0])
    return kinds


def check_name(host: str) -> None:
    """Raises AddressRefusedError for names that clouds give their metadata services, whoever resolves them."""
    if host in _METADATA_NAMES:
        raise AddressRefusedError(host, AddressKind.FORBIDDEN)


def kind_of_name(host: str) -> AddressKind | None:
    """What can be told of a host without resolving it: literals and localhost. None for other names."""
    if host == "localhost" or host.endswith(".localhost"):
        return AddressKind.LOOPBACK
    return kind_of(host) if is_literal(host) else None


def is_literal(host: str) -> bool:
    """Whether a host of an Origin is an address: names never end in a number, nor have a colon."""
    return ":" in host or host.rpartition(".")[2].isdigit()


def _kind(address: _Address) -> AddressKind:
    if address in _METADATA or address.is_link_local or address.is_multicast or address.is_unspecified:
        return AddressKind.FORBIDDEN
    if address.is_loopback:
        return AddressKind.LOOPBACK
    if any(address.version == network.version and address in network for network in _PRIVATE):
        return AddressKind.PRIVATE
    # What is left and still not global is for documentation, benchmarks or nobody yet.
    return AddressKind.PUBLIC if address.is_global else AddressKind.FORBIDDEN


def _kinds_of_v6(address: ipaddress.IPv6Address) -> list[AddressKind]:
    inner: list[_Address] = [a for a in (address.ipv4_mapped, address.sixtofour) if a is not None]
    if address.teredo is not None:
        inner += address.teredo
    if any(address in network for network in _TRANSLATED):
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if int(address) >> 32 == 0 and int(address) > 0xFFFF:  # IPv4-compatible, long deprecated, still routed by some
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    outer = [] if inner else [_kind(address)]
    return outer + [_kind(a) for a in inner]
