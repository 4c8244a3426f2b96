import threading

import pytest

from pierhead.registry.auth.flights import Flights
from pierhead.registry.context import CallContext
from pierhead.registry.errors import BadResponseError, CallCancelledError
from pierhead.testing.clock import FakeClock

CALL = CallContext()


def start(target, *args: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=args)
    thread.start()
    return thread


class Watched(threading.Event):
    """An event to cancel by, which tells when a waiting thread first looks at it."""

    def __init__(self) -> None:
        super().__init__()
        self.was_looked_at = threading.Event()

    def is_set(self) -> bool:
        self.was_looked_at.set()
        return super().is_set()


def test_who_comes_later_shares_the_result() -> None:
    flights: Flights[str] = Flights(FakeClock())
    is_under_way = threading.Event()
    waiting = [Watched() for _ in range(3)]
    works: list[int] = []

    def work() -> str:
        works.append(1)
        is_under_way.set()
        for event in waiting:
            event.was_looked_at.wait(10)
        return "token"

    results: list[str] = []
    first = start(lambda: results.append(flights.run("k", work, CALL)))
    is_under_way.wait(10)
    others = [start(lambda e=event: results.append(flights.run("k", work, CallContext(e)))) for event in waiting]
    for thread in (first, *others):
        thread.join(10)
    assert results == ["token"] * 4
    assert works == [1]


def test_a_failure_is_shared_and_not_repeated_by_each() -> None:
    flights: Flights[str] = Flights(FakeClock())
    is_under_way, waiting = threading.Event(), Watched()
    works: list[int] = []

    def work() -> str:
        works.append(1)
        is_under_way.set()
        waiting.was_looked_at.wait(10)
        raise BadResponseError("x", "y")

    failures: list[str] = []

    def run(call: CallContext) -> None:
        try:
            flights.run("k", work, call)
        except BadResponseError as error:
            failures.append(error.code)

    first = start(run, CALL)
    is_under_way.wait(10)
    second = start(run, CallContext(waiting))
    first.join(10)
    second.join(10)
    assert failures == ["bad-response"] * 2
    assert works == [1]


def test_a_first_one_that_was_cancelled_does_not_fail_the_others() -> None:
    flights: Flights[str] = Flights(FakeClock())
    is_under_way, may_land = threading.Event(), threading.Event()

    def cancelled() -> str:
        is_under_way.set()
        may_land.wait(10)
        raise CallCancelledError

    def lead() -> None:
        with pytest.raises(CallCancelledError):
            flights.run("k", cancelled, CALL)

    results: list[str] = []
    first = start(lead)
    is_under_way.wait(10)
    second = start(lambda: results.append(flights.run("k", lambda: "token", CALL)))
    may_land.set()
    first.join(10)
    second.join(10)
    assert results == ["token"]


def test_who_waits_can_be_cancelled() -> None:
    flights: Flights[str] = Flights(FakeClock())
    is_under_way, may_land, cancel = threading.Event(), threading.Event(), threading.Event()

    def work() -> str:
        is_under_way.set()
        may_land.wait(10)
        return "token"

    first = start(flights.run, "k", work, CALL)
    is_under_way.wait(10)
    cancel.set()
    with pytest.raises(CallCancelledError):
        flights.run("k", work, CallContext(cancel))
    may_land.set()
    first.join(10)


def test_an_unforeseen_error_frees_the_key() -> None:
    flights: Flights[str] = Flights(FakeClock())
    with pytest.raises(ZeroDivisionError):
        flights.run("k", lambda: str(1 // 0), CALL)
    assert flights.run("k", lambda: "token", CALL) == "token"
