"""The wire between server and delegate goes silent for longer than a lease, both ways or one way, and is mended again.

The registry stays in reach, so what the delegate does meanwhile comes to an end that nobody waits for any more.
"""

import random
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pierhead.demo.delegate_process import DelegateProcess
from pierhead.kit.limits import MIB
from pierhead.server.delegates.hub import POLL_S
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import image, noise_layer
from pierhead.testing.network import IP, Network, is_possible
from pierhead.testing.peers import leave_out, require_program
from pierhead.testing.relay import SlowRelay

from .conftest import Tell
from .product import PIPELINE, Host, api_of, environment, new_token, save_connector
from .waiting import pause, until

LEASE_S = 10
BACK_WITHIN_S = 30.0
NOTICED_WITHIN_S = POLL_S + 45.0
TAG = "fleet"  # of the pipeline
BYTES_PER_S = 4e6
SIZE_MIB = 24
ROUNDS = 6
WAYS = (("INPUT", "OUTPUT"), ("INPUT",), ("OUTPUT",))


@dataclass
class Cut:
    noticed_s: float
    back_s: float
    refused: int


class Islands:
    """A server, a registry, and two delegates, each in a room whose wire to the server can be cut."""

    def __init__(self, stack: ExitStack, place: Path) -> None:
        network = stack.enter_context(Network())
        self.rooms = {name: network.room(name) for name in ("north", "south")}
        wires = {name: network.wire("", room)[0] for name, room in self.rooms.items()}
        self._network = network
        self.place = place
        self.registry = stack.enter_context(FakeRegistry())
        self.host = stack.enter_context(Host(place / "data", environment(lease_s=LEASE_S), listen="0.0.0.0"))
        self.port = self.host.up().rpartition(":")[2]
        relay = stack.enter_context(SlowRelay(self.registry.host, BYTES_PER_S, listen=wires["north"]))
        for name, room in self.rooms.items():
            self._in(room, IP, "route", "add", "default", "via", wires[name])
        self.api = api_of(self.host)
        save_connector(self.api, "private", f"http://{relay.host}", TAG)
        token = place / "token"
        token.write_text(new_token(self.api))
        self.delegates = {}
        for name, room in self.rooms.items():
            words = ["--url", f"http://{wires[name]}:{self.port}", "--token-file", str(token), "--tag", TAG]
            program = DelegateProcess(name, place, [*words, "--insecure-http"], tuple(network.inside(room)))
            self.delegates[name] = stack.enter_context(program)
        self.ids = {name: self._id(delegate) for name, delegate in self.delegates.items()}

    @contextmanager
    def cut_off(self, name: str, ways: tuple[str, ...]) -> Iterator[None]:
        """Packets between that delegate and the server vanish, those to the registry do not."""
        rules = [(way, "--dport" if way == "OUTPUT" else "--sport") for way in ways]
        for way, port in rules:
            self._in(self.rooms[name], "iptables", "-A", way, "-p", "tcp", port, self.port, "-j", "DROP")
        try:
            yield
        finally:
            for way, port in rules:
                self._in(self.rooms[name], "iptables", "-D", way, "-p", "tcp", port, self.port, "-j", "DROP")

    def is_connected(self, name: str) -> bool:
        return bool(self.api.patient("GET", f"/delegates/{self.ids[name]}")["isConnected"])

    def start_pull(self, number: int) -> tuple[str, str]:
        """The ids of a run and of its task; an image of its own, so that it has to be fetched."""
        layer = noise_layer(SIZE_MIB * MIB, self.place / f"layer-{number}", number)
        self.registry.add("tools/make", str(number), image([layer]))
        pipeline = PIPELINE.replace(b"tools/make:1", f"tools/make:{number}".encode())
        run = self.api.call("POST", "/pipelines/initialize", pipeline, kind="application/yaml")
        return run["id"], run["stages"][0]["images"][0]["task"]

    def task(self, task_id: str) -> Any:
        return self.api.patient("GET", f"/tasks/{task_id}")

    def _id(self, delegate: DelegateProcess) -> str:
        told = re.compile(rf"enrolled at \S+ as {delegate.name} \((\w+)\)")
        return until(lambda: told.search(delegate.said()), 30, f"the enrolment of {delegate.name}")[1]

    def _in(self, room: str, *words: str) -> None:
        subprocess.run([*self._network.inside(room), *words], check=True, capture_output=True, timeout=10)


def one_cut(islands: Islands, number: int, rng: random.Random) -> Cut:
    until(lambda: all(islands.is_connected(name) for name in islands.ids), 60, "the connection of both")
    runs = dict(islands.start_pull(10 * number + each) for each in range(3))
    names = {delegate_id: name for name, delegate_id in islands.ids.items()}
    lost = until(lambda: next(filter(None, (islands.task(t)["holder"] for t in runs.values())), None), 30, "a holder")
    name = names[lost]
    told_before = _refusals(islands.delegates[name])
    pause(rng.uniform(0, 3))  # the moment is drawn
    cut_at = time.monotonic()
    with islands.cut_off(name, WAYS[number % len(WAYS)]):
        until(lambda: not islands.is_connected(name), NOTICED_WITHIN_S, f"that somebody misses {name}", 0.2)
        noticed_s = time.monotonic() - cut_at
        until(lambda: _all_ended(islands, runs), LEASE_S + 60, "the end of the tasks without it", 0.2)
        pause(rng.uniform(0, 20))
    healed_at = time.monotonic()
    ends = {task: islands.task(task) for task in runs.values()}
    until(lambda: islands.is_connected(name), BACK_WITHIN_S, f"the return of {name}")
    back_s = time.monotonic() - healed_at
    until(lambda: _is_idle(islands.delegates[name]), 60, "its last word")
    assert {task: islands.task(task) for task in runs.values()} == ends
    states = {islands.api.call("GET", f"/runs/{run}")["state"] for run in runs}
    assert states == {"succeeded"}, ends
    return Cut(noticed_s, back_s, _refusals(islands.delegates[name]) - told_before)


def _all_ended(islands: Islands, runs: dict[str, str]) -> bool:
    return all(islands.task(task)["state"] not in ("QUEUED", "LEASED") for task in runs.values())


def _refusals(delegate: DelegateProcess) -> int:
    said = delegate.said()
    return said.count("its work is dropped") + said.count("its result is not wanted")


def _is_idle(delegate: DelegateProcess) -> bool:
    """Every task that it took it has spoken of again."""
    said = delegate.said()
    begun = set(re.findall(r"task (\w+) \(\w+\) is ours", said))
    over = re.findall(r"task (\w+) \(\w+\): ", said) + re.findall(r"task (\w{12})\w* is (?:no longer|stopped)", said)
    return begun <= set(over)


@pytest.mark.faults
def test_a_silent_wire_is_noticed_and_costs_nothing(tmp_path: Path, seed: int, tell: Tell) -> None:
    if not is_possible():
        leave_out("network namespaces cannot be made here")
    require_program("iptables")
    rng = random.Random(seed)
    with ExitStack() as stack:
        islands = Islands(stack, tmp_path)
        cuts = [one_cut(islands, number, rng) for number in range(ROUNDS)]
    noticed_s, back_s = max(cut.noticed_s for cut in cuts), max(cut.back_s for cut in cuts)
    tell(
        f"{len(cuts)} cuts: 0 lost, 0 done twice, {sum(cut.refused for cut in cuts)} stale results dropped; noticed "
        f"after {noticed_s:.0f} s at the latest, back {back_s:.1f} s after the wire at the latest"
    )
    assert sum(cut.refused for cut in cuts) > 0
