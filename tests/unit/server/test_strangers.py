"""An address whose enrolments fail and fail is sent away for a while, and only that one."""

import pytest

from pierhead.control.delegates import InvalidDelegateTokenError
from pierhead.server.delegates import strangers
from pierhead.server.delegates.refusals import LinkBusyError, refusal
from pierhead.server.delegates.strangers import FAILURES, WINDOW_S, Tries


def fail(tries: Tries, address: str, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(InvalidDelegateTokenError), tries.one(address):
            raise InvalidDelegateTokenError


def test_an_address_that_fails_too_often_has_to_wait() -> None:
    now = [0.0]
    tries = Tries(lambda: now[0])
    fail(tries, "192.0.2.1", FAILURES)
    with pytest.raises(LinkBusyError) as caught, tries.one("192.0.2.1"):
        pass
    answer = refusal(caught.value)
    assert (answer.status_code, answer.headers["connection"]) == (503, "close")
    assert 1 <= int(answer.headers["retry-after"]) <= WINDOW_S
    with tries.one("192.0.2.2"):
        pass
    now[0] += WINDOW_S
    with tries.one("192.0.2.1"):
        pass


def test_who_gets_in_or_only_says_something_wrong_is_not_counted() -> None:
    tries = Tries()
    for _ in range(2 * FAILURES):
        with tries.one("192.0.2.1"):
            pass
        with pytest.raises(ValueError, match="x"), tries.one("192.0.2.1"):
            raise ValueError("x")
    assert len(tries) == 0


def test_addresses_without_number_take_a_bounded_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "_ADDRESSES", 5)
    tries = Tries()
    for number in range(50):
        fail(tries, f"192.0.2.{number}")
    assert len(tries) == 5
