"""Rows of tasks that have a route: offered, acquired, given up. Refusals first."""

from typing import Any

import pytest

from pierhead.control.tasks import TaskRow, TaskState
from pierhead.kit.paging import PageRequest


def add(store: Any, *tasks: TaskRow) -> None:
    with store.transaction() as tx:
        for task in tasks:
            tx.tasks.add(task)


def find(store: Any, task_id: str = "t1") -> TaskRow:
    with store.snapshot() as tx:
        task: TaskRow = tx.tasks.find(task_id)
    return task


def acquire(store: Any, build: Any, task_id: str = "t1", *, owner: str = "d1", at: float = 0) -> TaskRow | None:
    with store.transaction() as tx:
        task: TaskRow | None = tx.tasks.lease_this(task_id, owner, build.at(at), build.at(at + 60))
    return task


def due(store: Any, build: Any, at: float, limit: int = 100) -> list[str]:
    with store.transaction() as tx:
        return [task.id for task in tx.tasks.due_offers(build.at(at), limit)]


def test_the_platform_leases_no_task_that_has_a_route(store: Any, build: Any) -> None:
    add(store, build.routed(), build.routed("empty", route={}))
    with store.transaction() as tx:
        assert tx.tasks.lease("platform", ["pull"], build.at(0), build.at(60)) is None


def test_a_task_without_a_route_cannot_be_acquired_offered_or_hurried(store: Any, build: Any) -> None:
    add(store, build.task())
    assert acquire(store, build) is None
    with store.transaction() as tx:
        assert not tx.tasks.put_offers("t1", {"round": 2}, build.at(9))
        assert tx.tasks.hurry_offers("acct", build.at(9)) == 0
        assert tx.tasks.next_offer_at() is None
    assert find(store) == build.task()


@pytest.mark.parametrize("unfit", ["out of attempts", "to be cancelled", "late", "unknown"])
def test_a_task_that_may_not_be_leased_is_not_acquired(store: Any, build: Any, unfit: str) -> None:
    add(
        store,
        build.routed("out of attempts", attempts=3),
        build.routed("to be cancelled", is_cancel_requested=True),
        build.routed("late", deadline_at=build.at(0)),
    )
    assert acquire(store, build, unfit) is None


def test_documents_come_back_as_they_were_and_absent_ones_as_none(store: Any, build: Any) -> None:
    full = build.routed("full", offers={"asked": ["d1"], "n": None}, checkpoint={"a": [1.5]}, result={"ü": {}})
    add(store, full, build.task("bare"))
    assert find(store, "full") == full
    bare = find(store, "bare")
    assert (bare.route, bare.offers, bare.offer_at, bare.checkpoint, bare.result) == (None,) * 5


def test_an_acquired_task_has_a_lease_and_is_offered_no_more(store: Any, build: Any) -> None:
    add(store, build.routed())
    task = acquire(store, build)
    assert task is not None
    assert task == find(store)
    assert (task.state, task.owner, task.fence, task.attempts) == (TaskState.LEASED, "d1", 1, 1)
    assert (task.lease_expires_at, task.offer_at) == (build.at(60), None)
    assert acquire(store, build, owner="d2", at=59) is None
    assert due(store, build, 1000) == []
    again = acquire(store, build, owner="d2", at=60)
    assert again is not None
    assert (again.owner, again.fence, again.attempts) == ("d2", 2, 2)


def test_due_offers_come_longest_due_first_and_as_many_as_asked_for(store: Any, build: Any) -> None:
    times = {"c": 5, "a": 0, "b": 0, "later": 10.5, "never": None}
    add(store, *(build.routed(name, offer_at=None if at is None else build.at(at)) for name, at in times.items()))
    add(store, build.task("platform's"))
    assert due(store, build, 10) == ["a", "b", "c"]
    assert due(store, build, 10, limit=2) == ["a", "b"]
    assert due(store, build, 10.5)[-1] == "later"
    assert due(store, build, -1) == []


