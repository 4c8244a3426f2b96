"""From a challenge to the URL of a token; pure (distribution, "Token Authentication Specification")."""

from dataclasses import dataclass
from urllib.parse import quote

from pierhead.registry.errors import InvalidUrlError
from pierhead.registry.origin import Url

from .challenge import Challenge


@dataclass(frozen=True, slots=True)
class Realm:
    """Where tokens are to be had, and for which service; ``service`` is None where the registry names none."""

    url: Url
    service: str | None

    @classmethod
    def find(cls, challenges: tuple[Challenge, ...], asked: Url) -> "tuple[Realm, Challenge] | None":
        """The first Bearer challenge with a usable realm; relative realms are meant from ``asked``."""
        for challenge in challenges:
            text = challenge.get("realm")
            if challenge.scheme == "bearer" and text:
                try:
                    return cls(asked.join(text), challenge.get("service")), challenge
                except InvalidUrlError:
                    continue
        return None

    def token_url(self, scopes: tuple[str, ...]) -> Url:
        """The realm's own query is kept; each scope is a parameter of its own, as Docker sends them."""
        pairs = [("service", self.service)] if self.service else []
        pairs += [("scope", scope) for scope in scopes]
        added = "&".join(f"{name}={quote(value, safe=':/,*')}" for name, value in pairs)
        query = "&".join(text for text in (self.url.query, added) if text)
        return Url(self.url.origin, f"{self.url.path}?{query}" if query else self.url.path)
