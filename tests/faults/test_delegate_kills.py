"""Delegates that are killed, or stopped for longer than their lease, in the middle of a copy or a pull.

Every task ends well, no tag ever points to something incomplete, and little is fetched twice.
"""

import os
import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pierhead.demo.delegate_process import DelegateProcess
from pierhead.kit.limits import MIB
from pierhead.testing.docker_registry import PROGRAM, DockerRegistry
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import Image, image, noise_layer
from pierhead.testing.peers import require_program
from pierhead.testing.relay import SlowRelay
from pierhead.worker.runtimes.oci_layout import OciLayout

from .api import Api
from .conftest import Tell
from .product import Host, api_of, environment, new_token, pipeline, save_connector
from .target import Watched
from .waiting import pause, until

LEASE_S = 5
ENDS_WITHIN_S = LEASE_S + 30 + 30
BYTES_PER_S = 20e6
AGAIN_BYTES = 16 * MIB
SLACK_BYTES = MIB  # manifests, heads of answers
TAG = "crew"
NAMES = ("one", "two")


@dataclass
class Outcome:
    """Of one fault. ``allowed``: how much might be fetched again, ``again`` how much was.

    ``forgotten``: uploads that the target would not go on with. Debian's docker-registry takes an upload up again only
    by a URL that names its very size; when the holder ends between a piece and the word of it, that URL is lost, and
    the blob is sent from its beginning; so it is when two write to it, one of whom slept through the loss of its lease.
    """

    how: str
    took_s: float
    again: int
    allowed: int
    fence: int
    forgotten: int = 0


class Site:
    """A server, two delegates, a slow source with images of their own for each task, and a target."""

    def __init__(self, stack: ExitStack, place: Path, layers_mib: tuple[int, ...], seed: int) -> None:
        self.place = place
        self.rng = random.Random(seed)
        self.layers_mib = layers_mib
        self.source = stack.enter_context(FakeRegistry())
        self.relay = stack.enter_context(SlowRelay(self.source.host, BYTES_PER_S))
        (place / "target").mkdir()
        self.target = stack.enter_context(DockerRegistry(place / "target"))
        self.host = stack.enter_context(Host(place / "data", environment(lease_s=LEASE_S)))
        self.host.up()
        self.api: Api = api_of(self.host)
        save_connector(self.api, "source", f"http://{self.relay.host}", TAG)
        save_connector(self.api, "target", self.target.url, TAG)
        token = place / "token"
        token.write_text(new_token(self.api))
        words = ["--url", self.host.url, "--token-file", str(token), "--tag", TAG]
        self.delegates = {
            name: stack.enter_context(DelegateProcess(name, place, [*words, "--images", str(place / f"{name}-images")]))
            for name in NAMES
        }
        self._by_id = {self._id(delegate): delegate for delegate in self.delegates.values()}
        for delegate in self.delegates.values():
            until(lambda: "connected to" in delegate.said(), 30, f"the connection of {delegate.name}")  # noqa: B023

    def _id(self, delegate: DelegateProcess) -> str:
        told = re.compile(rf"enrolled at \S+ as {delegate.name} \((\w+)\)")
        return until(lambda: told.search(delegate.said()), 30, f"the enrolment of {delegate.name}")[1]

    def add_image(self, number: int) -> Image:
        """New bytes each time, for what a delegate has pulled it does not fetch again."""
        layers = [
            noise_layer(size * MIB, self.place / f"layer-{number}-{size}", 100 * number + size)
            for size in self.layers_mib
        ]
        made = image(layers)
        self.source.add("app", str(number), made)
        return made

    def forget_image(self, number: int) -> None:
        for path in self.place.glob(f"layer-{number}-*"):
            path.unlink()

    def forgotten_uploads(self) -> int:
        """How often the target has said so."""
        said = (self.place / "target" / "registry.log").read_text(errors="replace")
        return sum(said.count(f'err.code="{code}') for code in ("blob upload", "digest invalid", "range invalid"))

    def task(self, task_id: str) -> Any:
        return self.api.patient("GET", f"/tasks/{task_id}")

    def holder(self, task_id: str) -> DelegateProcess | None:
        """Who has it now."""
        task = self.task(task_id)
        return self._by_id[task["holder"]] if task["state"] == "LEASED" else None


