"""Who may do a task, in which order, and why not the others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.delegates import (
    Decision,
    Delegate,
    DelegateGroup,
    DelegateState,
    DelegateToken,
    Enrolled,
    Experience,
    Offers,
    Route,
    Standing,
    TokenStatus,
    decide,
)
from pierhead.control.delegates.enrolled import Roster
from pierhead.control.delegates.field import Field
from pierhead.control.scopes import Scope

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ACCOUNT, ORG, PROJECT = Scope("acct"), Scope("acct", "o"), Scope("acct", "o", "p")
HUB, QUAY = "https://docker.io", "https://quay.io"


def enrolled(name: str = "gpu", scope: Scope = ACCOUNT, *, added: tuple[str, ...] = (), **more: Any) -> Enrolled:
    token = more.pop("token", DelegateToken("t", scope, "tok", "ann", NOW, b"", b""))
    delegate = Delegate(
        id=more.pop("id", name),
        group_id="g",
        scope=scope,
        name=name,
        host_name=f"{name}-host",
        signing_key=b"",
        sealing_key=b"",
        token_id="t",
        state=DelegateState.ENABLED,
        version="1",
        kinds=("pull", "resolve"),
        capacity=10,
        enrolled_at=NOW - timedelta(days=1),
        tags=(),
        session="s1",
        is_connected=True,
        last_heartbeat_at=NOW - timedelta(seconds=30),
    )
    return Enrolled.of(replace(delegate, **more), DelegateGroup("g", scope, name, NOW, added_tags=added), token)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def the(decision: Decision, name: str = "gpu") -> tuple[Standing, str]:
    verdict = next(verdict for verdict in decision.verdicts if verdict.one.delegate.name == name)
    line = next(line for line in decision.lines if line.delegate_id == verdict.one.id)
    return verdict.standing, f"{line.conclusion}: {line.text}"


@pytest.mark.parametrize(
    ("route", "kind", "one", "standing", "text"),
    [
        (
            Route(ORG),
            "pull",
            enrolled(scope=PROJECT),
            Standing.NO_OWNER,
            "Not Selected: belongs to project o/p and serves nothing else; the task is of organization o",
        ),
        (
            Route(Scope("acct", "o2", "p")),
            "pull",
            enrolled(scope=ORG),
            Standing.NO_OWNER,
            "Not Selected: belongs to organization o and serves nothing else; the task is of project o2/p",
        ),
        (
            Route(ACCOUNT),
            "pull",
            enrolled(scope=ORG),
            Standing.NO_OWNER,
            "Not Selected: belongs to organization o and serves nothing else; the task is of the account",
        ),
        (
            Route(PROJECT),
            "copy",
            enrolled(),
            Standing.NO_KIND,
            "Not Selected: Task type not supported by delegate(s): copy; it does pull, resolve",
        ),
        (
            Route(PROJECT, ("a", "eu", "ssd")),
            "pull",
            enrolled(tags=(" EU ",), added=("Big",)),
            Standing.NO_SELECTOR,
            "Not Selected: Delegate(s) don't have selectors a, ssd; it has big, eu, gpu, gpu-host",
        ),
        (
            Route(PROJECT),
            "pull",
            enrolled(state=DelegateState.WAITING_FOR_APPROVAL),
            Standing.INACTIVE,
            "Not Selected: not active: it waits for approval since 2026-01-04 12:00:00 UTC",
        ),
        (
            Route(PROJECT),
            "pull",
            enrolled(state=DelegateState.DISABLED),
            Standing.INACTIVE,
            "Not Selected: not active: it is disabled",
        ),
        (
            Route(PROJECT),
            "pull",
            enrolled(is_connected=False, last_heartbeat_at=ago(61)),
            Standing.INACTIVE,
            "Not Selected: not active: it is not connected, last heard of at 2026-01-05 10:59:00 UTC",
        ),
        (
            Route(PROJECT),
            "pull",
            enrolled(last_heartbeat_at=NOW - timedelta(seconds=90)),
            Standing.INACTIVE,
            "Not Selected: not active: it is not connected, last heard of at 2026-01-05 11:58:30 UTC",
        ),
        (
            Route(PROJECT),
            "pull",
            enrolled(is_connected=False, last_heartbeat_at=None),
            Standing.INACTIVE,
            "Not Selected: not active: it has not connected since it enrolled at 2026-01-04 12:00:00 UTC",
        ),
        (
            Route(PROJECT),
            "pull",
            enrolled(token=DelegateToken("t", ACCOUNT, "tok", "ann", NOW, b"", b"", TokenStatus.REVOKED)),
            Standing.INACTIVE,
            "Not Selected: not active: it was let in by a token that is revoked (tok)",
        ),
        (
            Route(PROJECT),
            "pull",
            enrolled(token=DelegateToken("t", ACCOUNT, "tok", "ann", NOW, b"", b"", revoke_after=NOW)),
            Standing.INACTIVE,
            "Not Selected: not active: it was let in by a token that is revoked (tok)",
        ),
        (
            Route(PROJECT),
            "pull",
            enrolled(token=None),
            Standing.INACTIVE,
            "Not Selected: not active: it was let in by a token that is revoked",
        ),
        (
            Route(PROJECT, secrets=(ACCOUNT,)),
            "pull",
            enrolled(scope=PROJECT),
            Standing.NO_SECRET,
            "Not Selected: belongs to project o/p, and the connector's secret to the account: it may not see it",
        ),
        (
            Route(PROJECT, secrets=(PROJECT, ORG)),
            "pull",
            enrolled(scope=PROJECT),
            Standing.NO_SECRET,
            "Not Selected: belongs to project o/p, and the connector's secret to organization o: it may not see it",
        ),
        (
            Route(PROJECT, secrets=(ACCOUNT,)),
            "pull",
            enrolled(scope=ORG),
            Standing.NO_SECRET,
            "Not Selected: belongs to organization o, and the connector's secret to the account: it may not see it",
        ),
    ],
)
def test_a_delegate_that_may_not_do_a_task_is_told_why(
    route: Route, kind: str, one: Enrolled, standing: Standing, text: str
) -> None:
    decision = decide(route, kind, [one], now=NOW)
    assert decision.candidates == ()
    assert the(decision) == (standing, text)


def test_what_fits_but_cannot_be_asked_now_says_what_it_waits_for() -> None:
    denied = Experience("gpu", HUB, False, ago(2), "connection refused")
    route = Route(PROJECT, origins=(HUB,))
    assert the(decide(route, "pull", [enrolled()], now=NOW, experiences=[denied])) == (
        Standing.DENIED,
        "Not Selected: did not reach https://docker.io at 2026-01-05 11:58:00 UTC (connection refused); "
        "not asked again until 2026-01-05 12:03:00 UTC",
    )
    assert the(decide(route, "pull", [enrolled()], now=NOW, running={"gpu": 10})) == (
        Standing.FULL,
        "Selected: eligible, but at capacity: runs 10 of 10",
    )
    asked = Offers(asked={"gpu": "s1"})
    assert the(decide(route, "pull", [enrolled()], now=NOW, offers=asked)) == (
        Standing.ASKED,
        "Selected: eligible, and asked already: not known to reach https://docker.io, runs 0 of 10",
    )
    declined = Offers(declined={"gpu": "https://docker.io: not on its list"})
    assert the(decide(route, "pull", [enrolled()], now=NOW, offers=declined)) == (
        Standing.DECLINED,
        "Not Selected: gave this task back: https://docker.io: not on its list",
    )


def test_an_eligible_delegate_says_what_it_is_known_to_reach() -> None:
    proven = [Experience("gpu", HUB, True, ago(359)), Experience("gpu", QUAY, True, ago(361))]
    one = [enrolled()]
    assert the(decide(Route(PROJECT, origins=(HUB,)), "pull", one, now=NOW, experiences=proven))[1] == (
        "Selected: eligible: has reached https://docker.io, runs 0 of 10"
    )
    assert the(decide(Route(PROJECT, origins=(HUB, QUAY)), "pull", one, now=NOW, experiences=proven))[1] == (
        "Selected: eligible: not known to reach https://quay.io, runs 0 of 10"
    )
    assert the(decide(Route(PROJECT), "pull", one, now=NOW))[1] == (
        "Selected: eligible: has nothing to reach, runs 0 of 10"
    )


def test_a_process_that_has_gone_was_not_asked() -> None:
    decision = decide(Route(PROJECT), "pull", [enrolled()], now=NOW, offers=Offers(asked={"gpu": "an earlier one"}))
    assert [one.id for one in decision.candidates] == ["gpu"]


def test_a_failure_denies_for_five_minutes_and_only_the_origins_of_the_task() -> None:
    route = Route(PROJECT, origins=(HUB,))

    def candidates(experience: Experience, route: Route = route) -> int:
        return len(decide(route, "pull", [enrolled()], now=NOW, experiences=[experience]).candidates)

    assert candidates(Experience("gpu", HUB, False, ago(4.9))) == 0
    assert candidates(Experience("gpu", HUB, False, ago(5))) == 1
    assert candidates(Experience("gpu", QUAY, False, ago(1))) == 1
    assert candidates(Experience("gpu", HUB, False, ago(1)), replace(route, ignores_failures=True)) == 1


def test_every_owner_is_served_by_its_own_and_by_those_above() -> None:
    owners = {"a": ACCOUNT, "o": ORG, "p": PROJECT, "x": Scope("acct", "o2"), "y": Scope("other")}
    everyone = [enrolled(name, scope) for name, scope in owners.items()]

    def served(scope: Scope) -> str:
        return "".join(sorted(one.id for one in decide(Route(scope), "pull", everyone, now=NOW).candidates))

    assert (served(ACCOUNT), served(ORG), served(PROJECT)) == ("a", "ao", "aop")


def test_a_delegate_sees_secrets_of_its_own_scope_and_below_and_no_others() -> None:
    owners = {"a": ACCOUNT, "o": ORG, "p": PROJECT}
    everyone = [enrolled(name, scope) for name, scope in owners.items()]

    def shown(*secrets: Scope) -> str:
        found = decide(Route(PROJECT, secrets=secrets), "pull", everyone, now=NOW).candidates
        return "".join(sorted(one.id for one in found))

    assert (shown(), shown(PROJECT), shown(ORG), shown(ACCOUNT)) == ("aop", "aop", "ao", "a")
    assert shown(PROJECT, ACCOUNT) == "a"


def test_the_implicit_selectors_are_name_and_host_in_any_case() -> None:
    one = [enrolled("gpu", host_name="Node-7")]
    for selector in ("gpu", "node-7"):
        assert decide(Route(PROJECT, (selector,)), "pull", one, now=NOW).candidates


def test_the_proven_come_first_then_the_least_busy_then_who_waited_longest_then_the_id() -> None:
    everyone = [
        enrolled("d-late", last_assigned_at=ago(1)),
        enrolled("c-early", last_assigned_at=ago(9)),
        enrolled("b-never"),
        enrolled("a-busy"),
        enrolled("e-proven", last_assigned_at=ago(1)),
        enrolled("f-never"),
    ]
    experiences = [Experience("e-proven", HUB, True, ago(300))]
    decision = decide(
        Route(PROJECT, origins=(HUB,)),
        "pull",
        everyone,
        now=NOW,
        experiences=experiences,
        running={"a-busy": 1, "e-proven": 9},
    )
    assert [one.id for one in decision.candidates] == ["e-proven", "b-never", "f-never", "c-early", "d-late", "a-busy"]


def test_load_is_relative_to_capacity() -> None:
    everyone = [enrolled("big", capacity=100), enrolled("small", capacity=2)]
    decision = decide(Route(PROJECT), "pull", everyone, now=NOW, running={"big": 10, "small": 1})
    assert [one.id for one in decision.candidates] == ["big", "small"]


def test_who_failed_comes_last_when_failures_are_ignored() -> None:
    everyone = [enrolled("a"), enrolled("b")]
    failed = [Experience("a", HUB, False, ago(1))]
    route = Route(PROJECT, origins=(HUB,), ignores_failures=True)
    assert [one.id for one in decide(route, "pull", everyone, now=NOW, experiences=failed).candidates] == ["b", "a"]


def test_replicas_are_told_apart_by_their_hosts() -> None:
    replicas = [enrolled("gpu", id=f"k{n}", host_name=f"node-{n}") for n in (2, 1)]
    lines = decide(Route(PROJECT), "pull", replicas, now=NOW).lines
    assert lines[0].text == "Delegate(s) eligible to execute task: gpu (node-1), gpu (node-2)"
    assert [line.delegate for line in lines[1:]] == ["gpu (node-1)", "gpu (node-2)"]


def test_an_offer_that_went_out_counts_as_load_and_as_a_turn() -> None:
    roster = Roster([enrolled("a", capacity=2), enrolled("b", capacity=2), enrolled("c", capacity=4)])
    field = Field(Route(PROJECT), "pull", roster, {}, {}, NOW)
    turns = []
    while best := field.best(Offers(), 1):
        turns.append(best[0].id)
        field.took(best[0])
    assert turns == ["a", "b", "c", "c", "a", "b", "c", "c"]


names = st.sampled_from(["a", "b", "c", "d", "e", "f"])
scopes = st.sampled_from([ACCOUNT, ORG, PROJECT, Scope("acct", "o2"), Scope("acct", "o", "p2"), Scope("other")])
tags = st.lists(st.sampled_from(["eu", "ssd", "big"]), max_size=3).map(tuple)


@st.composite
def fleets(draw: st.DrawFn) -> list[Enrolled]:
    found = draw(st.lists(names, unique=True, max_size=6))
    return [
        enrolled(
            name,
            draw(scopes),
            tags=draw(tags),
            state=draw(st.sampled_from(DelegateState)),
            capacity=draw(st.integers(1, 3)),
            is_connected=draw(st.booleans()),
            kinds=draw(st.sampled_from([("pull",), ("pull", "copy"), ()])),
            last_assigned_at=draw(st.sampled_from([None, ago(1), ago(2)])),
        )
        for name in found
    ]


records = st.lists(
    st.builds(
        Experience, names, st.sampled_from([HUB, QUAY]), st.booleans(), st.sampled_from([ago(1), ago(10), ago(600)])
    ),
    max_size=8,
    unique_by=lambda record: (record.delegate_id, record.origin),
)
routes = st.builds(
    Route,
    scope=scopes,
    selectors=tags,
    origins=st.sampled_from([(), (HUB,), (HUB, QUAY)]),
    ignores_failures=st.booleans(),
)
offers = st.builds(
    Offers, asked=st.dictionaries(names, st.sampled_from(["s1", "s0"])), declined=st.dictionaries(names, st.just("no"))
)
runnings = st.dictionaries(names, st.integers(0, 3))


@given(fleets(), routes, records, offers, runnings, st.randoms())
def test_the_same_facts_give_the_same_decision_in_whichever_order_they_come(
    fleet: list[Enrolled], route: Route, known: list[Experience], so_far: Offers, running: dict[str, int], random: Any
) -> None:
    def decided() -> tuple[object, ...]:
        decision = decide(route, "pull", fleet, now=NOW, experiences=known, running=running, offers=so_far)
        return [one.id for one in decision.candidates], decision.lines

    before = decided()
    random.shuffle(fleet)
    random.shuffle(known)
    assert decided() == before


@given(fleets(), routes, records, offers, runnings)
def test_nobody_is_a_candidate_who_may_not_be_and_everybody_gets_one_line(
    fleet: list[Enrolled], route: Route, known: list[Experience], so_far: Offers, running: dict[str, int]
) -> None:
    decision = decide(route, "pull", fleet, now=NOW, experiences=known, running=running, offers=so_far)
    for one in decision.candidates:
        delegate = one.delegate
        assert delegate.scope.contains(route.scope)
        assert set(route.selectors) <= {delegate.name, delegate.host_name, *delegate.tags}
        assert delegate.state is DelegateState.ENABLED
        assert delegate.is_connected
        assert "pull" in delegate.kinds
        assert running.get(one.id, 0) < delegate.capacity
        assert one.id not in so_far.declined
        assert so_far.asked.get(one.id) != "s1"
        failed = {r.origin for r in known if r.delegate_id == one.id and not r.is_success and r.counts(NOW)}
        assert route.ignores_failures or not failed & set(route.origins)
    assert sorted(line.delegate_id for line in decision.lines[1:]) == sorted(one.id for one in fleet)
    assert {one.id for one in decision.candidates} == {
        verdict.one.id for verdict in decision.verdicts if verdict.standing is Standing.READY
    }
