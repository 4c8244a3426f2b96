"""Rooms reach whom they share a wire with, and nobody else."""

import subprocess
import sys

import pytest

from pierhead.testing.network import Network, is_possible

pytestmark = pytest.mark.skipif(not is_possible(), reason="network namespaces need root")

_CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2).close()"
_LISTEN = """
import socket, sys
listener = socket.create_server((sys.argv[1], 0))
print(listener.getsockname()[1], flush=True)
while True:
    listener.accept()[0].close()
"""


def can_connect(network: Network, room: str, address: str, port: str) -> bool:
    command = [*network.inside(room), sys.executable, "-c", _CONNECT, address, port]
    return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0


def test_only_rooms_on_the_same_wire_reach_each_other() -> None:
    with Network() as network:
        near, far, other = network.room("near"), network.room("far"), network.room("other")
        _, address = network.wire(near, far)
        network.wire("", other)
        listen = [*network.inside(far), sys.executable, "-c", _LISTEN, address]
        with subprocess.Popen(listen, stdout=subprocess.PIPE, text=True) as listener:
            assert listener.stdout is not None
            port = listener.stdout.readline().strip()
            try:
                assert can_connect(network, near, address, port)
                assert not can_connect(network, other, address, port)
                assert not can_connect(network, "", address, port)
            finally:
                listener.kill()


def test_nothing_is_left_behind() -> None:
    with Network() as network:
        room = network.room("one")
        network.wire("", room)
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout

    assert room not in names
