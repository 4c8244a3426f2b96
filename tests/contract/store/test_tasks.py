"""Rows of the task queue: refusals first."""

from datetime import datetime
from typing import Any

import pytest

from pierhead.control.scopes import Scope
from pierhead.control.tasks import FREE_RELEASES, TaskExistsError, TaskRow, TaskState, rules
from pierhead.kit.paging import PageRequest

KINDS = ("pull", "testConnection")


def lease(store: Any, build: Any, *, owner: str = "me", at: float = 0, lasts: float = 60) -> TaskRow | None:
    with store.transaction() as tx:
        task: TaskRow | None = tx.tasks.lease(owner, KINDS, build.at(at), build.at(at + lasts))
    return task


def add(store: Any, *tasks: TaskRow) -> None:
    with store.transaction() as tx:
        for task in tasks:
            tx.tasks.add(task)


def find(store: Any, task_id: str = "t1") -> TaskRow:
    with store.snapshot() as tx:
        task: TaskRow = tx.tasks.find(task_id)
    return task


def finish(store: Any, task: TaskRow, now: datetime, *, owner: str | None = None, fence: int | None = None) -> bool:
    with store.transaction() as tx:
        done: bool = tx.tasks.finish(
            task.id,
            owner or task.owner,
            task.fence if fence is None else fence,
            TaskState.FAILED,
            {"code": "x"},
            now,
        )
    return done


def test_a_task_comes_back_as_it_was(store: Any, build: Any) -> None:
    task = build.task(payload={"deep": [1, 2.5, None, {"ü": True}], "b": 1, "a": 2}, deadline_at=build.at(9))
    add(store, task)
    assert find(store) == task
    assert list(find(store).payload) == ["deep", "b", "a"]
    with store.snapshot() as tx:
        assert tx.tasks.find("none") is None


def test_an_id_is_taken_once(store: Any, build: Any) -> None:
    add(store, build.task())
    with pytest.raises(TaskExistsError):
        add(store, build.task())


def test_an_empty_queue_leases_nothing(store: Any, build: Any) -> None:
    assert lease(store, build) is None


def test_the_oldest_task_is_leased_first_with_a_fence_and_an_attempt_counted(store: Any, build: Any) -> None:
    add(store, build.task("z"), build.task("a", created_at=build.at(-100)))
    first = lease(store, build)
    assert first == find(store, "z")
    assert (first.state, first.owner, first.fence, first.attempts) == (TaskState.LEASED, "me", 1, 1)
    assert first.lease_expires_at == build.at(60)
    second = lease(store, build)
    assert second is not None
    assert second.id == "a"
    assert lease(store, build) is None


@pytest.mark.parametrize(
    "unfit",
    [{"kind": "listTags"}, {"deadline_second": 0}, {"attempts": 3}, {"is_cancel_requested": True}],
)
def test_a_task_that_is_not_due_is_passed_over(store: Any, build: Any, unfit: dict[str, Any]) -> None:
    if "deadline_second" in unfit:
        unfit = {"deadline_at": build.at(unfit["deadline_second"])}
    add(store, build.task("unfit", **unfit), build.task("fit", deadline_at=build.at(1)))
    leased = lease(store, build)
    assert leased is not None
    assert leased.id == "fit"
    assert lease(store, build) is None


def test_no_kinds_lease_nothing(store: Any, build: Any) -> None:
    add(store, build.task())
    with store.transaction() as tx:
        assert tx.tasks.lease("me", (), build.at(0), build.at(60)) is None


def test_a_task_is_leased_again_only_once_its_lease_has_expired(store: Any, build: Any) -> None:
    add(store, build.task())
    lease(store, build)
    assert lease(store, build, owner="you", at=59.9) is None
    again = lease(store, build, owner="you", at=60)
    assert again is not None
    assert (again.owner, again.fence, again.attempts) == ("you", 2, 2)


def test_a_finish_under_a_lost_or_foreign_lease_changes_nothing(store: Any, build: Any) -> None:
    add(store, build.task())
    mine = lease(store, build)
    assert mine is not None
    assert not finish(store, mine, build.at(1), owner="you")
    assert not finish(store, mine, build.at(1), fence=mine.fence + 1)
    assert not finish(store, mine, build.at(1), fence=mine.fence - 1)
    yours = lease(store, build, owner="you", at=60)
    assert not finish(store, mine, build.at(61))
    assert find(store) == yours