@contextmanager
def a_site(place: Path, layers_mib: tuple[int, ...], seed: int) -> Iterator[Site]:
    require_program(PROGRAM)
    with ExitStack() as stack:
        yield Site(stack, place, layers_mib, seed)


def killed(site: Site, victim: DelegateProcess, _task_id: str) -> None:
    victim.kill()
    pause(site.rng.uniform(0, 1))
    victim.start()


def stopped(site: Site, victim: DelegateProcess, task_id: str) -> None:
    """Until its lease is over and the task is somebody's again, or even done; who gets it is not it."""
    process = victim.process
    assert process is not None
    fence = site.task(task_id)["fence"]
    os.kill(process.pid, signal.SIGSTOP)
    try:
        if site.task(task_id)["state"] != "LEASED":  # it was quicker
            return
        until(lambda: site.task(task_id)["fence"] > fence, ENDS_WITHIN_S, "the next lease", 0.2)
        pause(site.rng.uniform(0, 3))
    finally:
        os.kill(process.pid, signal.SIGCONT)


FAULTS: tuple[Callable[[Site, DelegateProcess, str], None], ...] = (killed, stopped)


def copied_despite(site: Site, number: int, fault: Callable[[Site, DelegateProcess, str], None]) -> Outcome:
    made = site.add_image(number)
    size = sum(layer.stat().st_size for layer in made.blobs.values() if isinstance(layer, Path))
    repository = f"copies/n{number}"
    begun, before, forgotten = time.monotonic(), site.relay.carried, site.forgotten_uploads()
    site.source.forget_requests()
    places = {
        "source": {"connector": "account.source", "image": f"app:{number}"},
        "target": {"connector": "account.target", "image": f"{repository}:1"},
    }
    task_id = site.api.call("POST", "/copies", places)["task"]["id"]
    with Watched(site.target.host, repository, "1") as watched:
        victim = until(lambda: site.holder(task_id), 30, "somebody who copies")
        mark = before + int(size * site.rng.uniform(0.05, 0.9))  # the moment of the fault is what is drawn here
        until(lambda: site.relay.carried >= mark, 60, "the bytes before the fault", 0.002)
        fault(site, victim, task_id)
        end = until(lambda: _ended(site, task_id), ENDS_WITHIN_S, f"the end of copy {number}", 0.1)
        assert end["state"] == "SUCCEEDED", (end, victim.said()[-2000:])
        _settled(site, victim)
        assert watched.is_whole()
    assert watched.problems == []
    assert watched.looks > 3
    after = site.task(task_id)
    assert (after["state"], after["fence"], after["holder"]) == (end["state"], end["fence"], end["holder"])
    again = max(0, site.relay.carried - before - size)
    site.forget_image(number)
    forgotten = site.forgotten_uploads() - forgotten
    return Outcome(fault.__name__, time.monotonic() - begun, again, _allowed(site), end["fence"], forgotten)


def pulled_despite(site: Site, number: int, fault: Callable[[Site, DelegateProcess, str], None]) -> Outcome:
    made = site.add_image(number)
    size = sum(layer.stat().st_size for layer in made.blobs.values() if isinstance(layer, Path))
    begun, before = time.monotonic(), site.relay.carried
    site.source.forget_requests()
    run = site.api.call(
        "POST", "/pipelines/initialize", pipeline("one", "source", f"app:{number}"), kind="application/yaml"
    )
    task_id = run["stages"][0]["images"][0]["task"]
    victim = until(lambda: site.holder(task_id), 30, "somebody who pulls")
    mark = before + int(size * site.rng.uniform(0.05, 0.9))  # the moment of the fault is what is drawn here
    until(lambda: site.relay.carried >= mark, 60, "the bytes before the fault", 0.002)
    if fault is stopped:
        _stopped_alone(site, victim)
    else:
        fault(site, victim, task_id)
    end = until(lambda: _ended(site, task_id), ENDS_WITHIN_S, f"the end of pull {number}", 0.1)
    run = site.api.call("GET", f"/runs/{run['id']}")
    assert (end["state"], run["state"]) == ("SUCCEEDED", "succeeded"), (end, run, victim.said()[-2000:])
    report = OciLayout(site.place / "one-images").verify()
    assert report.is_sound, report.problems
    again = max(0, site.relay.carried - before - size)
    site.forget_image(number)
    return Outcome(f"{fault.__name__} in a pull", time.monotonic() - begun, again, _allowed(site), end["fence"])


