import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.registry.errors import AddressRefusedError
from pierhead.registry.wire.addresses import (
    OWN,
    AddressKind,
    check_addresses,
    check_name,
    is_literal,
    kind_of,
    kind_of_name,
)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("8.8.8.8", AddressKind.PUBLIC),
        ("2606:4700::1", AddressKind.PUBLIC),
        ("10.1.2.3", AddressKind.PRIVATE),
        ("172.16.0.1", AddressKind.PRIVATE),
        ("172.32.0.1", AddressKind.PUBLIC),
        ("192.168.0.1", AddressKind.PRIVATE),
        ("100.64.0.1", AddressKind.PRIVATE),
        ("198.18.0.7", AddressKind.PRIVATE),
        ("fd12::1", AddressKind.PRIVATE),
        ("127.0.0.1", AddressKind.LOOPBACK),
        ("127.255.255.254", AddressKind.LOOPBACK),
        ("::1", AddressKind.LOOPBACK),
        ("::ffff:127.0.0.1", AddressKind.LOOPBACK),
        ("::127.0.0.1", AddressKind.LOOPBACK),
        ("64:ff9b::7f00:1", AddressKind.LOOPBACK),
        ("2002:7f00:1::", AddressKind.LOOPBACK),
        ("::ffff:10.0.0.1", AddressKind.PRIVATE),
        ("64:ff9b::8.8.8.8", AddressKind.PUBLIC),
        ("169.254.169.254", AddressKind.FORBIDDEN),
        ("169.254.0.1", AddressKind.FORBIDDEN),
        ("::ffff:169.254.169.254", AddressKind.FORBIDDEN),
        ("64:ff9b::a9fe:a9fe", AddressKind.FORBIDDEN),
        ("64:ff9b:1::a9fe:a9fe", AddressKind.FORBIDDEN),
        ("64:ff9b:1:a9fe:a9:fe00::", AddressKind.FORBIDDEN),
        ("64:ff9b:1::10.0.0.1", AddressKind.PRIVATE),
        ("64:ff9b:1::8.8.8.8", AddressKind.PUBLIC),
        ("::ffff:0:a9fe:a9fe", AddressKind.FORBIDDEN),
        ("::ffff:0:127.0.0.1", AddressKind.LOOPBACK),
        ("2002:a9fe:a9fe::1", AddressKind.FORBIDDEN),
        ("::169.254.169.254", AddressKind.FORBIDDEN),
        ("fe80::1", AddressKind.FORBIDDEN),
        ("fe80::1%eth0", AddressKind.FORBIDDEN),
        ("fd00:ec2::254", AddressKind.FORBIDDEN),
        ("100.100.100.200", AddressKind.FORBIDDEN),
        ("0.0.0.0", AddressKind.FORBIDDEN),
        ("::", AddressKind.FORBIDDEN),
        ("224.0.0.1", AddressKind.FORBIDDEN),
        ("ff02::1", AddressKind.FORBIDDEN),
        ("255.255.255.255", AddressKind.FORBIDDEN),
        ("240.0.0.1", AddressKind.FORBIDDEN),
        ("192.0.2.1", AddressKind.FORBIDDEN),
        ("2001:db8::1", AddressKind.FORBIDDEN),
        ("nonsense", AddressKind.FORBIDDEN),
        ("", AddressKind.FORBIDDEN),
    ],
)
def test_every_address_is_of_a_kind(address: str, kind: AddressKind) -> None:
    assert kind_of(address) is kind


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_no_better_when_it_hides_in_an_ipv6_one(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    plain = kind_of(str(address))
    hidden = [
        f"::ffff:{address}",
        str(ipaddress.IPv6Address((0x0064FF9B << 96) | number)),
        str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80))),
    ]
    for text in hidden:
        assert kind_of(text) is plain


@settings(deadline=None)
@given(st.text())
def test_any_text_is_of_a_kind(text: str) -> None:
    assert kind_of(text) in AddressKind


def test_one_refused_address_refuses_all() -> None:
    assert check_addresses("x", ["8.8.8.8", "10.0.0.1"], OWN) == {AddressKind.PUBLIC, AddressKind.PRIVATE}
    with pytest.raises(AddressRefusedError, match="private"):
        check_addresses("x", ["8.8.8.8", "10.0.0.1"], frozenset({AddressKind.PUBLIC}))
    with pytest.raises(AddressRefusedError, match="link-local"):
        check_addresses("x", ["8.8.8.8", "169.254.169.254"], OWN)


@pytest.mark.parametrize("name", ["metadata", "metadata.google.internal", "instance-data"])
def test_names_of_metadata_services_are_refused(name: str) -> None:
    with pytest.raises(AddressRefusedError):
        check_name(name)


def test_some_names_tell_their_kind() -> None:
    assert kind_of_name("localhost") is AddressKind.LOOPBACK
    assert kind_of_name("registry.localhost") is AddressKind.LOOPBACK
    assert kind_of_name("10.0.0.1") is AddressKind.PRIVATE
    assert kind_of_name("registry.example.com") is None
    assert is_literal("::1")
    assert is_literal("1.2.3.4")
    assert not is_literal("v2.example.com")
