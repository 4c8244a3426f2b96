"""The delegate's own list: the last word on where it goes for tasks, whatever these or a registry say. Pure.

It holds for every host that is connected to: registries, proxies, token servers, and where redirects lead. Its own
server and the proxy to that are not of its concern.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pierhead.protocol import tasks as wire
from pierhead.registry.endpoint import DOCKER_HUB_HOST, Endpoint, ProxySettings
from pierhead.registry.errors import RegistryError
from pierhead.registry.origin import Origin
from pierhead.registry.wire.judge import check_way
from pierhead.registry.wire.proxy import proxy_for

from .errors import DelegateSettingError, RegistryNotAllowedError

_LABEL = r"(?:\*|[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)"
_PATTERN = re.compile(rf"(?P<host>\*|{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::(?P<port>\*|[0-9]{{1,5}}))?\Z")
_EXPECTED = "a host, host:port, *.domain or host:*"
_HUB_HOSTS = frozenset({DOCKER_HUB_HOST, "auth.docker.io"})
_ALIASES: Final[Mapping[str, frozenset[str]]] = {
    "docker.io": _HUB_HOSTS,
    "index.docker.io": _HUB_HOSTS,
    "registry.hub.docker.com": _HUB_HOSTS,
}
"""Names that stand for other hosts beside themselves. Where those keep their blobs is not known to us."""


@dataclass(frozen=True, slots=True)
class AllowList:
    """``patterns`` as they were given; none allow everything.

    ``*`` stands for one label, ``*.`` in front for one or more, ``*`` alone for every host. Without a port the
    scheme's own port is meant; ``:*`` means any.
    """

    patterns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for pattern in self.patterns:
            if len(pattern) > 300 or not _PATTERN.match(pattern.lower()):
                raise DelegateSettingError("--allow-registry", pattern, _EXPECTED)

    def allows(self, origin: Origin) -> bool:
        return not self.patterns or any(_fits(pattern.lower(), origin) for pattern in self.patterns)

    def check(self, origin: Origin) -> None:
        """Raises RegistryNotAllowedError."""
        if not self.allows(origin):
            raise RegistryNotAllowedError(_place(origin))

    def refused(self, task: wire.Task) -> Mapping[str, str]:
        """The registries of ``task`` that this delegate does not go to, as their URLs are given, and why not.

        Also those whose URL cannot be read, and those behind a proxy that is not on the list.
        """
        if not self.patterns:
            return {}
        found = ((access.url, self._why_not(access)) for access in accesses_of(task))
        return {url: why for url, why in found if why}

    def _why_not(self, access: wire.RegistryAccess) -> str:
        try:
            origin = Endpoint.for_url(access.url).origin
            self.check(origin)
            if access.proxy_url is not None:
                proxy = ProxySettings.parse(access.proxy_url.get_secret_value(), access.no_proxy)
                check_way(origin, proxy_for(origin, proxy), self.check)
        except RegistryError as error:
            return error.message
        return ""


def accesses_of(task: wire.Task) -> Iterator[wire.RegistryAccess]:
    """Every registry that the task would make us talk to."""
    match task:
        case wire.PullTask():
            yield from (image.registry for image in task.images)
        case wire.CopyTask():
            for image in task.images:
                yield image.from_registry
                yield image.to_registry
        case _:
            yield task.registry


def _place(origin: Origin) -> str:
    """With its port always: that is what the list wants to be told."""
    return f"[{origin.host}]:{origin.port}" if ":" in origin.host else f"{origin.host}:{origin.port}"


def _fits(pattern: str, origin: Origin) -> bool:
    host = origin.host
    match = _PATTERN.match(pattern)
    if match is None:
        return False
    wanted, port = match["host"], match["port"]
    default = {"http": 80, "https": 443}.get(origin.scheme)
    if port != "*" and origin.port != (int(port) if port else default):
        return False
    if wanted == "*" or host in _ALIASES.get(wanted, ()):
        return True
    if wanted.startswith("[") or ":" in host:
        return wanted == f"[{host}]"
    return _is_host(wanted.split("."), host.split("."))


def _is_host(wanted: list[str], labels: list[str]) -> bool:
    if wanted[0] == "*":  # one or more labels
        return len(labels) >= len(wanted) and _are_equal(wanted[1:], labels[len(labels) - len(wanted) + 1 :])
    return len(wanted) == len(labels) and _are_equal(wanted, labels)


def _are_equal(wanted: list[str], labels: list[str]) -> bool:
    return all(pattern in ("*", label) for pattern, label in zip(wanted, labels, strict=True))