def _stopped_alone(site: Site, victim: DelegateProcess) -> None:
    """Nobody else may have the task: it comes back to the one that stood still for longer than its lease."""
    assert victim.process is not None
    os.kill(victim.process.pid, signal.SIGSTOP)
    pause(LEASE_S + site.rng.uniform(0.5, 3))
    os.kill(victim.process.pid, signal.SIGCONT)


def _ended(site: Site, task_id: str) -> Any:
    task = site.task(task_id)
    return task if task["state"] not in ("QUEUED", "LEASED") else None


def _settled(site: Site, victim: DelegateProcess) -> None:
    """Whoever stood still has heard that it has nothing to do any more."""
    has_started = victim.said().count("is ours")
    assert has_started
    until(lambda: _open_work(victim) <= 0, 40, "the last word of who stood still")


def _open_work(victim: DelegateProcess) -> int:
    """Tasks of its latest life that it has begun and not yet spoken of again."""
    said = victim.said()
    latest = said[said.rfind("connected to") :]
    begun = latest.count("is ours")
    over = sum(
        latest.count(word) for word in ("its work is dropped", "its result is not wanted", "(copy): ", "(pull): ")
    )
    return begun - over


def _allowed(site: Site) -> int:
    """16 MiB of each blob that was asked for by both attempts; small blobs whole."""
    asked: dict[str, int] = {}
    for seen in site.source.requests:
        if seen.method == "GET" and seen.kind == "blobs":
            asked[seen.target] = asked.get(seen.target, 0) + 1
    return SLACK_BYTES + AGAIN_BYTES * sum(times > 1 for times in asked.values())


def told(outcomes: list[Outcome], tell: Tell) -> None:
    bad = [outcome for outcome in outcomes if outcome.again > outcome.allowed and not outcome.forgotten]
    resumed = [outcome.again for outcome in outcomes if not outcome.forgotten] or [0]
    slowest, most = max(o.took_s for o in outcomes), max(o.again for o in outcomes)
    how = ", ".join(f"{sum(o.how == each for o in outcomes)} {each}" for each in sorted({o.how for o in outcomes}))
    usual = f"{sum(resumed) / len(resumed) / MIB:.1f} MiB on average, {max(resumed) / MIB:.1f} MiB at most"
    forgotten = f"the target forgot uploads in {sum(o.forgotten > 0 for o in outcomes)} others: {most / MIB:.1f} MiB"
    tell(
        f"{len(outcomes)} faults ({how}): all ended well, the slowest after {slowest:.0f} s, no tag incomplete; "
        f"fetched again: {usual}; {forgotten}"
    )
    assert not bad, bad


@pytest.mark.interop
@pytest.mark.timeout(300)
def test_a_delegate_that_is_killed_or_stands_still_mid_copy_costs_little(tmp_path: Path, seed: int, tell: Tell) -> None:
    with a_site(tmp_path, (40, 18, 2), seed) as site:
        outcomes = [copied_despite(site, number, fault) for number, fault in enumerate((killed, stopped))]
        outcomes.append(pulled_despite(site, 2, killed))
    told(outcomes, tell)


@pytest.mark.faults
@pytest.mark.interop
def test_twenty_faults_mid_copy_and_mid_pull_cost_little(tmp_path: Path, seed: int, tell: Tell) -> None:
    with a_site(tmp_path, (60, 30, 8), seed) as site:
        outcomes = [copied_despite(site, number, site.rng.choice(FAULTS)) for number in range(20)]
        outcomes += [pulled_despite(site, number, site.rng.choice(FAULTS)) for number in range(20, 28)]
    told(outcomes, tell)