def test_the_same_owner_leasing_again_does_not_revive_its_old_lease(store: Any, build: Any) -> None:
    add(store, build.task())
    old = lease(store, build)
    new = lease(store, build, at=60)
    assert old is not None
    assert not finish(store, old, build.at(61))
    assert find(store) == new


def test_an_expired_lease_that_nobody_took_may_still_finish(store: Any, build: Any) -> None:
    add(store, build.task())
    mine = lease(store, build)
    assert mine is not None
    assert finish(store, mine, build.at(3600))
    ended = find(store)
    assert (ended.state, ended.error, ended.finished_at) == (TaskState.FAILED, {"code": "x"}, build.at(3600))
    assert (ended.owner, ended.lease_expires_at) == ("me", None)


def test_a_task_ends_once(store: Any, build: Any) -> None:
    add(store, build.task())
    mine = lease(store, build)
    assert mine is not None
    assert finish(store, mine, build.at(1))
    assert not finish(store, mine, build.at(2))
    assert lease(store, build, at=3600) is None
    assert find(store).finished_at == build.at(1)


def test_a_lease_is_held_until_it_is_taken_or_ended(store: Any, build: Any) -> None:
    add(store, build.task())
    mine = lease(store, build)
    assert mine is not None
    with store.transaction() as tx:
        assert tx.tasks.holds("t1", "me", 1)
        assert not tx.tasks.holds("t1", "you", 1)
        assert not tx.tasks.holds("t1", "me", 2)
        assert not tx.tasks.holds("none", "me", 1)
    finish(store, mine, build.at(1))
    with store.transaction() as tx:
        assert not tx.tasks.holds("t1", "me", 1)


def test_a_renewed_lease_lasts_longer_and_a_lost_one_is_not_renewed(store: Any, build: Any) -> None:
    add(store, build.task())
    lease(store, build)
    with store.transaction() as tx:
        assert tx.tasks.renew("t1", "you", 1, build.at(100)) is None
        renewed = tx.tasks.renew("t1", "me", 1, build.at(100))
        assert renewed is not None
        assert renewed == tx.tasks.find("t1")
    assert renewed.lease_expires_at == build.at(100)
    assert lease(store, build, owner="you", at=99) is None


def test_a_released_task_is_queued_again_without_an_attempt_lost(store: Any, build: Any) -> None:
    add(store, build.task())
    lease(store, build)
    with store.transaction() as tx:
        assert not tx.tasks.release("t1", "you", 1, build.at(1))
        assert tx.tasks.release("t1", "me", 1, build.at(1))
        assert not tx.tasks.release("t1", "me", 1, build.at(1))
    back = find(store)
    assert (back.state, back.owner, back.lease_expires_at, back.attempts, back.fence) == (
        TaskState.QUEUED, None, None, 0, 1,
    )  # fmt: skip
    again = lease(store, build)
    assert again is not None
    assert again.fence == 2


def give_back(store: Any, build: Any, *, is_declined: bool = False) -> TaskRow:
    """Leased and given back, which is what the rule says of it."""
    is_routed = find(store).route is not None
    with store.transaction() as tx:
        if not is_routed:
            task = tx.tasks.lease("me", KINDS, build.at(1), build.at(61))
        else:
            task = tx.tasks.lease_this("t1", "me", build.at(1), build.at(61))
    assert task is not None
    with store.transaction() as tx:
        assert tx.tasks.release("t1", "me", task.fence, build.at(2), is_declined=is_declined)
    after = find(store)
    assert after == rules.released(task, build.at(2), is_declined=is_declined)
    return after


@pytest.mark.parametrize("route", [None, {}])
def test_a_task_that_is_given_back_again_and_again_uses_up_its_attempts(
    store: Any, build: Any, route: dict[str, object] | None
) -> None:
    add(store, build.task(max_attempts=2, route=route))
    assert [give_back(store, build).attempts for _ in range(FREE_RELEASES)] == [0] * FREE_RELEASES
    first, last = give_back(store, build), give_back(store, build)
    assert (first.state, first.attempts) == (TaskState.QUEUED, 1)
    assert (last.state, last.attempts, last.lease_expires_at) == (TaskState.LEASED, 2, build.at(2))
    with store.transaction() as tx:
        (dead,) = tx.tasks.requeue_expired(build.at(2))
    assert (dead.state, dead.error["code"]) == (TaskState.DEAD, "task-attempts-exhausted")


