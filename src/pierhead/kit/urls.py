"""Which URLs of other services may be used at all; pure."""

from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_safe_url(url: str) -> bool:
    """TLS, but on this machine; with a host, and without a user or a fragment."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        return False
    is_private = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    return is_private and bool(parts.hostname) and parts.username is None and not parts.fragment