def test_the_next_offer_is_the_earliest_of_all(store: Any, build: Any) -> None:
    with store.snapshot() as tx:
        assert tx.tasks.next_offer_at() is None
    add(store, build.routed("a", offer_at=build.at(7)), build.routed("b", offer_at=build.at(3)), build.task("c"))
    with store.snapshot() as tx:
        assert tx.tasks.next_offer_at() == build.at(3)


def test_what_came_of_an_offer_is_kept_while_the_task_is_queued(store: Any, build: Any) -> None:
    add(store, build.routed())
    with store.transaction() as tx:
        assert tx.tasks.put_offers("t1", {"round": 2, "asked": ["d1"]}, build.at(5))
        assert not tx.tasks.put_offers("none", {}, None)
    waiting = find(store)
    assert (waiting.offers, waiting.offer_at) == ({"round": 2, "asked": ["d1"]}, build.at(5))
    leased = acquire(store, build)
    assert leased is not None
    assert leased.offers == waiting.offers
    with store.transaction() as tx:
        assert not tx.tasks.put_offers("t1", {"round": 3}, build.at(9))
    assert find(store) == leased


def test_offers_may_wait_for_a_signal_alone(store: Any, build: Any) -> None:
    add(store, build.routed())
    with store.transaction() as tx:
        assert tx.tasks.put_offers("t1", {}, None)
        assert tx.tasks.next_offer_at() is None


def test_a_newcomer_hurries_the_queued_and_routed_tasks_of_its_account(store: Any, build: Any) -> None:
    add(store, build.routed("a", offer_at=build.at(900)), build.routed("b", offer_at=None), build.routed("leased"))
    add(store, build.routed("foreign", account="other", offer_at=build.at(900)), build.task("platform's"))
    acquire(store, build, "leased")
    with store.transaction() as tx:
        assert tx.tasks.hurry_offers("acct", build.at(1)) == 2
        assert tx.tasks.hurry_offers("nobody", build.at(1)) == 0
        assert tx.tasks.hurry_offers("acct", build.at(2)) == 0  # those are due already, and keep their turn
    assert due(store, build, 1) == ["a", "b"]
    assert find(store, "leased").offer_at is None
    assert find(store, "platform's") == build.task("platform's")


def test_a_released_task_is_offered_again_at_once(store: Any, build: Any) -> None:
    add(store, build.routed())
    acquire(store, build)
    with store.transaction() as tx:
        assert tx.tasks.release("t1", "d1", 1, build.at(7))
    back = find(store)
    assert (back.state, back.attempts, back.offer_at) == (TaskState.QUEUED, 0, build.at(7))


def test_a_released_task_of_the_platform_is_not_offered(store: Any, build: Any) -> None:
    add(store, build.task())
    with store.transaction() as tx:
        tx.tasks.lease("platform", ["pull"], build.at(0), build.at(60))
        assert tx.tasks.release("t1", "platform", 1, build.at(7))
    assert find(store) == build.task(fence=1)


def test_a_task_whose_holder_vanished_is_offered_again_with_its_checkpoint(store: Any, build: Any) -> None:
    add(store, build.routed())
    acquire(store, build)
    with store.transaction() as tx:
        assert tx.tasks.put_checkpoint("t1", "d1", 1, {"done": ["x"]})
        (back,) = tx.tasks.requeue_expired(build.at(60))
    assert back == find(store)
    assert (back.state, back.offer_at, back.checkpoint) == (TaskState.QUEUED, build.at(60), {"done": ["x"]})


@pytest.mark.parametrize("lease", [("d2", 1), ("d1", 2), ("d1", 0)])
def test_a_checkpoint_under_a_lease_that_does_not_hold_is_refused(
    store: Any, build: Any, lease: tuple[str, int]
) -> None:
    add(store, build.routed())
    acquire(store, build)
    with store.transaction() as tx:
        assert not tx.tasks.put_checkpoint("t1", *lease, {"done": []})
    assert find(store).checkpoint is None


