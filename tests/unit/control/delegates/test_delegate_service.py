"""What people do with delegates: lists, tags, approval, taking out of service; and what is forgotten by itself."""

from typing import Any

import pytest

from pierhead.control.delegates import (
    Acquired,
    DelegateFilter,
    DelegateNotFoundError,
    DelegateRevokedError,
    DelegateState,
    DelegateStateError,
    DelegateUnknownError,
    GroupNotFoundError,
    InvalidDelegateError,
)
from pierhead.control.scopes import Scope

ACCOUNT, ORG, PROJECT = Scope("acct"), Scope("acct", "o"), Scope("acct", "o", "p")
HOUR, DAY = 3600, 86400


def names(yard: Any, scope: Scope = ACCOUNT, **wanted: Any) -> list[str]:
    return [view.group.name for view in yard.delegates.groups(scope, DelegateFilter(**wanted))]


def test_what_is_not_there_or_of_another_account_is_not_found(yard: Any) -> None:
    delegate = yard.enrol()
    for use in (yard.delegates.find, yard.delegates.approve, yard.delegates.disable, yard.delegates.delete):
        with pytest.raises(DelegateNotFoundError):
            use("acct", "f" * 32)
        with pytest.raises(DelegateNotFoundError):
            use("other", delegate.id)
    with pytest.raises(GroupNotFoundError):
        yard.delegates.get_group(ORG, "gpu")
    with pytest.raises(GroupNotFoundError):
        yard.delegates.set_tags(ACCOUNT, "nope", ())


def test_a_list_is_of_one_scope_unless_everything_around_it_is_asked_for(yard: Any) -> None:
    for name, scope in {"acc": ACCOUNT, "org": ORG, "prj": PROJECT, "far": Scope("acct", "o2")}.items():
        yard.enrol(name, scope=scope)
    assert names(yard, ACCOUNT) == ["acc"]
    assert names(yard, ORG) == ["org"]
    assert names(yard, ORG, is_everywhere=True) == ["acc", "org", "prj"]
    assert names(yard, ACCOUNT, is_everywhere=True) == ["acc", "far", "org", "prj"]


def test_filters_look_at_replicas_and_leave_out_groups_without_any(yard: Any) -> None:
    yard.running("gpu", host="h1", tags=("EU",))
    yard.enrol("gpu", host="h2")
    off = yard.enrol("off")
    yard.delegates.disable("acct", off.id)
    yard.delegates.add_tags(ACCOUNT, "off", ("Big",))
    assert names(yard) == ["gpu", "off"]
    assert names(yard, states=(DelegateState.DISABLED,)) == ["off"]
    assert names(yard, is_connected=True) == ["gpu"]
    assert names(yard, name="off") == ["off"]
    assert names(yard, group="gpu") == ["gpu"]
    assert names(yard, tags=("eu", "GPU")) == ["gpu"]
    assert names(yard, tags=("big",)) == ["off"]
    assert names(yard, search="H2") == ["gpu"]
    assert names(yard, search="nowhere") == []
    (view,) = yard.delegates.groups(ACCOUNT, DelegateFilter(is_connected=True))
    assert [delegate.host_name for delegate in view.delegates] == ["h1"]


def test_connected_is_who_was_heard_of_lately(yard: Any) -> None:
    yard.running()
    yard.clock.advance(90)
    assert names(yard, is_connected=True) == []


def test_tags_are_added_replaced_and_taken_away(yard: Any) -> None:
    yard.enrol()
    assert yard.delegates.add_tags(ACCOUNT, "gpu", ("a", " B ")).added_tags == ("a", "B")
    assert yard.delegates.add_tags(ACCOUNT, "gpu", ("A", "c")).added_tags == ("a", "B", "c")
    assert yard.delegates.delete_tags(ACCOUNT, "gpu", ("b", "z")).added_tags == ("a", "c")
    assert yard.delegates.set_tags(ACCOUNT, "gpu", ("x",)).added_tags == ("x",)
    with pytest.raises(InvalidDelegateError, match="more than 64"):
        yard.delegates.add_tags(ACCOUNT, "gpu", tuple(f"t{n}" for n in range(64)))
    assert yard.delegates.get_group(ACCOUNT, "gpu").group.added_tags == ("x",)


