"""The slow line carries everything, slows down answers, and can be cut."""

import http.client

import pytest

from pierhead.testing.clock import FakeClock
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.relay import SlowRelay


def get(host: str, path: str = "/v2/") -> int:
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def test_it_carries_requests_and_answers() -> None:
    with FakeRegistry() as registry, SlowRelay(registry.host) as line:
        assert get(line.host) == 200
        assert line.carried > 0


def test_answers_take_their_time() -> None:
    clock = FakeClock()
    begun = clock.monotonic()
    with FakeRegistry() as registry, SlowRelay(registry.host, 100, clock=clock) as line:
        get(line.host)
        waited = clock.monotonic() - begun

        assert waited == pytest.approx(line.carried / 100)


def test_a_cut_ends_what_is_open_and_nothing_else() -> None:
    with FakeRegistry() as registry, SlowRelay(registry.host) as line:
        connection = http.client.HTTPConnection(line.host, timeout=5)
        connection.request("GET", "/v2/")
        connection.getresponse().read()

        line.cut()

        assert connection.sock.recv(1) == b""
        assert get(line.host) == 200
