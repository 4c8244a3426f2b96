"""Two servers on one database, each of which stands still at times for longer than a lease: leases never overlap."""

import random
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from pierhead.testing.postgres import PostgresServer

from .api import Api, Offences, Visitors
from .conftest import Tell
from .fleet import Fleet, Manners
from .history import INSTALL, READ, Verdict, changes_of, judge
from .product import PIPELINE, Host, prepared, shared_environment
from .verdicts import all_end, done_once, is_settled, nothing_lost
from .waiting import until


class Pauses:
    """Stops one server after the other for ``pause_s`` seconds, with drawn times between; a context manager."""

    def __init__(self, hosts: list[Host], pause_s: float, gap_s: tuple[float, float], seed: int) -> None:
        self._hosts = hosts
        self._pause_s = pause_s
        self._gap_s = gap_s
        self._rng = random.Random(seed)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pauses", daemon=True)
        self.count = 0

    def __enter__(self) -> "Pauses":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(self._pause_s + 5)

    def _run(self) -> None:
        while not self._is_over.wait(self._rng.uniform(*self._gap_s)):
            host = self._rng.choice(self._hosts)
            host.pause()
            self._is_over.wait(self._pause_s * self._rng.uniform(1.0, 1.1))
            host.go_on()
            self.count += 1


def two_servers(
    place: Path,
    postgres: PostgresServer,
    *,
    members: int,
    runs: int,
    lease_s: int,
    pause_s: float,
    pauses: int,
    seed: int,
    tell: Tell,
) -> None:
    database = postgres.new_database()
    surroundings = shared_environment(postgres.url(database), lease_s=lease_s)
    offences = Offences()
    with ExitStack() as stack:
        hosts = [stack.enter_context(Host(place / name, surroundings)) for name in ("one", "two")]
        for host in hosts:
            host.up()
        for statement in INSTALL:
            postgres.execute(statement, database)
        _, token = prepared(hosts[0], offences)
        key = hosts[0].key
        apis = [Api(lambda host=host: host.url, key, offences) for host in hosts]  # type: ignore[misc]
        manners = Manners(zombies=max(2, members // 5), deaths=3, answer_within_s=lease_s * 0.8)
        fleet = stack.enter_context(Fleet(lambda: [host.url for host in hosts], token, members, seed, manners))
        began = time.monotonic()
        with Visitors(apis[0], PIPELINE) as one, Visitors(apis[1], PIPELINE) as two:
            visitors = (one, two)
            with Pauses(hosts, pause_s, (1.0, pause_s), seed) as interruptions:
                _feed(fleet, visitors, runs)
                until(lambda: interruptions.count >= pauses, pauses * 3 * pause_s, "the last pause")
            all_end(apis[0], lease_s + 60)
            is_settled(fleet)
            accepted = [run for each in visitors for run in each.accepted]
            there = nothing_lost(apis[0], accepted)
            tasks = done_once(apis[0], fleet)
        verdict = _judged(postgres, database, fleet)
        tell(
            f"2 servers, {members} delegates, {tasks} tasks of {there} runs in {time.monotonic() - began:.0f} s, "
            f"{interruptions.count} pauses of {pause_s:g} s, leases of {lease_s} s: 0 overlapping leases and 0 stale "
            f"writes in {verdict.leases} leases, {verdict.renewals} renewals, {verdict.taken_back} taken back; "
            f"{len(fleet.ledger.stale)} stale results refused"
        )
        assert fleet.ledger.stale, "no zombie was refused"
        assert fleet.ledger.raised == []
        assert fleet.ledger.odd == []
        assert (fleet.ledger.offences.seen, offences.seen) == ([], [])


def _feed(fleet: Fleet, visitors: tuple[Visitors, Visitors], runs: int) -> None:
    """A few more runs whenever as many are done, so that there is always something under way and never a mountain."""
    window, allowed = min(100, max(20, runs // 5)), 0
    while allowed < runs:
        more = min(window, runs - allowed)
        for number, each in enumerate(visitors):
            each.allow(more // 2 + (more % 2 if number else 0))
        allowed += more
        until(lambda: len(fleet.ledger.accepted) >= allowed - window, 300, f"the end of {allowed - window} tasks")  # noqa: B023
    until(lambda: sum(len(each.accepted) for each in visitors) >= runs, 120, "the acceptance of every run")


def _judged(postgres: PostgresServer, database: str, fleet: Fleet) -> Verdict:
    acknowledged = {task: (found[0].delegate, found[0].fence) for task, found in fleet.ledger.by_task().items()}
    verdict = judge(changes_of(postgres.execute(READ, database)), acknowledged)
    assert verdict.wrong == (), verdict.wrong[:5]
    return verdict


@pytest.mark.timeout(400)
def test_two_servers_that_stand_still_for_longer_than_a_lease_never_overlap(
    tmp_path: Path, postgres: PostgresServer, seed: int, tell: Tell
) -> None:
    two_servers(tmp_path, postgres, members=6, runs=200, lease_s=5, pause_s=7, pauses=2, seed=seed, tell=tell)


@pytest.mark.faults
def test_five_thousand_tasks_on_two_servers_with_pauses_of_thirty_seconds_never_overlap(
    tmp_path: Path, postgres: PostgresServer, seed: int, tell: Tell
) -> None:
    two_servers(tmp_path, postgres, members=20, runs=5000, lease_s=10, pause_s=30, pauses=10, seed=seed, tell=tell)
