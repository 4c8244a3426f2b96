"""The many ways to write an address that a request must not go to; pure."""

import ipaddress

METADATA, LOOPBACK, PRIVATE = "169.254.169.254", "127.0.0.1", "10.9.8.7"


def spellings(address: str) -> tuple[str, ...]:
    """Hosts of URLs that a resolver, a browser or a C library reads as the IPv4 ``address``."""
    number = int(ipaddress.IPv4Address(address))
    a, b, c, d = (number >> shift & 255 for shift in (24, 16, 8, 0))
    high, low = number >> 16, number & 0xFFFF
    v4 = f"{a:x}{b:02x}:{c:x}{d:02x}"
    return (
        address, f"{address}.", str(number), f"0x{number:x}", f"0X{number:X}", f"0{number:o}",
        f"{a}.{b}.{low}", f"{a}.{number & 0xFFFFFF}", f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}", f"0x{a:x}.{b}.{c}.{d}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"{a:04o}.{b:04o}.{c:04o}.{d:04o}", f"{a}.{b}.{c}.{d:03}", f"00{a}.{b}.{c}.{d}",
        f"{a + 256}.{b}.{c}.{d}", f"{number + 2**32}", f"{a}.{b}.{c}.{d}%00", f"%{ord(address[0]):x}{address[1:]}",
        address.replace(".", "%2e"), address.replace(".", "\u3002"), address.replace(".", "\uff0e"),
        "".join(chr(0x2460 + int(x) - 1) if x in "123456789" else x for x in address),
        "".join(chr(0xFF10 + int(x)) if x.isdigit() else x for x in address),
        f"[::ffff:{address}]", f"[::FFFF:{v4}]", f"[0:0:0:0:0:ffff:{v4}]", f"[::{address}]", f"[::{v4}]",
        f"[64:ff9b::{address}]", f"[64:ff9b::{v4}]", f"[64:ff9b:1::{v4}]", f"[2002:{v4}::]", f"[2002:{v4}::1]",
        f"[::ffff:0:{v4}]", f"[{address}]", "[fe80::1%25lo]", f"[fe80::{v4}]", f"user@{address}", f"u:p@{address}",
        f"8.8.4.4@{address}", f"{address}#@8.8.4.4", f"8.8.4.4#@{address}", f"8.8.4.4\\@{address}",
        f"{address}\\@8.8.4.4", f"{address}?@8.8.4.4", f"\t{address}", f"{address}\t",
        f"{a}.{b}.\t{c}.{d}", f"{address}\r\nHost: x",
        f" {address}", f"{address} ", f"{address}\x00.example", f"{high}.{low}", f"0x{high:x}.{low}",
    )  # fmt: skip


NAMES = (
    "localhost", "localhost.", "LOCALHOST", "a.localhost", "localhost%2e", "metadata", "metadata.google.internal",
    "metadata.google.internal.", "METADATA.google.internal", "instance-data", "instance-data.ec2.internal",
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::1%25lo]", "0", "0.0.0.0",  # noqa: S104
    "[fd00:ec2::254]", "100.100.100.200",
    "[::ffff:0.0.0.0]", "127.1", "127.0.1", "0177.1", "0x7f.1", "2130706433", "127.255.255.254", "255.255.255.255",
    "224.0.0.1", "[ff02::1]", "192.0.0.192", "[fec0::1]",
)  # fmt: skip
SCHEMES = ("http://", "https://", "HTTP://", "http:", "http:/", "//", "", "file://", "gopher://", "ftp://", "dict://",
           "http+unix://", "unix://", "ws://", "jar:http://")  # fmt: skip


def all_hosts() -> tuple[str, ...]:
    """Well over a hundred."""
    return (*spellings(METADATA), *spellings(LOOPBACK), *spellings(PRIVATE), *NAMES)