def test_a_tag_makes_a_waiting_task_look_again(yard: Any) -> None:
    delegate = yard.running()
    yard.running("other", tags=("eu",), scope=PROJECT, kinds=("pull",), capacity=1)
    task = yard.task("eu")
    yard.dispatcher.dispatch()
    yard.taken_offers()
    yard.delegates.add_tags(ACCOUNT, "gpu", ("eu",))
    yard.clock.advance(5)
    yard.dispatcher.dispatch()
    assert yard.taken_offers() == [delegate.id]
    assert isinstance(yard.acquire(delegate, task), Acquired)


def test_approval_lets_it_work_at_once(strict_yard: Any) -> None:
    yard = strict_yard
    delegate = yard.running()
    yard.enrol("enabled-but-away")
    task = yard.task("gpu")
    yard.dispatcher.dispatch()
    assert yard.taken_offers() == []
    yard.delegates.approve("acct", delegate.id)
    yard.dispatcher.dispatch()
    assert yard.taken_offers() == [delegate.id]
    yard.acquired(delegate, task)
    assert yard.delegates.approve("acct", delegate.id).state is DelegateState.ENABLED, "twice is harmless"


def test_a_group_is_approved_as_a_whole_but_for_those_that_were_disabled(strict_yard: Any) -> None:
    yard = strict_yard
    for host in ("h1", "h2", "h3"):
        yard.enrol("gpu", host=host)
    disabled = yard.enrol("gpu", host="h4")
    yard.delegates.disable("acct", disabled.id)
    states = {one.host_name: one.state for one in yard.delegates.approve_group(ACCOUNT, "gpu").delegates}
    assert states == dict.fromkeys(("h1", "h2", "h3"), DelegateState.ENABLED) | {"h4": DelegateState.DISABLED}


@pytest.mark.parametrize(
    ("made", "doing", "refused"),
    [
        ("disable", "approve", "is DISABLED and cannot be approved"),
        ("delete", "approve", "is DELETED and cannot be approved"),
        ("delete", "enable", "is DELETED and cannot be enabled"),
        ("delete", "disable", "is DELETED and cannot be disabled"),
        ("", "enable", "is WAITING_FOR_APPROVAL and cannot be enabled"),
    ],
)
def test_not_every_state_leads_to_every_other(strict_yard: Any, made: str, doing: str, refused: str) -> None:
    delegate = strict_yard.enrol()
    if made:
        getattr(strict_yard.delegates, made)("acct", delegate.id)
    with pytest.raises(DelegateStateError, match=refused):
        getattr(strict_yard.delegates, doing)("acct", delegate.id)


@pytest.mark.parametrize("ending", ["disable", "delete"])
def test_sending_one_away_hands_its_task_to_another(yard: Any, ending: str) -> None:
    leaving, staying = yard.running("leaving"), yard.running("staying")
    task = yard.task()
    yard.dispatcher.dispatch()
    (first,) = yard.taken_offers()
    leaving, staying = (leaving, staying) if first == leaving.id else (staying, leaving)
    yard.acquired(leaving, task)
    getattr(yard.delegates, ending)("acct", leaving.id)
    yard.dispatcher.dispatch()
    assert yard.taken_offers() == [staying.id]
    yard.acquired(staying, task)


def test_a_disabled_one_comes_back_when_it_is_enabled(yard: Any) -> None:
    delegate = yard.running()
    yard.delegates.disable("acct", delegate.id)
    assert yard.delegates.enable("acct", delegate.id).state is DelegateState.ENABLED
    yard.agents.key_of(delegate.id).check()
    assert yard.start(delegate).is_active(yard.clock.now())


