"""Registry hosts that ended or are about to: the entries, and what a URL or an image's name there becomes; pure.

Asks nobody whether a host is alive. How a list is read from a file is in ``files``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from pierhead.control.connectors import ProviderType, normalise_url
from pierhead.kit.errors import AppError
from pierhead.oci.reference import Reference
from pierhead.oci.reference_grammar import is_host_like

_USUAL_PORTS = (None, 80, 443)


class Then(StrEnum):
    """What is at the host from its end on."""

    SHUT_DOWN = "shut-down"
    READ_ONLY = "read-only"
    REDIRECTS = "redirects"
    WEB_PAGE = "web-page"
    OLD_API = "old-api"

    @property
    def breaks(self) -> bool:
        """Whether images cannot be had there any more."""
        return self is Then.SHUT_DOWN


@dataclass(frozen=True, slots=True)
class Rewrite:
    """``source``: a path without outer slashes that ``target``, a URL, takes the place of; ``is_exact``: only when
    nothing comes behind it."""

    source: str
    target: str
    is_exact: bool = False

    def applied(self, path: str) -> str | None:
        """The URL for a path at the host, None where this rule is not meant."""
        rest = _behind(path, self.source)
        if rest is None or (rest and self.is_exact):
            return None
        return f"{self.target.rstrip('/')}/{rest}" if rest else self.target


@dataclass(frozen=True, slots=True)
class RetiredHost:
    """One entry; the head of ``data/hosts.toml`` explains the fields. ``ends`` None: it always was so."""

    id: str
    name: str
    hosts: tuple[str, ...]
    then: Then
    why: str
    use: str
    source: str = ""
    path: str = ""
    announced: date | None = None
    ends: date | None = None
    rewrites: tuple[Rewrite, ...] = ()
    is_own: bool = False

    def covers(self, host: str, path: str) -> bool:
        """``host`` in lower case, ``path`` without outer slashes."""
        return any(fnmatchcase(host, each) for each in self.hosts) and _behind(path, self.path) is not None

    def has_ended(self, today: date) -> bool:
        return self.ends is None or self.ends <= today


@dataclass(frozen=True, slots=True)
class Match:
    """A URL or an image's name at a retired host. ``instead``: what it becomes, None where no rule says that."""

    host: RetiredHost
    instead: str | None


class RetiredHosts:
    """All entries that are known; of several that fit, the first counts."""

    def __init__(self, entries: Iterable[RetiredHost]) -> None:
        self.entries = tuple(entries)

    def of_url(self, url: str) -> Match | None:
        """For a connector's URL as it was typed; another port is another server."""
        host, path = typed(url)
        found = self._find(host, path)
        return None if found is None else Match(found, next(_good_urls(found, path), None))

    def of_image(self, image: str) -> Match | None:
        """For an image's name as it was written; one that names no host is at none of these."""
        first, slash, rest = image.strip().partition("/")
        if not slash or not is_host_like(first):
            return None
        found = self._find(typed(first)[0], rest)
        return None if found is None else Match(found, next(_good_names(found, rest), None))

    def _find(self, host: str, path: str) -> RetiredHost | None:
        return next((entry for entry in self.entries if host and entry.covers(host, path)), None)


def typed(url: str) -> tuple[str, str]:
    """Host in lower case and path without outer slashes, both empty for what is no URL or not at the usual port."""
    try:
        parts = urlsplit(url.strip() if "://" in url else f"//{url.strip()}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "", ""
    return (host, parts.path.strip("/")) if port in _USUAL_PORTS else ("", "")


def _behind(path: str, start: str) -> str | None:
    """What follows ``start`` in whole segments; None when the path does not begin so."""
    if not start:
        return path
    return path.removeprefix(start).lstrip("/") if f"{path}/".startswith(f"{start}/") else None


def _good_urls(host: RetiredHost, path: str) -> Iterator[str]:
    """What the rules make of a connector's path, as far as it is a URL that a connector can have."""
    for rule in host.rewrites:
        url = rule.applied(_without_api(path))
        if url is not None and _is_good(url):
            yield url


def _good_names(host: RetiredHost, rest: str) -> Iterator[str]:
    """The same of an image's name behind its host, which always has something behind the path of a rule."""
    for rule in host.rewrites:
        behind = _behind(rest, rule.source)
        if behind and not rule.is_exact and _is_good(rule.target):
            address = normalise_url(rule.target)
            name = "/".join(part for part in (address.registry, address.path_prefix, behind) if part)
            if _is_name(name):
                yield name


def _without_api(path: str) -> str:
    """People write the API's own path behind the host or the path."""
    return "/".join(part for part in path.split("/") if part not in ("v1", "v2"))


def _is_good(url: str) -> bool:
    try:
        normalise_url(url, provider_of(url))
    except AppError:
        return False
    return True


def _is_name(image: str) -> bool:
    try:
        Reference.parse(image)
    except AppError:
        return False
    return True


def provider_of(url: str) -> ProviderType:
    """What kind a connector with this URL is."""
    host, _ = typed(url)
    return ProviderType.DOCKER_HUB if host == "docker.io" or host.endswith(".docker.io") else ProviderType.OTHER