def test_a_result_is_kept_with_the_end(store: Any, build: Any) -> None:
    add(store, build.routed())
    acquire(store, build)
    with store.transaction() as tx:
        assert tx.tasks.put_checkpoint("t1", "d1", 1, {"done": 1})
        assert tx.tasks.finish("t1", "d1", 1, TaskState.SUCCEEDED, None, build.at(5), {"tags": ["1", "2"]})
        assert not tx.tasks.finish("t1", "d1", 1, TaskState.FAILED, {"code": "x"}, build.at(6), {"tags": []})
    ended = find(store)
    assert (ended.state, ended.error, ended.result) == (TaskState.SUCCEEDED, None, {"tags": ["1", "2"]})
    assert (ended.owner, ended.fence, ended.checkpoint) == ("d1", 1, {"done": 1})


def test_giving_up_ends_a_queued_task_and_no_other(store: Any, build: Any) -> None:
    add(store, build.routed("queued"), build.routed("leased"), build.routed("ended"), build.task("platform's"))
    acquire(store, build, "leased")
    with store.transaction() as tx:
        tx.tasks.cancel("ended", build.at(1))
        assert tx.tasks.give_up("leased", {"code": "nobody"}, build.at(2)) is None
        assert tx.tasks.give_up("ended", {"code": "nobody"}, build.at(2)) is None
        assert tx.tasks.give_up("none", {"code": "nobody"}, build.at(2)) is None
        dead = tx.tasks.give_up("queued", {"code": "nobody"}, build.at(2))
        assert tx.tasks.give_up("platform's", {"code": "nobody"}, build.at(2)) is not None
    assert dead == find(store, "queued")
    assert (dead.state, dead.error, dead.finished_at) == (TaskState.DEAD, {"code": "nobody"}, build.at(2))
    assert dead.offer_at is None
    assert acquire(store, build, "queued") is None


def test_a_cancelled_task_is_offered_no_more(store: Any, build: Any) -> None:
    add(store, build.routed())
    with store.transaction() as tx:
        ended = tx.tasks.cancel("t1", build.at(1))
    assert ended == find(store)
    assert (ended.state, ended.offer_at) == (TaskState.CANCELLED, None)
    assert due(store, build, 1000) == []


def test_a_deadline_ends_a_task_that_nobody_acquired(store: Any, build: Any) -> None:
    add(store, build.routed(deadline_at=build.at(30)))
    with store.transaction() as tx:
        (dead,) = tx.tasks.requeue_expired(build.at(30))
    assert (dead.state, dead.offer_at) == (TaskState.DEAD, None)
    assert dead == find(store)


def test_leases_are_counted_by_owner(store: Any, build: Any) -> None:
    add(store, *(build.routed(name) for name in "abcde"))
    for task_id, owner in {"a": "d1", "b": "d1", "c": "d2", "d": "d3", "e": "d4"}.items():
        acquire(store, build, task_id, owner=owner)
    with store.transaction() as tx:
        tx.tasks.finish("d", "d3", 1, TaskState.SUCCEEDED, None, build.at(1))
    with store.snapshot() as tx:
        held = tx.tasks.leased_by(["d1", "d2", "d3", "idle"])
        assert tx.tasks.leased_by(()) == {}
        many = tx.tasks.leased_by([f"idle {number}" for number in range(40_000)] + ["d4"])
    assert {owner: count for owner, count in held.items() if count} == {"d1": 2, "d2": 1}
    assert {owner: count for owner, count in many.items() if count} == {"d4": 1}


def test_pages_show_routed_tasks_among_the_others(store: Any, build: Any) -> None:
    add(store, build.routed("a"), build.task("b"))
    with store.snapshot() as tx:
        assert [task.id for task in tx.tasks.page("acct", (), PageRequest()).items] == ["b", "a"]
