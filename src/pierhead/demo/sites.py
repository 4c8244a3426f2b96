"""Three sites and a registry that only one of them reaches: network namespaces where they are to be had.

Elsewhere everything is on loopback, and the delegates that shall not reach the registry are told so by their own list
of registries. Who does not reach it then declines for another reason; the rest is the same.
"""

import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass

from pierhead.testing.network import Network, is_possible

NAMES = ("north", "south", "vault")


@dataclass(frozen=True, slots=True)
class Site:
    """``prefix`` starts a program there; ``server`` is the address at which it reaches the server's machine."""

    name: str
    prefix: tuple[str, ...]
    server: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sites:
    """``listen``: the address the server has to listen on; ``registry``: host:port of the vault's registry."""

    sites: tuple[Site, ...]
    listen: str
    registry: str
    text: str


def make_sites(stack: ExitStack, bytes_per_s: float) -> Sites:
    """Lasts as long as ``stack``."""
    return _rooms(stack, bytes_per_s) if is_possible() else _loopback(stack, bytes_per_s)


def _rooms(stack: ExitStack, bytes_per_s: float) -> Sites:
    network = stack.enter_context(Network())
    rooms = {name: network.room(name) for name in (*NAMES, "registry")}
    servers = {name: network.wire("", rooms[name])[0] for name in NAMES}
    address, _ = network.wire(rooms["registry"], rooms["vault"])
    registry = _registry(stack, network.inside(rooms["registry"]), address, bytes_per_s)
    sites = tuple(Site(name, tuple(network.inside(rooms[name])), servers[name]) for name in NAMES)
    text = f"four network namespaces; the registry at {registry} shares a wire with the site vault alone"
    return Sites(sites, "0.0.0.0", registry, text)  # noqa: S104 - the sites come in over their wires


def _loopback(stack: ExitStack, bytes_per_s: float) -> Sites:
    registry = _registry(stack, [], "127.0.0.1", bytes_per_s)
    elsewhere = ("--allow-registry", "registry.example.com")
    sites = tuple(Site(name, (), "127.0.0.1", () if name == "vault" else elsewhere) for name in NAMES)
    text = f"no namespaces to be had, so all on loopback; only vault's own list allows the registry at {registry}"
    return Sites(sites, "127.0.0.1", registry, text)


def _registry(stack: ExitStack, prefix: list[str], address: str, bytes_per_s: float) -> str:
    command = [*prefix, sys.executable, "-m", "pierhead.demo.vault", address, str(bytes_per_s)]
    process = stack.enter_context(
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stack.callback(process.stdin.close)  # it ends with its input
    return process.stdout.readline().strip()
