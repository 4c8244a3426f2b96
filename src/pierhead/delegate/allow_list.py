"""The delegate's own list of registries: the last word on where it goes, whatever a task says. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pierhead.protocol import tasks as wire
from pierhead.registry.endpoint import DOCKER_HUB_HOST, Endpoint
from pierhead.registry.errors import RegistryError
from pierhead.registry.origin import Origin

from .errors import DelegateSettingError

_LABEL = r"(?:\*|[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)"
_PATTERN = re.compile(rf"(?P<host>\*|{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::(?P<port>\*|[0-9]{{1,5}}))?\Z")
_EXPECTED = "a host, host:port, *.domain or host:*"
_HUB_NAMES = ("docker.io", "index.docker.io", "registry.hub.docker.com")


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
        hosts = (origin.host, *_HUB_NAMES) if origin.host == DOCKER_HUB_HOST else (origin.host,)
        return not self.patterns or any(_fits(p.lower(), origin, host) for p in self.patterns for host in hosts)

    def refused(self, task: wire.Task) -> tuple[str, ...]:
        """The registries of ``task`` that this delegate does not go to; also those whose URL cannot be read."""
        if not self.patterns:
            return ()
        return tuple(dict.fromkeys(self._refused(accesses_of(task))))

    def _refused(self, accesses: Iterable[wire.RegistryAccess]) -> Iterator[str]:
        for access in accesses:
            try:
                origin = Endpoint.for_url(access.url).origin
            except RegistryError:
                yield access.url
                continue
            if not self.allows(origin):
                yield str(origin)


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


def _fits(pattern: str, origin: Origin, host: str) -> bool:
    match = _PATTERN.match(pattern)
    if match is None:
        return False
    wanted, port = match["host"], match["port"]
    default = {"http": 80, "https": 443}.get(origin.scheme)
    if port != "*" and origin.port != (int(port) if port else default):
        return False
    if wanted == "*":
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
