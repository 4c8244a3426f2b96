"""A poll is held until there is something to say, and then it is said at once."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from pierhead.control.scopes import Scope
from pierhead.kit.signals import Signal, Topic
from pierhead.server.delegates import presence
from pierhead.testing.application import MemoryApplication

from .test_tasks import leased, member, place, started  # noqa: F401 - fixtures

SOON_S = 5.0


@pytest.fixture(autouse=True)
def _long_polls(application: MemoryApplication) -> None:
    application.hub.poll_s = 60.0


@pytest.fixture
def threads():
    with ThreadPoolExecutor(8) as pool:
        yield pool


def until(condition: Callable[[], object], within_s: float = SOON_S) -> None:
    ends_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends_at, "it did not come to that"
        threading.Event().wait(0.005)


@pytest.fixture
def hold(application, threads):
    """Has a delegate poll, and comes back when the poll is held."""

    def held(delegate, **changes: object) -> "Future":
        station = application.hub.presence.stations.get(delegate.id)
        turn = station.turn if station else 0
        poll = threads.submit(delegate.poll, **changes)

        def is_held() -> bool:
            station = application.hub.presence.stations.get(delegate.id)
            return poll.done() or (station is not None and station.turn > turn and station.waiter is not None)

        until(is_held)
        return poll

    return held


def test_an_offer_ends_the_wait(application, place, member, hold) -> None:  # noqa: F811
    poll = hold(member)
    task_id = started(application, place)
    application.dispatcher.dispatch()
    assert [offer["task"] for offer in poll.result(SOON_S).body["offers"]] == [task_id]


def test_a_cancel_ends_the_wait(application, place, member, hold) -> None:  # noqa: F811
    application.hub.poll_s = 0.2
    task_id, _ = leased(application, place, member)
    application.hub.poll_s = 60.0
    poll = hold(member, free=0)
    application.connector_tasks.cancel(place.account, task_id)
    assert poll.result(SOON_S).body["cancel"] == [task_id]


@pytest.mark.parametrize("how", ["token", "disabled", "deleted"])
def test_a_held_poll_hears_within_five_seconds_that_it_is_over(application, delegate, hold, how: str) -> None:
    account = application.account.id
    poll = hold(delegate)
    {
        "token": lambda: application.delegate_tokens.revoke(Scope(account), "t"),
        "disabled": lambda: application.delegates.disable(account, delegate.id),
        "deleted": lambda: application.delegates.delete(account, delegate.id),
    }[how]()
    said = poll.result(SOON_S)
    assert (said.status, said.code) == (403, "delegate-revoked")
    assert delegate.poll().code == "delegate-revoked"
    assert delegate.open_session().code == "delegate-revoked"


def test_a_token_that_ends_by_itself_is_heard_of_too(application, newcomer, hold) -> None:
    scope = Scope(application.account.id)
    ends_at = application.clock.now().replace(year=2030)
    _, text = application.delegate_tokens.create(scope, "brief", "test", ends_at)
    poll = hold(newcomer(token=text.reveal()).join())
    application.clock.advance((ends_at - application.clock.now()).total_seconds() + 1)
    application.delegate_tokens.sweep()
    assert poll.result(SOON_S).code == "delegate-revoked"


def test_approval_is_heard_of_at_once(application, newcomer, hold) -> None:
    application.agents._first_state = "WAITING_FOR_APPROVAL"
    delegate = newcomer().join()
    poll = hold(delegate)
    application.delegates.approve(application.account.id, delegate.id)
    assert poll.result(SOON_S).body["state"] == "ENABLED"


def test_a_second_poll_takes_the_place_of_the_first_and_hears_the_news(application, place, member, hold) -> None:  # noqa: F811
    first = hold(member)
    second = hold(member)
    assert first.result(SOON_S).body["offers"] == []
    task_id = started(application, place)
    application.dispatcher.dispatch()
    assert [offer["task"] for offer in second.result(SOON_S).body["offers"]] == [task_id]


def test_the_poll_of_an_older_process_ends_when_a_newer_one_begins(delegate, hold) -> None:
    poll = hold(delegate)
    delegate.session = "f" * 32
    assert delegate.open_session().status == 200
    said = poll.result(SOON_S)
    assert (said.status, said.code) == (409, "session-superseded")


def test_what_changes_nothing_for_a_delegate_does_not_end_its_wait(application, delegate, hold) -> None:
    poll = hold(delegate)
    for _ in range(3):
        application.store.signals.tell_all()
    station = application.hub.presence.stations[delegate.id]
    until(lambda: station.is_current)
    assert not poll.done()
    application.delegates.disable(application.account.id, delegate.id)
    poll.result(SOON_S)


def test_a_held_poll_asks_the_store_nothing(application, delegate, hold, monkeypatch) -> None:
    hold(delegate)
    station = application.hub.presence.stations[delegate.id]
    until(lambda: station.is_current)
    asked: list[str] = []
    for name in ("snapshot", "transaction"):
        real = getattr(application.store, name)
        monkeypatch.setattr(application.store, name, lambda real=real, name=name: asked.append(name) or real())
    hold(delegate)
    hold(delegate)
    assert asked == []
    application.hub.dismiss()


def test_a_server_that_ends_answers_whoever_waits(application, delegate, hold) -> None:
    poll = hold(delegate)
    application.hub.dismiss()
    assert poll.result(SOON_S).status == 200


def test_signals_for_others_do_no_harm(application, delegate, hold) -> None:
    poll = hold(delegate)
    for topic in Topic:
        for key in ("", "nobody", "nobody nothing", f"{delegate.id} nothing"):
            application.store.signals.tell(Signal(topic, key))
    assert not poll.done()
    application.hub.dismiss()


def test_who_has_gone_is_told_to_the_store_and_who_is_heard_has_not_gone(application, delegate) -> None:
    application.hub.poll_s = 0.05
    here, now = application.hub.presence, [0.0]
    here._monotonic = lambda: now[0]
    application.hub._monotonic = lambda: now[0]
    delegate.poll()
    assert here.take_arrived() == (delegate.id,)
    now[0] += presence.GONE_AFTER_S - 1
    here.heard(delegate.id)
    now[0] += presence.GONE_AFTER_S - 1
    assert (here.take_gone(), here.here()) == ((), (delegate.id,))
    now[0] += 2
    assert here.take_gone() == (delegate.id,)
    assert here.here() == ()
