"""kill -9 of the server while delegates work: whatever the moment, each accepted run ends, and each task counts once."""

import random
import time
from pathlib import Path

import pytest

from .api import Offences, Visitors
from .conftest import Tell
from .fleet import Fleet, Manners
from .product import PIPELINE, Host, environment, prepared
from .verdicts import all_end, done_once, is_settled, nothing_lost, nothing_odd
from .waiting import pause, until

LEASE_S = 10
STARTS_WITHIN_S = 5.0


def kill_under_load(place: Path, *, kills: int, runs: int, members: int, seed: int, tell: Tell) -> None:
    rng = random.Random(seed)
    offences = Offences()
    with Host(place / "data", environment(lease_s=LEASE_S)) as host:
        host.up()
        api, token = prepared(host, offences)
        urls = lambda: [host.url] if host.url else []  # noqa: E731 - a name is all it needs
        manners = Manners(zombies=2, deaths=2)
        with Fleet(urls, token, members, seed, manners) as fleet, Visitors(api, PIPELINE) as visitors:
            starts = []
            for life in range(kills):
                visitors.allow(runs * (life + 1) // kills - runs * life // kills)
                pause(rng.uniform(0.1, 2.0))  # the moment of the kill is what is drawn here
                host.kill()
                if rng.random() < 0.2:  # this one dies before it has begun to live
                    host.start()
                    pause(rng.uniform(0.05, 1.0))
                    host.kill()
                starts.append(_started(host, api))
            last_start = time.monotonic()
            until(lambda: len(visitors.accepted) >= runs, 120, "the acceptance of every run")
            all_end(api, LEASE_S + 30)
            ended_s = time.monotonic() - last_start
            is_settled(fleet)
            there = nothing_lost(api, visitors.accepted)
            tasks = done_once(api, fleet)
        nothing_odd(fleet, api)
        assert visitors.refused == []
        assert fleet.ledger.stale, "no zombie was refused"
        tell(
            f"{kills} kills, {len(visitors.accepted)} accepted runs of {there}, {tasks} tasks: 0 lost, 0 done twice; "
            f"answers {max(starts):.1f} s after a start at the latest; all ended {ended_s:.1f} s after the last; "
            f"{len(fleet.ledger.stale)} stale results refused, {visitors.broken + fleet.ledger.broken} broken calls"
        )
        assert max(starts) <= STARTS_WITHIN_S


def _started(host: Host, api: object) -> float:
    began = time.monotonic()
    host.up()
    until(api.is_up, STARTS_WITHIN_S * 4, "an answer of the API", 0.02)  # type: ignore[attr-defined]
    return time.monotonic() - began


@pytest.mark.timeout(400)
def test_twenty_kills_under_a_thousand_runs_lose_nothing_and_do_nothing_twice(
    tmp_path: Path, seed: int, tell: Tell
) -> None:
    kill_under_load(tmp_path, kills=20, runs=1000, members=5, seed=seed, tell=tell)


@pytest.mark.faults
def test_two_hundred_kills_under_five_thousand_runs_lose_nothing_and_do_nothing_twice(
    tmp_path: Path, seed: int, tell: Tell
) -> None:
    kill_under_load(tmp_path, kills=200, runs=5000, members=6, seed=seed, tell=tell)
