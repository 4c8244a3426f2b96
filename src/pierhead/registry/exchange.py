"""What was said on the wire, fit to be shown: no secret, no control character, no more than an excerpt."""

from collections.abc import Iterable
from dataclasses import dataclass

from pierhead.kit.redact import MASK, SecretValue, redact

EXCERPT_BYTES = 512
_PLAIN_PARAMETERS = frozenset({"n", "last", "next_page", "scope", "service", "account", "orderby", "ns"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back. ``status`` is None when nothing did; ``body`` is an excerpt."""

    method: str
    url: str
    status: int | None = None
    body: str = ""
    connector: str = ""

    @classmethod
    def of(
        cls,
        method: str,
        url: str,
        status: int | None,
        body: bytes = b"",
        *,
        connector: str = "",
        secrets: Iterable[SecretValue] = (),
    ) -> "Exchange":
        return cls(method, show_url(url), status, show_body(body, secrets), connector)

    def __str__(self) -> str:
        return f"{self.method} {self.url} -> {self.status if self.status is not None else 'no answer'}"


def show_url(url: str) -> str:
    """The URL with the values of unknown query parameters masked: a presigned URL is a secret."""
    path, mark, query = url.partition("?")
    if not mark:
        return show_text(path, 1024)
    pairs = (pair.partition("=") for pair in query.split("&")[:32])
    shown = (f"{name}{eq}{value if name in _PLAIN_PARAMETERS else MASK if eq else ''}" for name, eq, value in pairs)
    return show_text(f"{path}?{'&'.join(shown)}", 1024)


def show_body(body: bytes, secrets: Iterable[SecretValue]) -> str:
    """An excerpt of ``body``; redacted before it is cut, so that no half of a secret is left over at the edge."""
    text = redact(body[: 8 * EXCERPT_BYTES].decode("utf-8", "replace"), secrets)
    return show_text(text, EXCERPT_BYTES)


def show_text(text: str, limit: int = EXCERPT_BYTES) -> str:
    """Remote text that cannot forge a line or drive a terminal."""
    safe = "".join(
        c if c.isprintable() else " " if c in "\r\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text[:limit]
    )
    return safe.strip()
