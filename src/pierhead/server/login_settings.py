"""What the environment says about logging in, and about how many requests there may be."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pierhead.kit.redact import MASK, SecretValue
from pierhead.kit.urls import LOOPBACK, is_safe_url

from .setting_error import SettingError

DEFAULT_REQUESTS_PER_MINUTE = 1000


@dataclass(frozen=True, slots=True)
class LoginSettings:
    """``public_url``: where people's browsers find this server. ``issuer`` of None: there is no OIDC provider.
    ``has_plain_cookie``: cookies work over http, which is for loopback only. ``requests_per_minute``: of one key or
    session; 0 switches request limits off. ``trusted_proxies``: whose word about a client's address is taken."""

    public_url: str | None = None
    issuer: str | None = None
    client_id: str = ""
    client_secret: SecretValue | None = None
    client_secret_file: Path | None = None
    has_plain_cookie: bool = False
    requests_per_minute: int = DEFAULT_REQUESTS_PER_MINUTE
    trusted_proxies: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], host: str) -> "LoginSettings":
        """Reads PIERHEAD_PUBLIC_URL, _OIDC_ISSUER, _OIDC_CLIENT_ID, _OIDC_CLIENT_SECRET, _OIDC_CLIENT_SECRET_FILE,
        _SESSION_COOKIE, _REQUESTS_PER_MINUTE and _TRUSTED_PROXIES. Raises SettingError."""
        read = environment.get
        public_url = _url("PUBLIC_URL", read("PIERHEAD_PUBLIC_URL"))
        issuer = _url("OIDC_ISSUER", read("PIERHEAD_OIDC_ISSUER"))
        client_id, secret = read("PIERHEAD_OIDC_CLIENT_ID", ""), read("PIERHEAD_OIDC_CLIENT_SECRET")
        secret_file = read("PIERHEAD_OIDC_CLIENT_SECRET_FILE")
        if secret and secret_file:
            name, other = "PIERHEAD_OIDC_CLIENT_SECRET", "PIERHEAD_OIDC_CLIENT_SECRET_FILE"
            raise SettingError(name, MASK, f"the only secret: {other} names one too")
        if issuer and not client_id:
            raise SettingError("PIERHEAD_OIDC_CLIENT_ID", "", "the client id that the provider gave")
        if issuer and not public_url:
            raise SettingError("PIERHEAD_PUBLIC_URL", "", "the URL where browsers find this server")
        return cls(
            public_url=public_url.rstrip("/") if public_url else None,
            issuer=issuer,
            client_id=client_id,
            client_secret=SecretValue(secret) if secret else None,
            client_secret_file=Path(secret_file) if secret_file else None,
            has_plain_cookie=_has_plain_cookie(read("PIERHEAD_SESSION_COOKIE", "secure"), host),
            requests_per_minute=_requests(read("PIERHEAD_REQUESTS_PER_MINUTE", str(DEFAULT_REQUESTS_PER_MINUTE))),
            trusted_proxies=_proxies(read("PIERHEAD_TRUSTED_PROXIES", "")),
        )


def _url(name: str, text: str | None) -> str | None:
    if text and (not is_safe_url(text) or urlsplit(text).query):
        raise SettingError(f"PIERHEAD_{name}", text, "a URL such as https://example.com")
    return text or None


def _has_plain_cookie(text: str, host: str) -> bool:
    if text not in ("secure", "plain") or (text == "plain" and host not in LOOPBACK):
        raise SettingError("PIERHEAD_SESSION_COOKIE", text, "secure, or plain on a server that listens on loopback")
    return text == "plain"


def _requests(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise SettingError("PIERHEAD_REQUESTS_PER_MINUTE", text, "a whole number of requests, 0 for no limit")
    return int(text)


def _proxies(text: str) -> tuple[str, ...]:
    named = tuple(part.strip() for part in text.split(",") if part.strip())
    for one in named:
        try:
            ipaddress.ip_network(one)
        except ValueError:
            expected = "a list of addresses such as 127.0.0.1,10.0.0.0/8"
            raise SettingError("PIERHEAD_TRUSTED_PROXIES", one, expected) from None
    return named
