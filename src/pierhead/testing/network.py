"""Network namespaces of Linux as rooms of a small network: who shares a wire can talk, nobody else.

Needs root and the program ``ip``; where they are missing ``is_possible`` says so. Everything made here is taken away
again by the names it was made with; whatever else the machine has is left alone.
"""

import os
import secrets
import shutil
import subprocess
from typing import Self

IP = "ip"


def is_possible() -> bool:
    """Tries it: being root is not enough in every container."""
    if os.geteuid() != 0 or shutil.which(IP) is None:
        return False
    name = f"ph{secrets.token_hex(3)}"
    made = subprocess.run([IP, "netns", "add", name], capture_output=True, check=False, timeout=10)  # noqa: S603
    if made.returncode == 0:
        _ip("netns", "del", name)
    return made.returncode == 0


class Network:
    """Rooms made by ``room``, wires between them by ``wire``; a context manager that removes them all.

    A room runs programs that are started with ``inside(room)`` before their own words. The machine itself is the room
    named ``""``.
    """

    def __init__(self) -> None:
        self._mark = secrets.token_hex(3)
        self._net = secrets.randbelow(100) + 100  # 10.<net>.<wire>.0/30, unlikely to be in use
        self._rooms: list[str] = []
        self._wires = 0

    def room(self, name: str) -> str:
        """A new namespace with nothing but its own loopback; gives its name on this machine."""
        room = f"ph{self._mark}-{name}"
        _ip("netns", "add", room)
        self._rooms.append(room)
        _ip("-n", room, "link", "set", "lo", "up")
        return room

    def wire(self, one: str, other: str) -> tuple[str, str]:
        """Joins two rooms; gives the address of each on that wire."""
        self._wires += 1
        ends = [(one, f"p{self._mark}{self._wires}a", 1), (other, f"p{self._mark}{self._wires}b", 2)]
        _ip("link", "add", ends[0][1], "type", "veth", "peer", "name", ends[1][1])
        addresses = []
        for room, device, number in ends:
            address = f"10.{self._net}.{self._wires}.{number}"
            if room:
                _ip("link", "set", device, "netns", room)
            within = ("-n", room) if room else ()
            _ip(*within, "address", "add", f"{address}/30", "dev", device)
            _ip(*within, "link", "set", device, "up")
            addresses.append(address)
        return addresses[0], addresses[1]

    def inside(self, room: str) -> list[str]:
        """The words that start a program in that room."""
        return [IP, "netns", "exec", room] if room else []

    def close(self) -> None:
        """A wire goes with its rooms. Programs in them must have ended before."""
        for room in self._rooms:
            _ip("netns", "del", room)
        self._rooms = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ip(*words: str) -> None:
    subprocess.run([IP, *words], check=True, capture_output=True, timeout=10)  # noqa: S603 - words of our own
