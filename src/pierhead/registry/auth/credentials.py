"""The one place where credentials meet a request. Given an origin, never a host name or a URL.

- To the endpoint's own origin: the token, or user name and password where the registry asked for Basic.
- To a token server (realm): user name and password, if the realm is trusted. Trusted are the endpoint's own origin,
  known pairs, what the connector lists, and names under the same registrable domain. Never from https to http.
- To all others: nothing.

The user name of all zeroes says that the password is a refresh token (as Azure has it): it goes to the token server in
a form (distribution, "OAuth2 Token Authentication"; RFC 6749 section 6), under the same rule.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import urlencode

from pierhead.kit.redact import SecretValue
from pierhead.registry.endpoint import Endpoint, UsernamePassword
from pierhead.registry.errors import ForeignRealmError
from pierhead.registry.origin import DEFAULT_PORTS, Origin

from .tokens import Token

_HUB_REALM: Final = Origin("https", "auth.docker.io", 443)
KNOWN_REALMS: Final = {
    Origin("https", "registry-1.docker.io", 443): _HUB_REALM,
    Origin("https", "index.docker.io", 443): _HUB_REALM,
    Origin("https", "registry.hub.docker.com", 443): _HUB_REALM,
    Origin("https", "docker.io", 443): _HUB_REALM,
    Origin("https", "registry.gitlab.com", 443): Origin("https", "gitlab.com", 443),
}
_NOBODY: Final = "00000000-0000-0000-0000-000000000000"
_CLIENT_ID: Final = "pierhead"


@dataclass(frozen=True, slots=True)
class Basic:
    """The registry asked for user name and password with each request."""


Grant = Token | Basic


def authorization(origin: Origin, endpoint: Endpoint, token: Grant | None) -> str | None:
    """The Authorization field for a request to ``origin`` on behalf of ``endpoint``; None to send none."""
    if origin != endpoint.origin or token is None:
        return None
    if isinstance(token, Token):
        return f"Bearer {token.value.reveal()}"
    return _basic(endpoint)


def realm_authorization(realm: Origin, endpoint: Endpoint) -> str | None:
    """The Authorization field for a request for a token. Raises ForeignRealmError, also when there is none to send."""
    if endpoint.origin.is_secure and not realm.is_secure:
        raise ForeignRealmError(endpoint.origin.authority, str(realm), "that is plain http")
    if endpoint.is_anonymous:
        return None
    if not is_trusted_realm(realm, endpoint):
        raise ForeignRealmError(endpoint.origin.authority, realm.authority, "that is another host")
    return _basic(endpoint)


def realm_form(realm: Origin, endpoint: Endpoint, service: str | None, scopes: tuple[str, ...]) -> bytes | None:
    """The form that trades a refresh token for an access token; None when there is no refresh token.

    Raises ForeignRealmError.
    """
    who = endpoint.credential
    if not isinstance(who, UsernamePassword) or who.username != _NOBODY:
        return None
    realm_authorization(realm, endpoint)  # the same rule decides whether it may be sent there at all
    fields = {"grant_type": "refresh_token", "client_id": _CLIENT_ID, "refresh_token": who.password.reveal()}
    fields |= {"service": service} if service else {}
    fields |= {"scope": " ".join(scopes)} if scopes else {}
    return urlencode(fields).encode()


def is_trusted_realm(realm: Origin, endpoint: Endpoint) -> bool:
    own = endpoint.origin
    if own.is_secure and not realm.is_secure:
        return False
    return (
        realm == own
        or KNOWN_REALMS.get(own) == realm
        or is_listed(realm, endpoint)
        or _is_same_registrable_domain(realm.host, own.host)
    )


def is_listed(origin: Origin, endpoint: Endpoint) -> bool:
    """Whether the connector names ``host`` (at the scheme's own port) or ``host:port``."""
    return any(_is_named(origin, entry) for entry in endpoint.trusted_realm_hosts)


def secrets_of(endpoint: Endpoint, token: Grant | None) -> tuple[SecretValue, ...]:
    """What must not be seen in anything shown about a request of ``endpoint``."""
    secrets = (token.value,) if isinstance(token, Token) else ()
    if isinstance(endpoint.credential, UsernamePassword):
        encoded = SecretValue(_encoded(endpoint.credential))
        return (*secrets, endpoint.credential.password, encoded)
    return secrets


def _basic(endpoint: Endpoint) -> str | None:
    who = endpoint.credential
    return f"Basic {_encoded(who)}" if isinstance(who, UsernamePassword) else None


def _encoded(who: UsernamePassword) -> str:
    return base64.b64encode(f"{who.username}:{who.password.reveal()}".encode()).decode()


def _is_named(origin: Origin, entry: str) -> bool:
    text = entry.strip().lower()
    return text == f"{_bracketed(origin.host)}:{origin.port}" or (
        text == _bracketed(origin.host) and origin.port == DEFAULT_PORTS[origin.scheme]
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_same_registrable_domain(one: str, other: str) -> bool:
    """Never for addresses and single names such as localhost: those must be equal, port and all."""
    if any(":" in host or "." not in host or host.rpartition(".")[2].isdigit() for host in (one, other)):
        return False
    own = _registrable_domain(one)
    return own is not None and own == _registrable_domain(other)


def _registrable_domain(host: str) -> str | None:
    find = _suffixes()
    return find(host) if find is not None else None


@cache
def _suffixes() -> Callable[[str], str | None] | None:
    """Read from a file of some size, so only when a realm is on another host."""
    try:
        from publicsuffixlist import PublicSuffixList
    except ImportError:  # a lean installation: fewer hosts are trusted, none more
        return None
    find: Callable[[str], str | None] = PublicSuffixList().privatesuffix
    return find
