"""Where a request goes, read strictly: only http and https, no user part, one spelling for each host and port.

Credentials are given to an Origin and to nothing looser. Names are not resolved here.
"""

import re
from dataclasses import dataclass
from typing import Final

from .errors import InvalidUrlError

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_URL = re.compile(r"(?i:(https?)://)([^/?#]*)([^#]*)(?:#.*)?", re.DOTALL)
_UNSAFE = re.compile(r"[^\x21-\x7e]|[\\\"<>]")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
_PORT = re.compile(r"[0-9]{1,5}\Z")
_NUMERIC = re.compile(r"(?:[0-9]+|0[xX][0-9a-fA-F]*)\Z")


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host (lower case; IPv6 without brackets) and port. ``str`` leaves the scheme's own port out."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "Origin":
        """The origin of an absolute URL. Raises InvalidUrlError."""
        return Url.parse(url).origin

    @classmethod
    def at(cls, scheme: str, authority: str) -> "Origin":
        """The origin of "host", "host:port" or "[v6]:port". Raises InvalidUrlError."""
        host, port = _split(authority)
        return cls(scheme, _host(host, authority), _port(port, authority) or DEFAULT_PORTS[scheme])

    @property
    def authority(self) -> str:
        """``host`` or ``host:port``, as the Host header wants it (RFC 9110 section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS.get(self.scheme) else f"{host}:{self.port}"

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute URL: its origin, and path with query as they stand in the request line. Fragments are dropped."""

    origin: Origin
    target: str

    @classmethod
    def parse(cls, text: str) -> "Url":
        """Raises InvalidUrlError on anything but a plain http or https URL in printable ASCII."""
        if len(text) > 8192:
            raise InvalidUrlError(text, "it is longer than 8,192 characters")
        if _UNSAFE.search(text):
            raise InvalidUrlError(text, "it has characters that must be percent-encoded")
        match = _URL.fullmatch(text)
        if match is None:
            raise InvalidUrlError(text, "it does not start with http:// or https://")
        scheme, authority, target = match.groups()
        if "@" in authority:
            raise InvalidUrlError(text, "it has a user name or password in it")
        origin = Origin.at(scheme.lower(), authority)
        return cls(origin, target if target.startswith("/") else f"/{target}")

    def join(self, reference: str) -> "Url":
        """What ``reference``, absolute or relative, means from here. Raises InvalidUrlError."""
        from urllib.parse import urljoin

        if _UNSAFE.search(reference):
            raise InvalidUrlError(reference, "it has characters that must be percent-encoded")
        if _SCHEME.match(reference):
            return Url.parse(reference)  # urljoin would take "http:" or "http://" for relative
        try:
            return Url.parse(urljoin(str(self), reference))
        except ValueError as error:
            raise InvalidUrlError(reference, str(error)) from None

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def __str__(self) -> str:
        return f"{self.origin}{self.target}"


def _split(authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        host, bracket, rest = authority.partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise InvalidUrlError(authority, "its IPv6 address is not written as [address]")
        return host + bracket, rest[1:]
    host, _, port = authority.partition(":")
    return host, port


def _host(text: str, whole: str) -> str:
    host = text.lower().removesuffix(".")
    if host.startswith("["):
        return _address(host[1:-1], whole)
    # A last label that is a number would be read as an IPv4 address in one of its many spellings.
    if _NUMERIC.match(host.rpartition(".")[2]):
        return _address(host, whole)
    if len(host) > 253 or not _NAME.match(host):
        raise InvalidUrlError(whole, "its host name is not valid")
    return host


def _address(text: str, whole: str) -> str:
    import ipaddress

    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise InvalidUrlError(whole, "its host is not a plain IP address") from None
    if getattr(address, "scope_id", None):
        raise InvalidUrlError(whole, "its IPv6 address has a zone")
    return str(address)


def _port(text: str, whole: str) -> int | None:
    if not text:
        return None
    if not _PORT.match(text) or not 1 <= int(text) <= 65535:
        raise InvalidUrlError(whole, "its port is not a number from 1 to 65535")
    return int(text)
