"""What answers say by the way: how much of the rate limit is left, warnings, and what was said last."""

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from pierhead.kit.redact import SecretValue, redact

from .exchange import Exchange, show_text
from .wire.head import Headers

MAX_WARNINGS: Final = 20
_NUMBER = re.compile(r"\s*([0-9]{1,15})\s*(?:;(.*))?\Z", re.DOTALL)
_WINDOW = re.compile(r"(?:\A|;)\s*w\s*=\s*([0-9]{1,15})\s*(?:;|\Z)")
_WARNING = re.compile(r'\s*299\s+\S+\s+"((?:[^"\\]|\\.)*)"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Pulls in ``window_s`` seconds; fields are None when the registry did not say them."""

    limit: int | None
    remaining: int | None
    window_s: int | None = None
    source: str = ""


class Journal:
    """One for each client. Thread-safe enough: values are replaced, not changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.rate_limit: RateLimit | None = None
        self.warnings: tuple[str, ...] = ()
        self.last: Callable[[], Exchange] | None = None  # made only when somebody wants to see it

    @property
    def last_exchange(self) -> Exchange | None:
        return self.last() if self.last is not None else None

    def note(self, headers: Headers, secrets: Callable[[], Iterable[SecretValue]]) -> None:
        """``secrets`` are taken out of what is kept, for a registry may repeat what it was sent."""
        found = parse_rate_limit(headers)
        if found is not None:
            self.rate_limit = found
        for warning in parse_warnings(headers.all("warning")):
            text = redact(warning, secrets())
            with self._lock:
                if text not in self.warnings and len(self.warnings) < MAX_WARNINGS:
                    self.warnings = (*self.warnings, text)


def parse_rate_limit(headers: Headers) -> RateLimit | None:
    """``ratelimit-limit: 100;w=21600`` as Docker Hub sends it, and the X- spelling of others. None when absent."""
    limit, window = _number(headers.get("ratelimit-limit") or headers.get("x-ratelimit-limit"))
    remaining, same_window = _number(headers.get("ratelimit-remaining") or headers.get("x-ratelimit-remaining"))
    if limit is None and remaining is None:
        return None
    source = show_text(headers.get("docker-ratelimit-source") or "", 100)
    return RateLimit(limit, remaining, window if window is not None else same_window, source)


def parse_warnings(values: list[str]) -> list[str]:
    """The texts of ``299 - "text"`` (distribution-spec, "Warnings"); other codes are not for us."""
    matches = (_WARNING.match(value) for value in values)
    return [show_text(re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL)) for match in matches if match]


def _number(value: str | None) -> tuple[int | None, int | None]:
    match = _NUMBER.match(value) if value else None
    if match is None:
        return None, None
    window = _WINDOW.search(match[2]) if match[2] else None
    return int(match[1]), int(window[1]) if window else None
