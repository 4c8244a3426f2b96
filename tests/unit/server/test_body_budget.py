"""Bodies on their way in are counted before they are read; who drips, or takes too much, is sent away."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pierhead.kit.limits import BodyTooLargeError, SlowBodyError
from pierhead.server.delegates.edge import HungUpError
from pierhead.server.delegates.intake import BodyBudget, announced_bytes
from pierhead.server.delegates.refusals import LinkBusyError

Receive = Callable[[], Awaitable[dict[str, object]]]


def scope(**fields: str) -> dict[str, object]:
    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    return {"type": "http", "headers": headers}


def sending(*parts: bytes, ends: bool = True) -> Receive:
    left = list(parts)

    async def receive() -> dict[str, object]:
        if not left:
            await asyncio.Event().wait()
        part = left.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(left) or not ends}

    return receive


async def read(budget: BodyBudget, announced: int | None, receive: Receive, cap: int = 100) -> bytes:
    with budget.share("key", announced) as share:
        return await share.read(receive, cap)


@pytest.mark.parametrize("length", ["101", "-1", "1" * 30, "1e3", "x", "²"])
def test_what_is_announced_too_large_or_as_no_number_is_refused(length: str) -> None:
    with pytest.raises(BodyTooLargeError):
        announced_bytes(scope(content_length=length), 100)


def test_what_is_announced_counts_and_what_is_not_is_found_out() -> None:
    assert announced_bytes(scope(content_length="100"), 100) == 100
    assert announced_bytes(scope(), 100) == 0
    assert announced_bytes(scope(transfer_encoding="chunked"), 100) is None


def test_more_than_the_budget_is_refused_before_a_byte_is_read() -> None:
    budget = BodyBudget(in_all=100, of_one=60)
    with budget.share("a", 60):
        with pytest.raises(LinkBusyError), budget.share("b", 41):
            pass
        with pytest.raises(LinkBusyError), budget.share("a", 1):
            pass
        with budget.share("b", 40):
            assert budget.in_flight == 100
    assert budget.in_flight == 0


def test_what_was_not_announced_is_counted_as_it_comes() -> None:
    budget = BodyBudget(in_all=10, of_one=10)
    with pytest.raises(LinkBusyError):
        asyncio.run(read(budget, None, sending(b"123456", b"789012")))
    with pytest.raises(BodyTooLargeError):
        asyncio.run(read(budget, None, sending(b"123456"), cap=5))
    assert asyncio.run(read(budget, None, sending(b"1234", b"5678"))) == b"12345678"
    assert budget.in_flight == 0


def test_more_than_was_announced_is_refused() -> None:
    with pytest.raises(BodyTooLargeError):
        asyncio.run(read(BodyBudget(), 3, sending(b"1234")))


def test_whoever_drips_does_not_hold_the_budget_for_long() -> None:
    budget = BodyBudget(within_s=0.01)
    with pytest.raises(SlowBodyError):
        asyncio.run(read(budget, 10, sending(b"1", b"2", ends=False)))
    assert budget.in_flight == 0


def test_whoever_hangs_up_gives_back_what_it_took() -> None:
    async def gone() -> dict[str, object]:
        return {"type": "http.disconnect"}

    budget = BodyBudget()
    with pytest.raises(HungUpError):
        asyncio.run(read(budget, 10, gone))
    assert budget.in_flight == 0
