"""Attempts drawn from a seed: a target that must not be connected to, and a way to lead the product there."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from pierhead.protocol.tasks import (
    CopyImage,
    CopyTask,
    ListRepositoriesTask,
    ListTagsTask,
    ReadTagsTask,
    RegistryAccess,
    ResolveTask,
    Task,
    TestConnectionTask,
)

from .names import NameServer
from .sites import EVIL_PORT, PORTS, PUBLIC, SERVER_PORT, EvilRegistry
from .spellings import LOOPBACK, METADATA, PRIVATE, SCHEMES, all_hosts, spellings

IMAGE = f"{PUBLIC}:{EVIL_PORT}/a/b"
_TARGET = f"{PUBLIC}:{EVIL_PORT}/c/d"
_EVIL = f"http://{PUBLIC}:{EVIL_PORT}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """``is_allowed``: private addresses are allowed, so that only what is never allowed is aimed at."""

    kind: str
    target: str
    access: RegistryAccess
    is_allowed: bool
    task: Task

    def __str__(self) -> str:
        return f"{self.kind} to {self.target!r}{' with private allowed' if self.is_allowed else ''}: {self.task.kind}"


class Attempts:
    """Draws one after the other; each sets name server and registry up for itself."""

    def __init__(self, seed: int, names: NameServer, evil: EvilRegistry) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - to be drawn again
        self._names = names
        self._evil = evil
        self._drawn = 0
        self._hosts = all_hosts()
        names.say("evil.example", [PUBLIC])
        names.say("own.example", [LOOPBACK])

    def next(self) -> Attempt:
        self._drawn += 1
        kinds: list[Callable[[bool], tuple[str, str, RegistryAccess]]] = [
            self._direct, self._named, self._tricked, self._tricked, self._proxied, self._tunnelled,
        ]  # fmt: skip
        is_allowed = self._rng.random() < 0.3
        kind, target, access = self._rng.choice(kinds)(is_allowed)
        access = access.model_copy(update={"allow_private": is_allowed})
        return Attempt(kind, target, access, is_allowed, self._task(kind, access))

    def _direct(self, is_allowed: bool) -> tuple[str, str, RegistryAccess]:
        self._evil.trick = "none"
        scheme = self._rng.choice(SCHEMES) if self._rng.random() < 0.2 else self._rng.choice(("http://", "https://"))
        host, port = self._host(is_allowed)
        return "spelling", f"{scheme}{host}:{port}", _access(f"{scheme}{host}:{port}")

    def _named(self, is_allowed: bool) -> tuple[str, str, RegistryAccess]:
        """At the target from the start, only later, only in part, or by turns."""
        self._evil.trick = self._rng.choice(("none", "redirect"))
        address, port = self._address(is_allowed)
        rows = self._rng.choice(
            ([[address]], [[PUBLIC], [address]], [[PUBLIC, address]], [[address, PUBLIC]],
             [[PUBLIC], [PUBLIC, address]], [[PUBLIC], [PUBLIC], [address]],
             [[PUBLIC, f"::ffff:{address}"]], [[f"64:ff9b::{address}"]])
        )  # fmt: skip
        name = f"n{self._drawn}.example"
        self._names.say(name, *rows)
        at = port if rows == [[address]] or is_allowed else EVIL_PORT
        self._evil.target = f"http://{name}:{at}/next"
        return "rebinding", f"{name} {rows}", _access(f"http://{name}:{at}")

    def _tricked(self, is_allowed: bool) -> tuple[str, str, RegistryAccess]:
        trick = self._rng.choice(("redirect", "chain", "realm", "realm-redirect", "location", "link"))
        authority = self._authority(is_allowed)
        self._evil.trick, self._evil.target = trick, f"http://{authority}/latest/meta-data?x=1"
        url = self._rng.choice((_EVIL, f"http://evil.example:{EVIL_PORT}"))
        trusted = (authority,) if self._rng.random() < 0.7 else ()
        return trick, authority, _access(url, trusted_realm_hosts=trusted)

    def _proxied(self, is_allowed: bool) -> tuple[str, str, RegistryAccess]:
        authority = self._authority(is_allowed)
        url = self._rng.choice((_EVIL, "https://registry.example", "http://registry.example"))
        self._evil.trick = "none"
        return "proxy", authority, _access(url, proxy_url=f"http://{authority}")

    def _tunnelled(self, is_allowed: bool) -> tuple[str, str, RegistryAccess]:
        """Through a proxy that is willing, to what this side can tell to be forbidden."""
        host, port = self._host(is_allowed)
        url = f"{self._rng.choice(('http', 'https'))}://{host}:{port}"
        self._evil.trick = "none"
        return "tunnel", url, _access(url, proxy_url=_EVIL)

    def _authority(self, is_allowed: bool) -> str:
        if self._rng.random() < 0.6:
            host, port = self._host(is_allowed)
            return f"{host}:{port}"
        address, port = self._address(is_allowed)
        name = f"t{self._drawn}.example"
        self._names.say(name, *self._rng.choice(([[address]], [[PUBLIC, address]])))
        return f"{name}:{port}"

    def _host(self, is_allowed: bool) -> tuple[str, int]:
        if is_allowed:
            own = (LOOPBACK, "localhost", "localhost.", f"[::ffff:{LOOPBACK}]", f"{LOOPBACK}.", "own.example")
            metadata = (self._rng.choice(spellings(METADATA)), 80)
            return self._rng.choice((metadata, (self._rng.choice(own), SERVER_PORT)))
        return self._rng.choice(self._hosts), self._rng.choice(PORTS)

    def _address(self, is_allowed: bool) -> tuple[str, int]:
        if is_allowed:
            return self._rng.choice(((METADATA, 80), (LOOPBACK, SERVER_PORT)))
        return self._rng.choice((METADATA, LOOPBACK, PRIVATE)), self._rng.choice(PORTS)

    def _task(self, kind: str, access: RegistryAccess) -> Task:
        here = _access(_EVIL)
        tasks: dict[str, Callable[[], Task]] = {
            "resolve": lambda: ResolveTask(registry=access, reference=f"{IMAGE}:1"),
            "tags": lambda: ListTagsTask(registry=access, repository="a/b"),
            "facts": lambda: ReadTagsTask(registry=access, repository="a/b", tags=("1",), with_configs=True),
            "repositories": lambda: ListRepositoriesTask(registry=access),
            "test": lambda: TestConnectionTask(registry=access, images=(f"{IMAGE}:1",)),
            "copy": lambda: CopyTask(
                images=(
                    CopyImage(
                        key="k", source=f"{IMAGE}:1", target=f"{_TARGET}:2", from_registry=here, to_registry=access
                    ),
                )
            ),
        }
        wanted = {"link": ["tags", "repositories"], "location": ["copy"]}.get(kind, list(tasks))
        return tasks[self._rng.choice(wanted)]()


def _access(url: str, **more: object) -> RegistryAccess:
    return RegistryAccess.model_validate({"url": url, "username": "ann", "password": "s3cret-pass", **more})
