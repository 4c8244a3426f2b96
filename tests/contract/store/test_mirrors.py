"""Rows of mirrors: what was seen, what is held, and runs."""

from dataclasses import replace
from typing import Any

from pierhead.control.mirroring import (
    Fate,
    Holding,
    Item,
    Mirror,
    MirroredRepository,
    MirrorRun,
    MirrorSpec,
    RunItem,
    RunState,
    Trigger,
)
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.kit.paging import PageRequest
from pierhead.oci.tag_selection import TagRules

ACCT, PROJECT = Scope("acct"), Scope("acct", "o", "p")
SPEC = MirrorSpec(
    ScopedReference.parse("account.hub"),
    ScopedReference.parse("own"),
    (MirroredRepository("team/app", TagRules(semver="^1", newest=3, exclude=("*-rc*",))),),
    platforms=("linux/amd64",),
)
DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def a_run(build: Any, run_id: str, second: float = 0, mirror: str = "m", scope: Scope = ACCT) -> MirrorRun:
    return MirrorRun(run_id, scope, mirror, Trigger.DEMAND, "me", build.at(second), task_id=f"task {run_id}")


def test_a_mirror_comes_back_as_it_was_put(store: Any, build: Any) -> None:
    made = Mirror(PROJECT, "m", "M", SPEC, build.at(0), build.at(1), "why", {"team": "x"}, is_enabled=False)
    with store.transaction() as tx:
        assert tx.mirrors.add(made)
    with store.snapshot() as tx:
        assert tx.mirrors.find(PROJECT, "m") == made
        assert tx.mirrors.find(ACCT, "m") is None


def test_the_first_sight_of_a_digest_is_kept_and_the_last_one_moves_on(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.sightings.see("acct", "hub/app", [("1", DIGEST), ("2", DIGEST)], build.at(0))
    with store.transaction() as tx:
        tx.sightings.see("acct", "hub/app", [("1", OTHER), ("2", DIGEST)], build.at(5))
        tx.sightings.see("acct", "hub/app", [], build.at(6))
    with store.snapshot() as tx:
        first, second = tx.sightings.of("acct", "hub/app", "1")
        assert (first.digest, first.first_seen_at, first.last_seen_at) == (DIGEST, build.at(0), build.at(0))
        assert (second.digest, second.first_seen_at) == (OTHER, build.at(5))
        (still,) = tx.sightings.of("acct", "hub/app", "2")
        assert (still.first_seen_at, still.last_seen_at) == (build.at(0), build.at(5))
        assert tx.sightings.of("other", "hub/app", "1") == ()


def test_holdings_are_kept_by_mirror_and_written_over(store: Any, build: Any) -> None:
    held = Holding(ACCT, "m", "app", "2", DIGEST, DIGEST, build.at(0), "r1")
    first = replace(held, tag="1", missed=1, missed_since=build.at(3))
    with store.transaction() as tx:
        tx.holdings.put([held, first, replace(held, mirror="n"), replace(held, scope=PROJECT)])
    with store.transaction() as tx:
        tx.holdings.put([replace(held, digest=OTHER, is_deleted=True)])
    with store.snapshot() as tx:
        assert tx.holdings.of(ACCT, "m") == (first, replace(held, digest=OTHER, is_deleted=True))
    with store.transaction() as tx:
        tx.holdings.clear(ACCT, "m")
    with store.snapshot() as tx:
        assert tx.holdings.of(ACCT, "m") == ()
        assert len(tx.holdings.of(ACCT, "n")) == len(tx.holdings.of(PROJECT, "m")) == 1


def test_a_mirror_has_one_run_at_a_time(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        assert tx.mirror_runs.add(a_run(build, "r1"))
        assert not tx.mirror_runs.add(a_run(build, "r2"))
        assert tx.mirror_runs.add(a_run(build, "r3", mirror="n"))
        assert tx.mirror_runs.add(a_run(build, "r4", scope=PROJECT))
    with store.transaction() as tx:
        running = tx.mirror_runs.running(ACCT, "m")
        assert running == a_run(build, "r1")
        assert tx.mirror_runs.replace(running.ended(build.at(2)))
        assert tx.mirror_runs.add(a_run(build, "r5", 3))
    with store.snapshot() as tx:
        assert tx.mirror_runs.running(ACCT, "m").id == "r5"


def test_a_run_that_has_ended_stays_as_it_is(store: Any, build: Any) -> None:
    run = a_run(build, "r1")
    item = RunItem(Item("app", "1", Fate.COPY, "new", DIGEST, pulls=2), "failed", code="denied", message="no")
    ended = replace(run, items=(item,), kept=2).ended(build.at(1))
    with store.transaction() as tx:
        tx.mirror_runs.add(run)
        assert tx.mirror_runs.replace(ended)
        assert not tx.mirror_runs.replace(replace(run, state=RunState.SUCCEEDED))
    with store.snapshot() as tx:
        assert tx.mirror_runs.find("acct", "r1") == ended
        assert tx.mirror_runs.find("other", "r1") is None
        assert ended.state is RunState.INCOMPLETE


def test_runs_are_listed_with_the_last_begun_first(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        for number in range(3):
            tx.mirror_runs.add(a_run(build, f"r{number}", number).ended(build.at(number)))
    with store.snapshot() as tx:
        page = tx.mirror_runs.page(ACCT, "m", PageRequest(0, 2))
        assert ([run.id for run in page.items], page.total) == (["r2", "r1"], 3)
    with store.transaction() as tx:
        tx.mirror_runs.clear(ACCT, "m")
        assert tx.mirror_runs.page(ACCT, "m", PageRequest(0, 2)).total == 0


def test_lists_of_runs_tell_how_many_items_there_were_and_not_which(store: Any, build: Any) -> None:
    items = tuple(RunItem(Item("app", str(n), Fate.COPY, "new"), "copied") for n in range(3))
    run = replace(a_run(build, "r1"), items=items, counted={"copied": 1, "defer": 5}, kept=2).ended(build.at(1))
    with store.transaction() as tx:
        tx.mirror_runs.add(run)
    with store.snapshot() as tx:
        (listed,) = tx.mirror_runs.page(ACCT, "m", PageRequest()).items
        assert tx.mirror_runs.find("acct", "r1") == run
    assert listed == run.without_items()
    assert (listed.items, listed.counts, listed.items_total) == ((), {"kept": 2, "copied": 4, "defer": 5}, 9)


def test_of_the_runs_that_have_ended_the_last_ones_are_kept(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        for number in range(5):
            tx.mirror_runs.add(a_run(build, f"r{number}", number).ended(build.at(number)))
        tx.mirror_runs.add(a_run(build, "other", mirror="n").ended(build.at(1)))
        tx.mirror_runs.add(a_run(build, "on", 9))
        tx.mirror_runs.prune(ACCT, "m", 2)
    with store.snapshot() as tx:
        assert [run.id for run in tx.mirror_runs.page(ACCT, "m", PageRequest()).items] == ["on", "r4", "r3"]
        assert tx.mirror_runs.find("acct", "other") is not None
