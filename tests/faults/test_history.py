"""The checker of histories finds what it is there to find."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from .history import INSTALL, LEASED, QUEUED, READ, Change, Standing, changes_of, judge

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
FRESH = Standing(QUEUED)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def leased(owner: str, fence: int, until_s: float, attempts: int = 1) -> Standing:
    return Standing(LEASED, owner, fence, after(until_s), attempts)


def ended(standing: Standing) -> Standing:
    return replace(standing, state="SUCCEEDED", until=None)


def told(*steps: tuple[float, Standing]) -> list[Change]:
    """The history of one task that is new at first."""
    standings = [(0.0, FRESH), *steps]
    befores = [None, *(standing for _, standing in standings[:-1])]
    return [Change(after(at), "t", old, new) for old, (at, new) in zip(befores, standings, strict=True)]


A = leased("a", 1, 61)
B = leased("b", 2, 161, attempts=2)
BACK = Standing(QUEUED, None, 1, None, 1)
GOOD: Mapping[str, list[Change]] = {
    "done at once": told((1, A), (5, ended(A))),
    "renewed": told((1, A), (20, leased("a", 1, 80)), (75, ended(leased("a", 1, 80)))),
    "finished late, but before anybody took it": told((1, A), (70, ended(A))),
    "expired, swept, done by another": told((1, A), (62, BACK), (101, B), (110, ended(B))),
    "expired, taken at once by another": told((1, A), (101, B), (110, ended(B))),
    "given back": told((1, A), (5, replace(BACK, attempts=0)), (6, leased("b", 2, 66))),
    "given up": told((500, Standing("DEAD"))),
    "an end that is written again as it is": told((1, A), (5, ended(A)), (6, ended(A))),
}
BAD: Mapping[str, list[Change]] = {
    "a lease was granted while another was live": told((1, A), (60, B)),
    "a fence did not grow by one": told((1, A), (62, BACK), (101, leased("b", 3, 161))),
    "a fence changed without a lease": told((1, A), (62, replace(BACK, fence=2))),
    "something changed after the end": told((1, A), (5, ended(A)), (6, replace(ended(A), state="FAILED"))),
    "somebody ended it who did not hold it": told((1, A), (5, replace(ended(A), owner="b"))),
    "a live lease was taken away": told((1, A), (30, BACK)),
    "a change is missing from the history": [*told((1, A)), *told((1, A), (62, BACK), (101, B))[3:]],
    "a new task is not a fresh one": [Change(START, "t", None, A)],
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_allowed_is_not_objected_to(name: str) -> None:
    assert judge(GOOD[name]).wrong == ()


@pytest.mark.parametrize("fault", BAD)
def test_each_fault_is_found(fault: str) -> None:
    (said,) = judge(BAD[fault]).wrong
    assert fault in said


def test_a_success_out_of_nowhere_is_found() -> None:
    (said,) = judge(told((1, Standing("SUCCEEDED")))).wrong
    assert "did not hold it" in said


def test_a_lease_of_the_same_delegate_under_the_same_fence_is_only_a_renewal() -> None:
    verdict = judge(told((1, A), (2, leased("a", 1, 62)), (62, BACK), (101, B), (110, ended(B))))
    assert (verdict.leases, verdict.renewals, verdict.taken_back, verdict.ended) == (2, 1, 1, 1)


def test_an_end_that_another_was_told_of_is_found() -> None:
    history = told((1, A), (62, BACK), (101, B), (110, ended(B)))
    assert judge(history, {"t": ("b", 2)}).wrong == ()
    (said,) = judge(history, {"t": ("a", 1)}).wrong
    assert "was told that it had" in said


def test_the_database_notes_every_change(postgres) -> None:
    from pierhead.adapters.sql import SqlStore

    name = postgres.new_database()
    SqlStore(postgres.url(name)).close()
    for statement in INSTALL:
        postgres.execute(statement, name)
    postgres.execute(
        "INSERT INTO tasks (id, account, org, project, kind, payload, created_at, state, fence, attempts, "
        "max_attempts, is_cancel_requested) VALUES ('t', 'a', '', '', 'pull', '{}', now(), 'QUEUED', 0, 0, 3, false)",
        name,
    )
    postgres.execute(
        "UPDATE tasks SET state = 'LEASED', owner = 'a', fence = 1, attempts = 1, "
        "lease_expires_at = now() + interval '1 minute'",
        name,
    )
    postgres.execute("UPDATE tasks SET state = 'LEASED', owner = 'b', fence = 2, attempts = 2", name)
    verdict = judge(changes_of(postgres.execute(READ, name)))
    assert verdict.leases == 2
    (said,) = verdict.wrong
    assert "while another was live" in said
    postgres.drop_database(name)