def test_declining_never_counts_but_uses_up_what_is_free(store: Any, build: Any) -> None:
    add(store, build.task())
    assert {give_back(store, build, is_declined=True).attempts for _ in range(3 * FREE_RELEASES)} == {0}
    assert give_back(store, build).attempts == 1
    assert give_back(store, build, is_declined=True).attempts == 1


def test_what_is_to_be_cancelled_is_not_renewed_and_ends_when_its_lease_does(store: Any, build: Any) -> None:
    add(store, build.task())
    lease(store, build)
    with store.transaction() as tx:
        tx.tasks.cancel("t1", build.at(1))
        for second in (2, 30, 59):
            renewed = tx.tasks.renew("t1", "me", 1, build.at(second + 60))
            assert (renewed.lease_expires_at, renewed.is_cancel_requested) == (build.at(60), True)
    with store.transaction() as tx:
        assert tx.tasks.requeue_expired(build.at(59)) == ()
        (ended,) = tx.tasks.requeue_expired(build.at(60))
    assert ended.state is TaskState.CANCELLED


def test_a_released_task_that_was_to_be_cancelled_ends_instead_of_waiting_for_ever(store: Any, build: Any) -> None:
    add(store, build.task())
    lease(store, build)
    with store.transaction() as tx:
        tx.tasks.cancel("t1", build.at(1))
        assert tx.tasks.release("t1", "me", 1, build.at(2))
    ended = find(store)
    assert (ended.state, ended.finished_at, ended.attempts) == (TaskState.CANCELLED, build.at(2), 1)


def test_cancelling_a_queued_task_ends_it_at_once(store: Any, build: Any) -> None:
    add(store, build.task())
    with store.transaction() as tx:
        ended = tx.tasks.cancel("t1", build.at(5))
        assert tx.tasks.cancel("none", build.at(5)) is None
    assert ended == find(store)
    assert (ended.state, ended.finished_at, ended.is_cancel_requested) == (TaskState.CANCELLED, build.at(5), True)
    assert lease(store, build) is None


def test_cancelling_a_leased_task_is_seen_when_it_is_renewed(store: Any, build: Any) -> None:
    add(store, build.task())
    mine = lease(store, build)
    assert mine is not None
    with store.transaction() as tx:
        flagged = tx.tasks.cancel("t1", build.at(5))
        renewed = tx.tasks.renew("t1", "me", 1, build.at(90))
    assert (flagged.state, flagged.finished_at) == (TaskState.LEASED, None)
    assert renewed.is_cancel_requested
    assert finish(store, mine, build.at(6))


def test_cancelling_a_finished_task_leaves_it_alone(store: Any, build: Any) -> None:
    add(store, build.task())
    mine = lease(store, build)
    assert mine is not None
    finish(store, mine, build.at(1))
    before = find(store)
    with store.transaction() as tx:
        assert tx.tasks.cancel("t1", build.at(5)) == before
    assert find(store) == before


def test_the_sweep_leaves_queued_live_and_finished_tasks_alone(store: Any, build: Any) -> None:
    add(store, build.task("live"), build.task("done"), build.task("queued", deadline_at=build.at(101)))
    lease(store, build, lasts=100.5)
    done = lease(store, build)
    assert done is not None
    finish(store, done, build.at(1))
    with store.transaction() as tx:
        assert tx.tasks.requeue_expired(build.at(100)) == ()


def test_the_sweep_requeues_an_expired_lease_and_its_holder_can_no_longer_finish(store: Any, build: Any) -> None:
    add(store, build.task())
    mine = lease(store, build)
    assert mine is not None
    with store.transaction() as tx:
        (back,) = tx.tasks.requeue_expired(build.at(60))
    assert back == find(store)
    assert (back.state, back.owner, back.attempts, back.fence) == (TaskState.QUEUED, None, 1, 1)
    assert not finish(store, mine, build.at(61))