def test_deleting_a_group_deletes_every_replica_for_good(yard: Any) -> None:
    ones = [yard.enrol("gpu", host=host) for host in ("h1", "h2")]
    yard.delegates.delete_group(ACCOUNT, "gpu")
    assert names(yard) == []
    for one in ones:
        with pytest.raises(DelegateRevokedError):
            yard.agents.key_of(one.id).check()
    with pytest.raises(DelegateRevokedError):
        yard.enrol("gpu", host="h1")
    fresh = yard.enrol("gpu", host="h3")
    assert [one.id for one in yard.delegates.get_group(ACCOUNT, "gpu").delegates] == [fresh.id]


def test_what_it_experienced_and_what_it_runs_can_be_asked(yard: Any) -> None:
    delegate = yard.running()
    with yard.store.transaction() as tx:
        yard.dispatcher.learned(tx, delegate.id, {"https://b": True, "https://a": False}, {"https://a": "refused"})
    seen = yard.delegates.experiences("acct", delegate.id)
    assert [(one.origin, one.is_success, one.reason) for one in seen] == [
        ("https://a", False, "refused"),
        ("https://b", True, ""),
    ]
    assert yard.delegates.running([delegate.id]).get(delegate.id, 0) == 0
    yard.leased(delegate)
    assert yard.delegates.running([delegate.id]) == {delegate.id: 1}
    assert yard.delegates.running([]) == {}


# --- what is forgotten


def away(yard: Any, seconds: float) -> None:
    yard.clock.advance(seconds)
    yard.delegates.sweep()


def test_one_that_was_not_heard_of_is_marked_as_not_connected(yard: Any) -> None:
    delegate = yard.running()
    away(yard, 90)
    assert yard.delegate(delegate).is_connected
    away(yard, 1)
    assert not yard.delegate(delegate).is_connected


def test_a_replica_goes_after_six_hours_and_the_last_of_its_group_after_seven_days(yard: Any) -> None:
    early = yard.running("gpu", host="h1")
    yard.clock.advance(60)
    late = yard.running("gpu", host="h2")
    away(yard, 6 * HOUR)
    away(yard, 601)
    assert [one.id for one in yard.delegates.get_group(ACCOUNT, "gpu").delegates] == [late.id]
    with pytest.raises(DelegateUnknownError):
        yard.agents.key_of(early.id)
    away(yard, 7 * DAY)
    assert names(yard) == []
    with pytest.raises(DelegateUnknownError):
        yard.agents.key_of(late.id)


def test_one_that_stays_or_comes_back_is_not_forgotten(yard: Any) -> None:
    yard.running("gpu", host="h1")
    stays = yard.running("gpu", host="h2")
    for _ in range(7 * 24):
        yard.clock.advance(HOUR)
        yard.beat(stays)
        yard.delegates.sweep()
    assert [one.id for one in yard.delegates.get_group(ACCOUNT, "gpu").delegates] == [stays.id]


def test_what_somebody_decided_is_not_forgotten(yard: Any) -> None:
    disabled, deleted = yard.running("disabled"), yard.running("deleted")
    yard.delegates.disable("acct", disabled.id)
    yard.delegates.delete("acct", deleted.id)
    away(yard, 8 * DAY)
    assert yard.delegate(disabled).state is DelegateState.DISABLED
    with pytest.raises(DelegateRevokedError):
        yard.enrol("deleted")
    yard.tokens.revoke(ACCOUNT, "tok")
    yard.tokens.delete(ACCOUNT, "tok")
    away(yard, 601)
    with pytest.raises(DelegateUnknownError):
        yard.agents.key_of(deleted.id)
    assert names(yard) == ["disabled"]


def test_looking_for_whom_to_forget_is_done_now_and_then_only(yard: Any) -> None:
    yard.running()
    looked: list[int] = []
    yard.delegates.forget = lambda: looked.append(1)
    for _ in range(20):
        away(yard, 60)
    assert len(looked) == 2
