"""What a task row may be. Its ways from state to state are held to by the contract suite of the stores."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pierhead.control.tasks import FINAL_STATES, OPEN_STATES, Lease, TaskRow, TaskState, rules

NOW = datetime(2026, 1, 5, tzinfo=UTC)
QUEUED = TaskRow("t", "acct", "pull", {}, NOW)
LEASED = rules.leased(QUEUED, "me", NOW + timedelta(seconds=60))


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_attempts": 0},
        {"state": TaskState.LEASED},
        {"lease_expires_at": NOW},
        {"state": TaskState.SUCCEEDED},
        {"finished_at": NOW},
        {"offer_at": NOW},
    ],
)
def test_a_row_that_contradicts_itself_cannot_be_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="task"):
        replace(QUEUED, **wrong)


def test_only_a_leased_row_makes_a_lease() -> None:
    with pytest.raises(ValueError, match="not a leased task"):
        Lease(QUEUED)
    lease = Lease(LEASED)
    assert (lease.id, lease.owner, lease.fence, lease.is_cancel_requested) == ("t", "me", 1, False)


def test_every_state_is_open_or_final() -> None:
    assert set(TaskState) == OPEN_STATES | FINAL_STATES
    assert not OPEN_STATES & FINAL_STATES
    assert {state for state in TaskState if state.is_final} == FINAL_STATES


@pytest.mark.parametrize("state", sorted(FINAL_STATES))
def test_a_final_row_stays_as_it_is(state: TaskState) -> None:
    ended = rules.finished(LEASED, state, None, NOW)
    much_later = NOW + timedelta(days=400)
    assert rules.swept(ended, much_later) is None
    assert rules.cancelled(ended, much_later) == ended
    assert not rules.is_due(ended, ["pull"], much_later)
    assert not rules.holds(ended, "me", ended.fence)


def test_a_deadline_counts_from_the_moment_itself() -> None:
    row = replace(QUEUED, deadline_at=NOW)
    assert rules.is_due(row, ["pull"], NOW - timedelta(microseconds=1))
    assert not rules.is_due(row, ["pull"], NOW)
    dead = rules.swept(row, NOW)
    assert dead is not None
    assert dead.state is TaskState.DEAD


def test_a_death_reads_like_any_other_failure() -> None:
    exhausted = rules.swept(replace(LEASED, attempts=3), NOW + timedelta(days=1))
    late = rules.swept(replace(LEASED, deadline_at=NOW), NOW)
    for dead in (exhausted, late):
        assert dead is not None
        assert dead.error is not None
        assert set(dead.error) == {"code", "category", "message", "hint", "retryable"}


def test_only_a_queued_task_with_a_route_waits_for_an_offer() -> None:
    waiting = replace(QUEUED, route={}, offer_at=NOW)
    later = NOW + timedelta(days=1)
    for moved in (
        rules.leased(waiting, "me", later),
        rules.cancelled(waiting, later),
        rules.given_up(waiting, {"code": "x"}, later),
        rules.swept(replace(waiting, deadline_at=NOW), later),
    ):
        assert moved is not None
        assert moved.offer_at is None
        with pytest.raises(ValueError, match="waits for an offer"):
            replace(moved, offer_at=NOW)


def test_a_task_with_a_route_is_never_due_for_the_platform() -> None:
    routed = replace(QUEUED, route={})
    assert not rules.is_due(routed, ["pull"], NOW)
    assert rules.may_be_leased(routed, NOW)


def test_only_a_queued_task_is_given_up() -> None:
    assert rules.given_up(LEASED, {"code": "x"}, NOW) is None
    dead = rules.given_up(QUEUED, {"code": "x"}, NOW)
    assert dead is not None
    assert (dead.state, dead.error) == (TaskState.DEAD, {"code": "x"})
    assert rules.given_up(dead, {"code": "y"}, NOW) is None


def test_nobody_keeps_a_task_by_taking_it_and_giving_it_back() -> None:
    task, times = QUEUED, 0
    while task.state is TaskState.QUEUED:
        task, times = rules.released(rules.leased(task, "me", NOW), NOW), times + 1
    assert times == rules.FREE_RELEASES + QUEUED.max_attempts
    dead = rules.swept(task, NOW)
    assert dead is not None
    assert dead.state is TaskState.DEAD
    assert "the last one by me" in str(dead.error)


def test_a_cancelled_holder_gets_no_more_time() -> None:
    until = NOW + timedelta(hours=1)
    assert rules.renewed(LEASED, until).lease_expires_at == until
    assert rules.renewed(rules.cancelled(LEASED, NOW), until).lease_expires_at == LEASED.lease_expires_at
