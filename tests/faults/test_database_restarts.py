"""PostgreSQL crashes and comes back under load: nothing acknowledged is lost, and clients are only told to wait."""

import random
import statistics
import time
from pathlib import Path

import pytest

from pierhead.testing.postgres import PostgresServer, require_postgres

from .api import Offences, Visitors
from .conftest import Tell
from .fleet import Fleet, Manners
from .product import PIPELINE, Host, prepared, shared_environment
from .verdicts import all_end, done_once, is_settled, nothing_lost, nothing_odd
from .waiting import pause, until

LEASE_S = 10
BACK_WITHIN_S = 5.0
_AT_ONCE = 40


def crash_under_load(
    place: Path, *, restarts: int, runs: int, down_s: float, zombies: int, seed: int, tell: Tell
) -> None:
    require_postgres()
    rng = random.Random(seed)
    offences = Offences()
    with PostgresServer() as postgres:  # one of its own, for it is nothing to share
        surroundings = shared_environment(postgres.url(postgres.new_database()), lease_s=LEASE_S)
        with Host(place / "data", surroundings) as host:
            host.up()
            api, token = prepared(host, offences)
            with (
                Fleet(lambda: [host.url], token, 5, seed, Manners(zombies=zombies)) as fleet,
                Visitors(api, PIPELINE) as visitors,
            ):
                visitors.allow(_AT_ONCE)
                recoveries = []
                for turn in range(restarts):
                    before, after = runs * turn // restarts, runs * (turn + 1) // restarts
                    visitors.allow(after - before)
                    mark = rng.randrange(before, after)
                    until(lambda: len(fleet.ledger.accepted) >= mark, 120, f"the end of {mark} tasks", 0.01)  # noqa: B023
                    pause(rng.uniform(0, 0.3))  # the moment of the crash is what is drawn here
                    postgres.halt(immediate=True)
                    pause(rng.uniform(0, down_s))
                    postgres.resume()
                    back_at = time.monotonic()
                    until(api.is_up, 30, "an answer of the API", 0.02)
                    recoveries.append(time.monotonic() - back_at)
                wanted = runs + _AT_ONCE
                until(lambda: len(visitors.accepted) >= wanted, 120, "the acceptance of every run")
                all_end(api, LEASE_S + 30)
                is_settled(fleet)
                there = nothing_lost(api, visitors.accepted)
                tasks = done_once(api, fleet)
            tell(
                f"{restarts} crashes of the database, {len(visitors.accepted)} accepted runs of {there}, {tasks} "
                f"tasks: 0 lost, 0 done twice; answers {statistics.median(recoveries):.2f} s after it is back, at most "
                f"{max(recoveries):.2f} s; told to wait {offences.told_to_wait + fleet.ledger.offences.told_to_wait} "
                f"times, {len(fleet.ledger.stale)} stale results refused"
            )
            nothing_odd(fleet, api)
            assert visitors.refused == []
            assert (visitors.broken, fleet.ledger.broken) == (0, 0), "somebody was hung up on"
            assert max(recoveries) <= BACK_WITHIN_S


@pytest.mark.timeout(200)
def test_three_crashes_of_the_database_lose_nothing_and_only_make_clients_wait(
    tmp_path: Path, seed: int, tell: Tell
) -> None:
    crash_under_load(tmp_path, restarts=3, runs=60, down_s=0.5, zombies=0, seed=seed, tell=tell)


@pytest.mark.faults
def test_fifty_crashes_of_the_database_lose_nothing_and_only_make_clients_wait(
    tmp_path: Path, seed: int, tell: Tell
) -> None:
    crash_under_load(tmp_path, restarts=50, runs=2000, down_s=3.0, zombies=2, seed=seed, tell=tell)
