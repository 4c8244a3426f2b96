"""What a typed registry URL means: registry name, scheme, path prefix, and what to say about it; pure.

Whether the host exists or is a registry is not asked here; which addresses may be connected to neither.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from pierhead.oci.reference import DOCKER_HUB
from pierhead.oci.reference_grammar import fault_of_host, fault_of_repository, is_host_like

from .errors import InvalidRegistryUrlError
from .hosts import PathRule, known_host
from .model import ConnectorWarning, ProviderType

_MAX_LENGTH = 2048
_DEFAULT_PORTS = {"https": 443, "http": 80}
_PARTS = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?([^/?#]*)([^?#]*)(.*)\Z")
_FORM = "write it as https://host[:port][/path]"


@dataclass(frozen=True, slots=True)
class RegistryAddress:
    """``registry`` is ``docker.io`` or ``host[:port]`` as references spell it; ``path_prefix`` has no outer slashes.

    ``pull_secret_key`` is the key under which a node looks up credentials for images from here.
    """

    registry: str
    scheme: str
    path_prefix: str
    pull_secret_key: str
    notes: tuple[ConnectorWarning, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(note.text for note in self.notes)

    @property
    def is_plain_http(self) -> bool:
        return self.scheme == "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.registry}{'/' if self.path_prefix else ''}{self.path_prefix}"


@lru_cache(maxsize=1024)
def normalise_url(text: str, provider_type: ProviderType = ProviderType.OTHER) -> RegistryAddress:
    """The address that a typed URL means. Raises InvalidRegistryUrlError, whose text repeats no user name or query."""
    return _Reading(text, provider_type).address()


class _Reading:
    """One URL on its way to an address; collects the notes that the steps leave."""

    def __init__(self, text: str, provider_type: ProviderType) -> None:
        self.notes: list[ConnectorWarning] = []
        self.provider_type = provider_type
        self.shown = text.strip().rpartition("@")[2]
        self.typed_scheme, authority, self.path = self._split(text.strip())
        self.host, self.port = self._host_and_port(authority.lower())
        # The table speaks of hosts at their usual port; another port is another server.
        is_usual = self.port in (None, 443) or (self.port == 80 and self.typed_scheme == "http")
        self.known = known_host(self.host) if is_usual else None

    def address(self) -> RegistryAddress:
        scheme = self._scheme()
        registry = self._registry(scheme)
        self._note_host(registry)
        parts = self._prefix()
        path = "".join(f"/{part}" for part in parts)
        key = self.known.pull_secret_key if self.known else None
        return RegistryAddress(registry, scheme, path[1:], key or f"{registry}{path}", tuple(self.notes))

    def _refuse(self, reason: str, hint: str) -> InvalidRegistryUrlError:
        return InvalidRegistryUrlError(self.shown, reason, hint=hint)

    def _note(self, code: str, text: str) -> None:
        self.notes.append(ConnectorWarning(code, text))

    def _split(self, text: str) -> tuple[str, str, str]:
        if not text:
            raise self._refuse("cannot be empty", "enter a URL such as https://index.docker.io/v2/")
        if "@" in text:
            hint = "choose authentication UsernamePassword and give the password as a secret"
            raise self._refuse("has a user name or password before it", hint)
        if len(text) > _MAX_LENGTH or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
            raise self._refuse("has characters no registry URL has, or too many", _FORM)
        scheme, authority, path, rest = _PARTS.findall(text)[0]  # every part may be empty, so any line matches
        self.shown = text.removesuffix(rest)
        if rest:
            raise self._refuse("has a query or fragment after it", "leave out everything from the ? or # on")
        if scheme and scheme.lower() not in _DEFAULT_PORTS:
            raise self._refuse(f"has the scheme {scheme}", "use https://, or http:// for a registry without TLS")
        return scheme.lower() or "https", authority, path

    def _host_and_port(self, authority: str) -> tuple[str, int | None]:
        if fault_of_host(authority):
            raise self._refuse("has no host[:port] that could be one", _FORM)
        host, colon, port = authority.rpartition(":")
        return (authority, None) if not colon or port.endswith("]") else (host, int(port))

    def _scheme(self) -> str:
        if self.typed_scheme == "https":
            return "https"
        if self.known:
            self._note("https-used", f"{self.known.name} is spoken to over https, although the URL says http")
            return "https"
        self._note("plain-http", f"http:// is not encrypted: whoever is on the way to {self.host} can read and alter")
        return "http"

    def _registry(self, scheme: str) -> str:
        if self.known:
            return self.known.canonical or self.host
        # The default port says nothing for https. For http it does: without it a node would go to port 443.
        is_silent = self.port is None or (scheme == "https" and self.port == _DEFAULT_PORTS["https"])
        registry = self.host if is_silent else f"{self.host}:{self.port}"
        if is_host_like(registry):
            return registry
        registry = f"{self.host}:{_DEFAULT_PORTS[scheme]}"
        if self.port is None:
            why = f"without a port, {self.host} would read as an account of Docker Hub"
            self._note("port-added", f"image names begin with {registry}: {why}")
        return registry

    def _prefix(self) -> list[str]:
        parts = self._without_api_version([part for part in self.path.split("/") if part])
        if parts and fault_of_repository("/".join(parts)):
            hint = "image names have lower-case letters and digits with single . _ - between them"
            raise self._refuse("has a path that cannot be part of an image name", hint)
        if parts and self.known and self.known.path is PathRule.NONE:
            raise self._refuse(f"has a path, but {self.known.name} has none below its host", f"use {self.known.use}")
        return self._with_path_needed(parts)

    def _without_api_version(self, parts: list[str]) -> list[str]:
        while parts and parts[-1].lower() in ("v1", "v2"):
            if parts.pop().lower() == "v1":
                self._note_v1(parts)
        if parts and parts[0] == "v2":
            self._note("api-path", "/v2/ is where the registry's API begins, not a part of image names; it is left out")
        while parts and parts[0] == "v2":
            parts = parts[1:]
        return parts

    def _note_v1(self, parts: list[str]) -> None:
        if self.known and self.known.accepts_v1:
            self._note("api-v1", f"the v1 API is gone; v2 is used, as with {self.known.use}")
            return
        port = f":{self.port}" if self.port else ""
        instead = "/".join([f"{self.typed_scheme}://{self.host}{port}", *parts, "v2/"])
        raise self._refuse(
            "is of the Docker registry v1 API, which registries no longer have",
            f"use the v2 API of the same registry: {instead}",
        )

    def _with_path_needed(self, parts: list[str]) -> list[str]:
        known = self.known
        if known is None or len(parts) >= known.path_segments:
            return parts
        needs = f"{known.name} needs {known.path_words} after the host"
        if not parts and self.host in known.web_pages and known.web_page_path:
            meant = f"/{known.web_page_path}, that of the CI's images, is used"
            self._note("path-assumed", f"{needs}, as in {known.use}; none was given, so {meant}")
            return [known.web_page_path]
        self._note("path-missing", f"{needs}, as in {known.use}")
        return parts

    def _note_host(self, registry: str) -> None:
        if self.provider_type is ProviderType.DOCKER_HUB and registry != DOCKER_HUB:
            self._note("provider-mismatch", f"the provider type is Docker Hub, but images come from {registry}")
        known = self.known
        if known is None:
            return
        if self.host in known.web_pages:
            self._note("web-page", f"{self.host} is a web page for people; images are pulled from {registry}")
        if known.dead_since:
            ended = f"{known.name} ended on {known.dead_since:%d %B %Y}: pulls from it fail"
            self._note("dead-registry", f"{ended}. Use {known.use}")
        if known.warning:
            self._note("registry-deprecated", f"{known.warning}. Use {known.use}")
