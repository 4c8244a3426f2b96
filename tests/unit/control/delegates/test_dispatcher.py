"""From a task that waits to a lease, and back: offering, acquiring, declining, giving back, giving up."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from pierhead.control.delegates import (
    PLATFORM,
    Acquired,
    DelegateRevokedError,
    DelegateUnknownError,
    Dispatcher,
    Experience,
    NonceUsedError,
    Offers,
    Origin,
    Path,
    Route,
    RouteUnreadableError,
)
from pierhead.control.scopes import Scope
from pierhead.control.tasks import StaleLeaseError, TaskNotFoundError, TaskQueue, TaskRow, TaskState
from pierhead.kit.errors import TooLargeError
from pierhead.kit.signals import Signal, Topic

ACCOUNT, ORG, PROJECT = Scope("acct"), Scope("acct", "o"), Scope("acct", "o", "p")
HUB, QUAY = "https://docker.io", "https://quay.io"
ANY = Path(False, (), Origin.CONNECTOR, "connector hub is reached through any available delegate")


def settled(yard: Any, path: Path, scope: Scope = PROJECT, *, secrets: tuple[Scope, ...] = (), **more: Any) -> Any:
    with yard.store.transaction() as tx:
        return yard.dispatcher.settle(tx, path, scope, [QUAY, HUB, HUB], secrets, **more)


def knows(yard: Any, delegate: Any, origin: str, *, is_success: bool, age_s: float = 0) -> None:
    with yard.store.transaction() as tx:
        tx.experiences.put([Experience(delegate.id, origin, is_success, yard.clock.now(), "refused")])
    yard.clock.advance(age_s)


# --- where a task may go


def test_the_platform_stays_the_platform(yard: Any) -> None:
    yard.enrol()
    assert settled(yard, PLATFORM).route is None


def test_any_delegate_means_the_platform_when_none_serves_whoever_asks(yard: Any) -> None:
    yard.enrol("far", scope=Scope("acct", "o2"))
    off = yard.enrol("off")
    yard.delegates.disable("acct", off.id)
    found = settled(yard, ANY)
    assert found.route is None
    assert found.reason == (
        "connector hub is reached through any available delegate; "
        "no enabled delegate serves project o/p, so the platform does it"
    )
    yard.enrol("org", scope=ORG)
    found = settled(yard, ANY)
    assert found.route == Route(PROJECT, (), "connector", (HUB, QUAY))
    assert settled(yard, ANY, ACCOUNT).route is None, "what an organization owns does not serve the account"


def test_a_delegate_that_may_not_see_the_secret_is_as_none(yard: Any) -> None:
    yard.enrol("own", scope=PROJECT)
    assert settled(yard, ANY, secrets=(PROJECT,)).route is not None
    found = settled(yard, ANY, secrets=(PROJECT, ACCOUNT))
    assert found.route is None
    assert found.reason.endswith(
        "no enabled delegate that may see the connector's secret serves project o/p, so the platform does it"
    )
    yard.enrol("top")
    assert settled(yard, ANY, secrets=(PROJECT, ACCOUNT, ORG)).route.secrets == (ACCOUNT,)


def test_a_delegate_that_lies_about_its_tags_is_not_offered_a_task_with_a_secret_of_others(yard: Any) -> None:
    spoof = yard.running("vault", scope=PROJECT)
    task = yard.task("vault", secrets=(ACCOUNT,))
    yard.dispatcher.dispatch()
    assert yard.offered == []
    assert "not offered" in yard.refused(spoof, task)
    error = yard.read(task).error
    assert error["code"] == "no-eligible-delegates"
    assert error["hint"] == (
        "vault (vault-host): belongs to project o/p, and the connector's secret to the account: it may not see it; "
        "take a delegate of the account, or a connector and a secret of project o/p"
    )
    assert "may not see it" in " ".join(yard.log(task))


def test_whether_it_may_see_the_secret_is_asked_again_when_a_task_is_taken(yard: Any) -> None:
    one = yard.running("vault", scope=PROJECT)
    task = yard.task("vault")
    yard.dispatcher.dispatch()
    route = {**yard.read(task).route, "secrets": ["o"]}
    with yard.store.transaction() as tx:
        tx.tasks._put(replace(tx.tasks.find(task.id), route=route))
    assert yard.refused(one, task) == (
        "belongs to project o/p, and the connector's secret to organization o: it may not see it"
    )


def test_selectors_never_fall_back(yard: Any) -> None:
    found = settled(yard, Path(False, ("eu",), Origin.STAGE, "the stage asks"))
    assert found.route is not None
    assert (found.route.selectors, found.route.selected_by) == (("eu",), "stage")


def test_for_a_person_who_waits_it_is_tried_once_and_whatever_was_experienced_before(yard: Any) -> None:
    yard.enrol()
    route = settled(yard, ANY, asks=True).route
    assert (route.rounds, route.waits, route.ignores_failures) == (1, False, True)


# --- offering


def test_with_nothing_to_do_nothing_is_done(yard: Any) -> None:
    yard.running()
    yard.dispatcher.dispatch()
    yard.store.transaction = None
    assert yard.dispatcher.dispatch() is None


def test_a_task_is_offered_logged_and_looked_at_again_after_five_seconds(yard: Any) -> None:
    delegate = yard.running()
    task = yard.task()
    assert yard.dispatcher.dispatch() == 5
    assert yard.offered == [f"{delegate.id} {task.id}"]
    assert yard.log(task) == [
        "Selected: : Delegate(s) eligible to execute task: gpu (gpu-host)",
        "Broadcast: gpu (gpu-host): Broadcasting to delegate(s): gpu (gpu-host)",
    ]
    assert yard.dispatcher.dispatch() == 5
    assert len(yard.offered) == 1


def test_proven_delegates_are_preferred_and_then_all_take_turns(yard: Any) -> None:
    fleet = {one.id: one for one in (yard.running(name, capacity=10) for name in "abc")}
    turns = []
    for _ in range(6):
        task = yard.task()
        yard.dispatcher.dispatch()
        (asked,) = yard.taken_offers()
        turns.append(fleet[asked].name)
        lease = yard.acquired(fleet[asked], task).lease
        with yard.store.transaction() as tx:
            yard.queue.finish(tx, lease, TaskState.SUCCEEDED)
        yard.clock.advance(1)
    assert sorted(turns[:3]) == sorted(turns[3:]) == ["a", "b", "c"]
    proven = next(one for one in fleet.values() if one.name == "b")
    knows(yard, proven, HUB, is_success=True)
    for _ in range(3):
        yard.task()
    yard.dispatcher.dispatch()
    assert yard.taken_offers() == [proven.id] * 3


def test_tasks_that_come_together_are_spread_over_all_by_load(yard: Any) -> None:
    for name in "abcd":
        yard.running(name, capacity=5)
    for _ in range(20):
        yard.task()
    yard.dispatcher.dispatch()
    offers = yard.taken_offers()
    assert {offers.count(one) for one in offers} == {5}
    assert len(set(offers)) == 4


def test_offers_that_are_out_count_as_load_until_they_are_answered(yard: Any) -> None:
    one = yard.running(capacity=1)
    first, second = yard.task(), yard.task()
    yard.dispatcher.dispatch()
    assert yard.offered == [f"{one.id} {first.id}"]
    lease = yard.acquired(one, first).lease
    yard.clock.advance(10)
    yard.dispatcher.dispatch()
    assert len(yard.offered) == 1, "it is full with the first one"
    with yard.store.transaction() as tx:
        yard.queue.finish(tx, lease, TaskState.SUCCEEDED)
    yard.dispatcher.dispatch()
    assert yard.offered[1:] == [f"{one.id} {second.id}"], "the end of a task makes room at once"


def test_room_brings_on_as_many_as_fit_of_every_demand(yard: Any) -> None:
    one = yard.running(capacity=1, tags=("eu",))
    other = yard.running("other", capacity=1, tags=("us",))
    running = []
    for tag, delegate in (("eu", one), ("us", other)):
        for _ in range(3):
            yard.task(tag)
        yard.dispatcher.dispatch()
        key = next(key for key in yard.offered if key.startswith(delegate.id))
        running.append(yard.dispatcher.acquire(delegate.id, key.split()[1], yard.nonce()).lease)
    yard.taken_offers()
    with yard.store.transaction() as tx:
        for lease in running:
            yard.queue.finish(tx, lease, TaskState.SUCCEEDED)
    woken: list[str] = []
    yard.store.signals.on(Topic.TASK_WAITS, woken.append)
    yard.dispatcher.dispatch()
    assert sorted(yard.taken_offers()) == sorted([one.id, other.id])


def test_a_new_session_brings_waiting_tasks_on_at_once(yard: Any) -> None:
    delegate = yard.enrol()
    task = yard.task("gpu")
    assert yard.dispatcher.dispatch() == 60
    woken: list[str] = []
    yard.store.signals.on(Topic.TASK_WAITS, woken.append)
    yard.start(delegate)
    assert woken
    yard.dispatcher.dispatch()
    assert yard.offered == [f"{delegate.id} {task.id}"]


def test_when_any_delegate_may_have_changed_all_known_accounts_are_looked_at(yard: Any) -> None:
    delegate = yard.enrol()
    task = yard.task("gpu")
    yard.dispatcher.dispatch()
    with yard.store.transaction() as tx:
        tx.delegates.seen([delegate.id], yard.clock.now())
    yard.store.signals.tell(Signal(Topic.DELEGATE))
    yard.dispatcher.dispatch()
    assert yard.offered == [f"{delegate.id} {task.id}"]


def test_given_up_tasks_are_told_in_the_transaction_that_ends_them(yard: Any) -> None:
    ended: list[TaskRow] = []
    yard.dispatcher.on_given_up(lambda tx, task: ended.append(tx.tasks.find(task.id)))
    told: list[str] = []
    yard.store.signals.on(Topic.TASK_ENDED, told.append)
    task = yard.task("nobody-has-this")
    assert yard.dispatcher.dispatch() is None
    assert [one.id for one in ended] == [task.id] == told
    found = yard.read(task)
    assert found.state is TaskState.DEAD
    assert found.error == {
        "code": "no-eligible-delegates",
        "category": "unavailable",
        "message": "There are no eligible delegates available in the account to execute the task.",
        "hint": "no delegate is enrolled: start one with a delegate token of this account",
        "retryable": False,
    }
    assert yard.log(task) == [
        "Info: : No eligible delegate(s) in account to execute task.",
        "Info: : There are no eligible delegates available in the account to execute the task.",
    ]


def test_a_route_that_cannot_be_read_stops_nobody_else(yard: Any) -> None:
    delegate = yard.running()
    with yard.store.transaction() as tx:
        for route in ({}, {"account": "acct"}, {**Route(ACCOUNT).to_json(), "later": 1}):
            broken = yard.queue.enqueue(tx, "acct", "pull", {}, route=route)
    task = yard.task()
    yard.dispatcher.dispatch()
    assert yard.offered == [f"{delegate.id} {task.id}"]
    assert yard.read(broken).error["code"] == "task-route-unreadable"
    with pytest.raises(RouteUnreadableError):
        yard.dispatcher.why(broken.id)


def test_a_lost_delegates_task_goes_to_another_and_to_it_again_when_it_is_back(yard: Any) -> None:
    one = yard.running("a")
    task = yard.task()
    yard.dispatcher.dispatch()
    yard.acquired(one, task)
    yard.taken_offers()
    yard.clock.advance(61)
    yard.agents.gone([one.id])
    yard.queue.sweep()
    assert yard.read(task).state is TaskState.QUEUED
    yard.dispatcher.dispatch()
    assert yard.taken_offers() == []
    yard.beat(one)
    yard.dispatcher.dispatch()
    assert yard.taken_offers() == [one.id]
    assert yard.acquired(one, task).lease.fence == 2


def test_a_storm_of_returns_is_taken_in_together(yard: Any) -> None:
    fleet = [yard.enrol(host=f"h{n}") for n in range(300)]
    yard.dispatcher.dispatch()
    task = yard.task("nowhere-yet", "gpu")
    hurried: list[int] = []
    real = yard.queue.sweep_in
    yard.queue.sweep_in = lambda tx: (hurried.append(1), real(tx))[1]
    yard.beat(*fleet)
    yard.dispatcher.dispatch()
    assert len(hurried) == 1
    assert yard.read(task).state is TaskState.DEAD


def test_after_a_costly_look_news_wait_a_while(yard: Any) -> None:
    delegate = yard.enrol()
    yard.task("gpu")
    yard.dispatcher.dispatch()
    real = yard.queue.sweep_in

    def slow(tx: Any) -> Any:
        yard.clock.advance(0.5)
        return real(tx)

    yard.queue.sweep_in = slow
    yard.start(delegate)
    yard.dispatcher.dispatch()
    yard.taken_offers()
    yard.start(delegate)
    assert yard.dispatcher.dispatch() == pytest.approx(2.0)
    assert yard.taken_offers() == []
    yard.clock.advance(2)
    yard.dispatcher.dispatch()
    assert yard.taken_offers() == [delegate.id]


# --- acquiring


def test_a_task_is_only_for_whom_it_was_offered_to_and_only_once(yard: Any) -> None:
    one, other = yard.running("a"), yard.running("b")
    task = yard.task("a")
    not_offered = "this task was not offered to this delegate, or not to this process of it"
    assert yard.refused(one, task) == not_offered
    yard.dispatcher.dispatch()
    assert yard.refused(other, task) == not_offered
    assert yard.dispatcher.acquire(other.id, "no-such-task", yard.nonce()).reason == not_offered
    got = yard.acquired(one, task)
    assert (got.lease.owner, got.lease.fence, got.check_first) == (one.id, 1, (HUB,))
    assert yard.refused(one, task) == not_offered
    assert yard.log(task)[-1] == "Assigned: a (a-host): Delegate assigned for task execution"
    assert yard.delegate(one).last_assigned_at == yard.clock.now()


def test_of_two_that_were_asked_the_first_one_gets_it(yard: Any) -> None:
    one, other = yard.running("a"), yard.running("b")
    task = yard.task()
    yard.dispatcher.dispatch()
    yard.clock.advance(5)
    yard.dispatcher.dispatch()
    assert len(yard.taken_offers()) == 2
    assert isinstance(yard.acquire(other, task), Acquired)
    assert yard.acquire(one, task).reason == "this task was not offered to this delegate, or not to this process of it"


def test_an_earlier_process_of_the_one_that_was_asked_does_not_get_it(yard: Any) -> None:
    one = yard.running()
    task = yard.task()
    yard.dispatcher.dispatch()
    yard.start(one)
    assert "not to this process of it" in yard.refused(one, task)


def test_nobody_unknown_revoked_or_repeating_itself_gets_anything(yard: Any) -> None:
    one = yard.running()
    task = yard.task()
    yard.dispatcher.dispatch()
    with pytest.raises(DelegateUnknownError):
        yard.dispatcher.acquire("f" * 32, task.id, "n1")
    yard.dispatcher.acquire(one.id, "no-such-task", "n2")
    with pytest.raises(NonceUsedError):
        yard.dispatcher.acquire(one.id, task.id, "n2")
    yard.tokens.revoke(ACCOUNT, "tok")
    with pytest.raises(DelegateRevokedError):
        yard.acquire(one, task)
    assert yard.read(task).owner is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda yard, one: yard.start(one, yard.delegate(one).session), ""),
        (lambda yard, one: yard.delegates.set_tags(ACCOUNT, "gpu", ()), "don't have selectors eu"),
        (lambda yard, one: knows(yard, one, HUB, is_success=False), "did not reach https://docker.io"),
        (lambda yard, one: yard.agents.gone([one.id]), "not active: it is not connected"),
    ],
)
def test_what_has_changed_since_the_offer_counts(yard: Any, change: Any, reason: str) -> None:
    one = yard.running()
    yard.delegates.set_tags(ACCOUNT, "gpu", ("eu",))
    task = yard.task("eu")
    yard.dispatcher.dispatch()
    change(yard, one)
    if reason:
        assert reason in yard.refused(one, task)
    else:
        yard.acquired(one, task)


def test_one_that_waits_for_approval_gets_nothing_even_if_it_was_asked(strict_yard: Any) -> None:
    yard = strict_yard
    one = yard.running()
    task = yard.task("gpu")
    with yard.store.transaction() as tx:
        tx.tasks.put_offers(task.id, Offers(asked={one.id: one.session}).to_json(), yard.clock.now())
    assert "waits for approval" in yard.refused(one, task)


def test_nobody_takes_more_than_it_has_room_for(yard: Any) -> None:
    one = yard.running(capacity=1)
    first, second = yard.task(), yard.task()
    with yard.store.transaction() as tx:
        for task in (first, second):
            tx.tasks.put_offers(task.id, Offers(asked={one.id: one.session}).to_json(), yard.clock.now())
    yard.acquired(one, first)
    assert yard.refused(one, second) == "eligible, but at capacity: runs 1 of 1"


def test_a_task_that_was_cancelled_or_is_over_its_time_is_not_handed_out(yard: Any) -> None:
    one = yard.running(capacity=9)
    cancelled, late = yard.task(), yard.task(deadline_s=3)
    yard.dispatcher.dispatch()
    with yard.store.transaction() as tx:
        yard.queue.cancel(tx, cancelled.id)
    assert yard.refused(one, cancelled) == "it has ended"
    yard.clock.advance(4)
    assert yard.refused(one, late) == "it was just taken, cancelled or is over its time"
    assert one.id in Offers.from_json(yard.read(late).offers).asked, "nothing has changed"


def test_only_what_is_not_known_to_be_reached_is_checked_first(yard: Any) -> None:
    one = yard.running()
    knows(yard, one, HUB, is_success=True)
    task = yard.task(origins=(HUB, QUAY))
    yard.dispatcher.dispatch()
    assert yard.acquired(one, task).check_first == (QUAY,)


# --- declining and giving back


def test_declining_asks_the_next_one_at_once_and_is_remembered(yard: Any) -> None:
    one, other = yard.running("a"), yard.running("b")
    task = yard.task()
    yard.dispatcher.dispatch()
    (asked,) = yard.taken_offers()
    one, other = (one, other) if asked == one.id else (other, one)
    lease = yard.acquired(one, task).lease
    yard.dispatcher.decline(one.id, task.id, lease.fence, {HUB: "connection\nrefused", "https://not-asked": "x"})
    yard.dispatcher.dispatch()
    assert yard.taken_offers() == [other.id]
    assert yard.read(task).attempts == 0, "the attempt does not count"
    seen = yard.delegates.experiences("acct", one.id)
    assert [(e.origin, e.is_success, e.reason) for e in seen] == [(HUB, False, "connection refused")]
    assert f"Rejected: {one.name} ({one.host_name}): https://docker.io: connection refused" in yard.log(task)
    assert "gave this task back" in yard.refused(one, task) or "was not offered" in yard.refused(one, task)
    lease = yard.acquired(other, task).lease
    yard.dispatcher.decline(other.id, task.id, lease.fence, {})
    yard.dispatcher.dispatch()
    error = yard.read(task).error
    assert error["code"] == "registry-out-of-reach"
    assert "it said no reason" in error["message"]
    assert "connection refused" in error["message"]


def test_declining_begins_no_new_count_of_rounds(yard: Any) -> None:
    one = yard.running("a")
    task = yard.task()
    yard.dispatcher.dispatch()
    lease = yard.acquired(one, task).lease
    with yard.store.transaction() as tx:
        offers = replace(Offers.from_json(lease.task.offers), round=2)
        tx.tasks._put(replace(tx.tasks.find(task.id), offers=offers.to_json()))

    yard.dispatcher.decline(one.id, task.id, lease.fence, {HUB: "connection refused"})

    assert Offers.from_json(yard.read(task).offers).round == 2


def test_a_stale_lease_declines_and_releases_nothing(yard: Any) -> None:
    one = yard.running()
    task = yard.leased(one).lease.task
    for use in (
        lambda: yard.dispatcher.decline(one.id, task.id, 2, {HUB: "x"}),
        lambda: yard.dispatcher.decline("f" * 32, task.id, 1, {HUB: "x"}),
        lambda: yard.dispatcher.release(one.id, task.id, 2),
    ):
        with pytest.raises(StaleLeaseError):
            use()
    assert yard.read(task).owner == one.id
    assert yard.delegates.experiences("acct", one.id) == ()


def test_giving_back_keeps_the_checkpoint_and_asks_others_first(yard: Any) -> None:
    one = yard.running("a")
    task = yard.leased(one).lease.task
    with pytest.raises(TooLargeError):
        yard.dispatcher.release(one.id, task.id, 1, {"at": "x" * 20_000})
    yard.taken_offers()
    yard.dispatcher.release(one.id, task.id, 1, {"at": 7})
    yard.dispatcher.dispatch()
    assert yard.taken_offers() == [], "it is about to stop"
    assert (yard.read(task).checkpoint, yard.read(task).attempts) == ({"at": 7}, 0)
    other = yard.running("b")
    yard.dispatcher.dispatch()
    assert yard.taken_offers() == [other.id]
    yard.start(one)
    yard.clock.advance(5)
    yard.dispatcher.dispatch()
    assert yard.taken_offers() == [one.id], "a process that has just started was not asked"


@pytest.mark.parametrize("way", ["decline", "release"])
def test_giving_back_what_is_to_be_cancelled_ends_it(yard: Any, way: str) -> None:
    ended: list[str] = []
    yard.dispatcher.on_given_up(lambda tx, task: ended.append(f"{task.id} {task.state}"))
    one = yard.running()
    task = yard.leased(one).lease.task
    with yard.store.transaction() as tx:
        yard.queue.cancel(tx, task.id)
    getattr(yard.dispatcher, way)(one.id, task.id, 1, {HUB: "x"} if way == "decline" else None)
    assert ended == [f"{task.id} CANCELLED"]
    assert yard.dispatcher.dispatch() is None


# --- what was learned


def test_a_young_success_is_not_written_again_and_a_failure_always_is(yard: Any) -> None:
    one = yard.running()

    def learn(is_reached: bool) -> tuple[bool, Any]:
        with yard.store.transaction() as tx:
            yard.dispatcher.learned(tx, one.id, {HUB: is_reached}, {HUB: "refused"})
        (seen,) = yard.delegates.experiences("acct", one.id)
        return seen.is_success, seen.at

    start = yard.clock.now()
    assert learn(True) == (True, start)
    yard.clock.advance(599)
    assert learn(True) == (True, start)
    yard.clock.advance(1)
    assert learn(True) == (True, yard.clock.now())
    yard.clock.advance(1)
    assert learn(False) == (False, yard.clock.now())
    yard.clock.advance(1)
    assert learn(True) == (True, yard.clock.now())


# --- why


def test_why_answers_for_every_delegate_of_the_account_at_this_moment(strict_yard: Any) -> None:
    yard = strict_yard
    waiting = yard.running("waiting")
    yard.enrol("far", scope=Scope("acct", "o2"))
    yard.enrol("tagless")
    task = yard.task("waiting")
    decision = yard.dispatcher.why(task.id)
    assert decision.candidates == ()
    assert [(line.delegate, line.text.split(" ")[0]) for line in decision.lines[1:]] == [
        ("waiting (waiting-host)", "not"),
        ("tagless (tagless-host)", "Delegate(s)"),
        ("far (far-host)", "belongs"),
    ]
    yard.delegates.approve("acct", waiting.id)
    assert [one.id for one in yard.dispatcher.why(task.id).candidates] == [waiting.id]
    with pytest.raises(TaskNotFoundError):
        yard.dispatcher.why("no-such-task")


# --- more than one


def test_two_dispatchers_on_one_store_never_offer_a_task_twice_at_once(yard: Any) -> None:
    for name in "abcdef":
        yard.running(name, capacity=100)
    tasks = [yard.task() for _ in range(300)]
    queue = TaskQueue(yard.store, yard.clock)
    dispatchers = [yard.dispatcher, Dispatcher(store=yard.store, queue=queue, clock=yard.clock)]
    start = threading.Barrier(4)

    def work(dispatcher: Dispatcher) -> None:
        start.wait(10)
        for _ in range(5):
            dispatcher.dispatch()

    threads = [threading.Thread(target=work, args=(dispatchers[n % 2],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    offered = [key.split()[1] for key in yard.offered]
    assert sorted(offered) == sorted(task.id for task in tasks)


def test_ten_that_grasp_for_one_task_are_one_owner(yard: Any) -> None:
    fleet = [yard.running(host=f"h{n}") for n in range(10)]
    task = yard.task()
    with yard.store.transaction() as tx:
        asked = {one.id: one.session for one in fleet}
        tx.tasks.put_offers(task.id, Offers(asked=asked).to_json(), yard.clock.now())
    got: list[object] = []
    start = threading.Barrier(10)

    def grasp(one: Any, nonce: str) -> None:
        start.wait(10)
        got.append(yard.dispatcher.acquire(one.id, task.id, nonce))

    threads = [threading.Thread(target=grasp, args=(one, yard.nonce())) for one in fleet]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(got) == 10
    assert sum(isinstance(one, Acquired) for one in got) == 1
