"""What happens next to a task that waits: whom it is offered to, when it is looked at again, when it is given up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.delegates import (
    Delegate,
    DelegateGroup,
    DelegateState,
    DelegateToken,
    Enrolled,
    Experience,
    Offers,
    Route,
    RouteUnreadableError,
)
from pierhead.control.delegates.enrolled import Roster
from pierhead.control.delegates.field import Field, history_of
from pierhead.control.delegates.offering import Step, next_step
from pierhead.control.scopes import Scope

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ACCOUNT = Scope("acct")
HUB = "https://docker.io"


class Fleet:
    """Delegates as a test changes them, and the task that is stepped through time."""

    def __init__(self, *names: str, **route: Any) -> None:
        self.now = START
        self.route = Route(ACCOUNT, origins=(HUB,), **route)
        self.delegates = {name: self._delegate(name) for name in names}
        self.experiences: list[Experience] = []
        self.running: dict[str, int] = {}
        self.offers = Offers()
        self.said: list[str] = []

    def change(self, *names: str, **values: Any) -> None:
        for name in names or self.delegates:
            self.delegates[name] = replace(self.delegates[name], **values)

    def step(self, after_s: float = 0) -> Step:
        self.now += timedelta(seconds=after_s)
        self.change(last_heartbeat_at=self.now)
        token = DelegateToken("t", ACCOUNT, "tok", "ann", START, b"", b"")
        group = DelegateGroup("g", ACCOUNT, "g", START)
        roster = Roster(Enrolled.of(delegate, group, token) for delegate in self.delegates.values())
        history = history_of(self.experiences, self.route.origins, self.now)
        step = next_step(Field(self.route, "pull", roster, history, dict(self.running), self.now), self.offers)
        self.offers = Offers.from_json(step.offers.to_json())
        self.said += [line.text for line in step.lines]
        return step

    def asked(self, after_s: float = 0) -> str:
        """Ids of those asked with the next step, joined; the step is made when the last one said so."""
        return " ".join(one.id for one in self.step(after_s).asked)

    def wait_s(self, step: Step) -> float:
        assert step.look_at is not None
        return (step.look_at - self.now).total_seconds()

    def until_the_end(self) -> tuple[Step, list[tuple[float, str]]]:
        """The last step, and who was asked at which second."""
        asked = []
        for _ in range(100):
            step = self.step()
            asked += [((self.now - START).total_seconds(), one.id) for one in step.asked]
            if step.error or step.look_at is None:
                return step, asked
            self.now = step.look_at
        raise AssertionError("it never ends")

    def _delegate(self, name: str) -> Delegate:
        return Delegate(
            id=name,
            group_id="g",
            scope=ACCOUNT,
            name=name,
            host_name=name,
            signing_key=b"",
            sealing_key=b"",
            token_id="t",
            state=DelegateState.ENABLED,
            version="1",
            kinds=("pull",),
            capacity=1,
            enrolled_at=START,
            session="s1",
            is_connected=True,
        )


def ending(fleet: Fleet) -> tuple[str, str, str]:
    step, _ = fleet.until_the_end()
    assert step.error is not None
    return step.error.code, step.error.message, step.error.hint


def test_one_delegate_is_asked_and_the_next_one_five_seconds_later() -> None:
    fleet = Fleet("a", "b")
    step = fleet.step()
    assert [one.id for one in step.asked] == ["a"]
    assert fleet.wait_s(step) == 5
    assert fleet.asked(after_s=2) == ""
    assert fleet.asked(after_s=3) == "b"


def test_three_are_asked_one_by_one_and_then_ten_at_a_time() -> None:
    fleet = Fleet(*(f"d{n:02}" for n in range(15)))
    assert [len(fleet.asked(after_s=5).split()) for _ in range(5)] == [1, 1, 1, 10, 2]


def test_a_round_asks_a_hundred_and_the_next_one_begins_with_the_others() -> None:
    fleet = Fleet(*(f"d{n:03}" for n in range(150)))
    step, asked = fleet.until_the_end()
    assert step.error is not None
    first = {name for at_s, name in asked if at_s < 120}
    assert (len(first), len(asked)) == (103, 309)
    assert (step.error.code, step.error.message[:6]) == ("task-not-assigned", "Active")


def test_after_a_round_of_all_comes_a_pause_of_a_minute_then_of_two_and_then_the_end() -> None:
    fleet = Fleet("a", "b")
    step, asked = fleet.until_the_end()
    assert asked == [(0, "a"), (5, "b"), (70, "a"), (75, "b"), (200, "a"), (205, "b")]
    assert (fleet.now - START).total_seconds() == 210
    assert step.error is not None
    assert (step.error.code, step.error.retryable) == ("task-not-assigned", True)
    assert step.error.message == (
        "Active eligible delegates were unable to acquire the delegate task. "
        "Delegates may have lost connectivity or lacked the resources to run new tasks."
    )
    assert step.error.hint.startswith("asked in 3 rounds: a: eligible, and asked already")


def test_a_person_who_waits_is_told_after_one_round() -> None:
    fleet = Fleet("a", "b", rounds=1, waits=False)
    assert ending(fleet)[0] == "task-not-assigned"
    assert (fleet.now - START).total_seconds() == 10


def test_nobody_enrolled_ends_it_at_once() -> None:
    assert ending(Fleet()) == (
        "no-eligible-delegates",
        "There are no eligible delegates available in the account to execute the task.",
        "no delegate is enrolled: start one with a delegate token of this account",
    )


def test_nobody_who_fits_ends_it_at_once_and_names_some_with_their_reasons() -> None:
    fleet = Fleet(*"abcdefg", selectors=("eu",))
    fleet.change("b", kinds=("copy",))
    code, _, hint = ending(fleet)
    assert code == "no-eligible-delegates"
    assert hint.startswith("a: Delegate(s) don't have selectors eu; it has a; c: Delegate(s)")
    assert hint.endswith("; and 2 more")
    assert fleet.now == START


def test_without_an_active_one_it_waits_through_the_rounds() -> None:
    fleet = Fleet("a", "b")
    fleet.change(is_connected=False)
    step = fleet.step()
    assert fleet.wait_s(step) == 60
    code, message, hint = ending(fleet)
    assert (fleet.now - START).total_seconds() == 180
    assert (code, message) == (
        "no-active-delegates",
        "There are no active delegates available for the account. The following delegates [a, b] are inactive.",
    )
    assert hint.startswith("a: is not connected, last heard of at ")


def test_without_an_active_one_a_person_is_told_at_once() -> None:
    fleet = Fleet("a", rounds=1, waits=False)
    fleet.change(state=DelegateState.WAITING_FOR_APPROVAL)
    code, _, hint = ending(fleet)
    assert (code, hint, fleet.now) == (
        "no-active-delegates",
        "a: waits for approval since 2026-01-05 12:00:00 UTC",
        START,
    )


def test_one_that_comes_during_a_pause_is_asked_at_once_and_the_pause_goes_on_for_the_others() -> None:
    fleet = Fleet("a", "b")
    fleet.change("b", is_connected=False)
    assert fleet.asked() == "a"
    assert fleet.wait_s(fleet.step(5)) == 60
    assert fleet.wait_s(fleet.step(20)) == 40, "looked at anew without news, it waits on"
    fleet.change("b", is_connected=True)
    assert fleet.asked() == "b"
    assert fleet.asked(5) == ""
    assert fleet.offers.round == 1


def test_a_new_process_of_one_that_was_asked_is_asked_again_at_once() -> None:
    fleet = Fleet("a")
    assert fleet.asked() == "a"
    fleet.change(session="s2")
    assert fleet.asked(1) == "a"


def test_storms_of_looks_use_up_neither_rounds_nor_candidates() -> None:
    fleet = Fleet("a", "b", "c")
    assert fleet.asked() == "a"
    for _ in range(50):
        assert fleet.asked(0.05) == ""
    assert fleet.asked(2.5) == "b"


def test_who_is_full_is_asked_as_soon_as_there_is_room_and_no_round_ends_for_that() -> None:
    fleet = Fleet("a", "b")
    fleet.running = {"a": 1, "b": 1}
    for _ in range(100):
        step = fleet.step(10)
        assert (step.asked, step.is_full, step.error) == ((), True, None)
        assert fleet.wait_s(step) == 10
    assert fleet.offers.round == 1
    assert sum("at capacity; it waits for room" in text for text in fleet.said) == 1, "said once, not each time"
    fleet.running = {"a": 1}
    assert fleet.asked(10) == "b"


def test_one_that_is_full_keeps_the_task_alive_when_the_others_do_not_take_it() -> None:
    fleet = Fleet("a", "b")
    fleet.running = {"b": 1}
    asked = []
    for _ in range(200):
        step = fleet.step()
        asked += [one.id for one in step.asked]
        assert step.error is None
        assert step.look_at is not None
        fleet.now = step.look_at
    assert asked == ["a", "a", "a"]
    fleet.running = {}
    assert fleet.asked() == "b"


def test_who_declines_is_never_asked_again_and_when_all_have_it_ends_with_every_reason() -> None:
    fleet = Fleet("a", "b")
    assert fleet.asked() == "a"
    fleet.offers = Offers(declined={"a": "https://docker.io: connection refused"})
    assert fleet.asked() == "b"
    fleet.offers = replace(fleet.offers, declined={**fleet.offers.declined, "b": "https://docker.io: not allowed"})
    code, message, _ = ending(fleet)
    assert (code, message) == (
        "registry-out-of-reach",
        "no delegate that may do the task reaches https://docker.io: "
        "a: gave this task back: https://docker.io: connection refused; "
        "b: gave this task back: https://docker.io: not allowed",
    )
    assert fleet.now == START


def test_who_failed_lately_is_waited_for_and_asked_when_the_failure_counts_no_more() -> None:
    fleet = Fleet("a")
    fleet.experiences = [Experience("a", HUB, False, START - timedelta(minutes=1), "connection refused")]
    assert fleet.wait_s(fleet.step()) == 240
    assert fleet.asked(240) == "a"


def test_who_failed_lately_is_no_reason_to_wait_for_a_person() -> None:
    fleet = Fleet("a", rounds=1, waits=False)
    fleet.experiences = [Experience("a", HUB, False, START, "connection refused")]
    code, message, _ = ending(fleet)
    assert code == "registry-out-of-reach"
    assert "a: did not reach https://docker.io at 2026-01-05 12:00:00 UTC (connection refused)" in message


def test_one_that_declined_and_one_that_is_away_wait_for_the_one_that_is_away() -> None:
    fleet = Fleet("a", "b")
    fleet.change("b", is_connected=False)
    fleet.offers = Offers(declined={"a": "no"})
    assert fleet.wait_s(fleet.step()) == 60
    code, message, _ = ending(fleet)
    assert code == "registry-out-of-reach"
    assert "b: not active: it is not connected" in message


def test_the_log_says_once_who_is_eligible_and_then_only_whom_it_was_broadcast_to() -> None:
    fleet = Fleet("a", "b", "c", selectors=("eu",))
    fleet.change("a", "b", tags=("EU",))
    fleet.step()
    fleet.step(5)
    assert fleet.said == [
        "Delegate(s) eligible to execute task: a, b",
        "Delegate(s) don't have selectors eu; it has c",
        "Broadcasting to delegate(s): a",
        "Broadcasting to delegate(s): b",
    ]


def test_many_that_are_not_eligible_share_a_line_for_each_reason() -> None:
    fleet = Fleet(*(f"d{n:04}" for n in range(60)), selectors=("eu",))
    fleet.change("d0001", tags=("eu",))
    fleet.change("d0002", kinds=("copy",))
    fleet.change("d0003", tags=("eu",), is_connected=False)
    fleet.step()
    assert fleet.said[0] == "Delegate(s) eligible to execute task: d0001"
    assert fleet.said[1].startswith("Non active delegates: 1: d0003")
    assert fleet.said[2].startswith("Delegate(s) don't have selectors eu: 57: d0000, d0004, ")
    assert fleet.said[2].endswith(" and 37 more")
    assert fleet.said[3:] == ["Task type not supported by delegate(s): 1: d0002", "Broadcasting to delegate(s): d0001"]


def test_waiting_says_what_it_waits_for_once_each_round() -> None:
    fleet = Fleet("a")
    fleet.change(is_connected=False)
    fleet.until_the_end()
    waiting = [text for text in fleet.said if "round" in text]
    assert [text.partition("; ")[2] for text in waiting] == [
        "round 1 of 3 is over, the next begins in 1 min",
        "round 2 of 3 is over, the next begins in 2 min",
    ]
    assert fleet.said[0] == "No eligible delegate(s) in account to execute task."


class Changes:
    """What may happen to a fleet between two steps."""

    away, back, full, free, restarts, fails, declines = range(7)


@given(
    st.integers(0, 4),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), st.sampled_from([0, 1, 5, 61])), max_size=30),
)
def test_whatever_happens_every_step_asks_waits_or_ends(
    size: int, waits: bool, events: list[tuple[int, int, int]]
) -> None:
    fleet = Fleet(*"abcd"[:size], waits=waits, rounds=3 if waits else 1)
    for change, who, after_s in events:
        _happen(fleet, change, "abcd"[who])
        before = fleet.offers
        step = fleet.step(after_s)
        if step.error is not None:
            assert (step.look_at, step.asked) == (None, ())
            return
        assert step.look_at is not None
        assert step.look_at > fleet.now, "it never spins"
        assert fleet.offers.round in (before.round, before.round + 1)
        assert fleet.offers.round <= fleet.route.rounds
        assert not {one.id for one in step.asked} & set(fleet.offers.declined)


def _happen(fleet: Fleet, change: int, name: str) -> None:
    if name not in fleet.delegates:
        return
    if change in (Changes.away, Changes.back):
        fleet.change(name, is_connected=change == Changes.back)
    elif change in (Changes.full, Changes.free):
        fleet.running[name] = int(change == Changes.full)
    elif change == Changes.restarts:
        fleet.change(name, session=fleet.delegates[name].session + "x")
    elif change == Changes.fails:
        fleet.experiences = [e for e in fleet.experiences if e.delegate_id != name]
        fleet.experiences.append(Experience(name, HUB, False, fleet.now, "no route"))
    else:
        fleet.offers = replace(fleet.offers, until=None, latest=(), declined={**fleet.offers.declined, name: "no"})


@pytest.mark.parametrize("document", [None, {}, {"round": 2}])
def test_offers_of_an_earlier_time_can_be_read(document: dict[str, object] | None) -> None:
    assert Offers.from_json(document).asked == {}


def test_offers_and_routes_come_back_from_json_as_they_were() -> None:
    offers = Offers(2, {"a": "s"}, ("a",), START, {"b": "no"}, "full")
    assert Offers.from_json(offers.to_json()) == offers
    place = Scope("acct", "o", "p")
    route = Route(place, ("eu",), "stage", (HUB,), 1, False, True, (Scope("acct"), place))
    assert Route.from_json({**route.to_json(), "selectors": ["eu"], "origins": [HUB]}) == route
    assert route.to_json()["secrets"] == ["", "o/p"]


def test_the_route_of_an_earlier_time_says_nothing_of_secrets() -> None:
    document = Route(Scope("acct", "o", "p")).to_json()
    assert "secrets" not in document
    assert Route.from_json(document).secrets == ()


@pytest.mark.parametrize("secrets", ["", "o", None, [1], ["/"], ["o/"], ["a/b/c"], {"": 1}])
def test_a_route_whose_secrets_cannot_be_read_is_no_route(secrets: object) -> None:
    with pytest.raises(RouteUnreadableError):
        Route.from_json({**Route(Scope("acct")).to_json(), "secrets": secrets})