def test_a_task_out_of_attempts_is_dead_and_says_why(store: Any, build: Any) -> None:
    add(store, build.task(max_attempts=2))
    for attempt in range(2):
        assert lease(store, build, at=attempt * 60) is not None
    assert lease(store, build, at=120) is None
    with store.transaction() as tx:
        (dead,) = tx.tasks.requeue_expired(build.at(120))
    assert dead == find(store)
    assert (dead.state, dead.finished_at, dead.attempts) == (TaskState.DEAD, build.at(120), 2)
    assert dead.error is not None
    assert dead.error["code"] == "task-attempts-exhausted"
    assert "2 attempts" in str(dead.error["message"])
    with store.snapshot() as tx:
        assert tx.tasks.page("acct", (TaskState.DEAD,), PageRequest()).items == (dead,)


def test_a_deadline_ends_queued_and_leased_tasks_alike(store: Any, build: Any) -> None:
    add(store, build.task("leased", deadline_at=build.at(30)), build.task("queued", deadline_at=build.at(30)))
    mine = lease(store, build)
    assert mine is not None
    with store.transaction() as tx:
        assert tx.tasks.requeue_expired(build.at(29)) == ()
        changed = tx.tasks.requeue_expired(build.at(30))
    assert [(task.id, task.state) for task in changed] == [("leased", TaskState.DEAD), ("queued", TaskState.DEAD)]
    assert {task.error["code"] for task in changed} == {"task-deadline-passed"}
    assert not finish(store, mine, build.at(31))


def test_a_cancelled_task_whose_holder_vanished_ends_with_the_sweep(store: Any, build: Any) -> None:
    add(store, build.task())
    lease(store, build)
    with store.transaction() as tx:
        tx.tasks.cancel("t1", build.at(5))
        assert tx.tasks.lease("you", KINDS, build.at(60), build.at(90)) is None
        (ended,) = tx.tasks.requeue_expired(build.at(60))
    assert ended.state is TaskState.CANCELLED


def test_expiring_an_owner_ends_its_live_leases_alone(store: Any, build: Any) -> None:
    add(store, *(build.task(name) for name in ("mine", "also", "yours", "waiting")))
    lease(store, build)
    lease(store, build)
    lease(store, build, owner="you")
    with store.transaction() as tx:
        assert tx.tasks.expire("me", build.at(1)) == 2
        assert tx.tasks.expire("me", build.at(1)) == 0
        assert [task.id for task in tx.tasks.requeue_expired(build.at(1))] == ["mine", "also"]


def test_pages_are_newest_first_by_account_and_state(store: Any, build: Any) -> None:
    add(store, *(build.task(f"t{number}") for number in range(5)), build.task("foreign", account="other"))
    lease(store, build)
    with store.snapshot() as tx:
        pages = [tx.tasks.page("acct", (), PageRequest(index, 2)) for index in range(4)]
        leased = tx.tasks.page("acct", {TaskState.LEASED}, PageRequest())
        both = tx.tasks.page("acct", {TaskState.LEASED, TaskState.QUEUED}, PageRequest(0, 1))
    assert [task.id for page in pages for task in page.items] == ["t4", "t3", "t2", "t1", "t0"]
    assert {page.total for page in pages} == {5}
    assert ([task.id for task in leased.items], leased.total) == (["t0"], 1)
    assert ([task.id for task in both.items], both.total) == (["t4"], 5)


def test_a_busy_scope_waits_and_others_do_not(store: Any, build: Any) -> None:
    busy, free = Scope("acct", "org", "busy"), Scope("acct", "org", "free")
    with store.transaction() as tx:
        tx.tasks.add(build.task("first", org="org", project="busy"))
        tx.tasks.add(build.task("second", org="org", project="free"))
    with store.transaction() as tx:
        leased = tx.tasks.lease("me", ["pull"], build.at(1), build.at(60), [busy])
        assert leased is not None
        assert leased.scope == free
        assert tx.tasks.lease("me", ["pull"], build.at(1), build.at(60), [busy]) is None
        assert tx.tasks.lease("me", ["pull"], build.at(1), build.at(60)).scope == busy
