"""Row 7 of the checklist and fault 1: who is told to wait waits, and everybody else with the same name waits too."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pierhead.registry.client import RegistryClient
from pierhead.registry.context import CallContext
from pierhead.registry.errors import RegistryRateLimitedError
from pierhead.testing.clock import FakeClock
from pierhead.testing.scripted_registry import Received, Reply, ScriptedRegistry

ClientOf = Callable[..., RegistryClient]
MANIFEST = "/v2/app/manifests/1"
EPOCH = int(datetime(2026, 1, 5, 12, 0, tzinfo=UTC).timestamp())


def limited(*values: str, body: bytes = b"") -> Reply:
    return Reply(429, body, [("Retry-After", value) for value in values])


@pytest.mark.parametrize(
    ("values", "least", "most"),
    [
        (["30"], 30, 33),
        (["Mon, 05 Jan 2026 12:00:30 GMT"], 30, 33),
        (["Monday, 05-Jan-26 12:00:30 GMT"], 30, 33),
        ([str(EPOCH + 30)], 30, 33),
        ([str((EPOCH + 30) * 1000)], 30, 33),
        (["10", "30"], 30, 33),
        (["2.5"], 2.5, 2.75),
        ([], 1, 1.1),
        (["soon"], 1, 1.1),
        (["-5"], 1, 1.1),
        (["0"], 1, 1.1),
        (["Mon, 05 Jan 2026 11:00:00 GMT"], 1, 1.1),
        ([str(EPOCH - 50)], 1, 1.1),
    ],
)
def test_every_form_of_retry_after_is_waited_out(
    registry: ScriptedRegistry, client_of: ClientOf, manifest, clock: FakeClock, values, least, most
) -> None:
    registry.expect("HEAD", MANIFEST, limited(*values)).expect("HEAD", MANIFEST, manifest.reply())
    client_of(registry).resolve("app", "1")
    assert least <= sum(clock.waits) <= most


def test_a_date_is_read_against_the_registrys_own_clock(registry, client_of: ClientOf, manifest, clock) -> None:
    headers = {"Retry-After": "Mon, 05 Jan 2026 14:00:30 GMT", "Date": "Mon, 05 Jan 2026 14:00:00 GMT"}
    registry.expect("HEAD", MANIFEST, Reply(429, headers=headers)).expect("HEAD", MANIFEST, manifest.reply())
    client_of(registry).resolve("app", "1")
    assert 30 <= sum(clock.waits) <= 33


@pytest.mark.parametrize("value", ["901", "21600", "1" + "0" * 20, str(EPOCH + 86400)])
def test_a_wait_above_the_cap_is_told_at_once(registry, client_of: ClientOf, clock, value: str) -> None:
    registry.expect("HEAD", MANIFEST, limited(value))
    with pytest.raises(RegistryRateLimitedError) as caught:
        client_of(registry).resolve("app", "1")
    assert clock.waits == []
    assert caught.value.retry_after_s > 900
    assert caught.value.exchange.status == 429


def test_a_wait_beyond_the_callers_deadline_is_told_at_once(registry, client_of: ClientOf, clock) -> None:
    registry.expect("HEAD", MANIFEST, limited("60"))
    call = CallContext(deadline_monotonic=clock.monotonic() + 30)
    with pytest.raises(RegistryRateLimitedError) as caught:
        client_of(registry, call=call).resolve("app", "1")
    assert caught.value.retry_after_s == pytest.approx(60)
    assert clock.waits == []


def test_a_closed_gate_holds_other_clients_with_the_same_credential_back(registry, client_of: ClientOf, clock) -> None:
    registry.expect("HEAD", MANIFEST, limited("600"))
    short = CallContext(deadline_monotonic=clock.monotonic() + 30)
    for _ in range(2):
        with pytest.raises(RegistryRateLimitedError):
            client_of(registry, call=short).resolve("app", "1")
    assert len(registry.requests) == 1


def test_a_closed_gate_does_not_hold_another_credential_back(registry, client_of: ClientOf, clock, manifest) -> None:
    registry.expect("HEAD", MANIFEST, limited("600")).expect("HEAD", MANIFEST, manifest.reply())
    short = CallContext(deadline_monotonic=clock.monotonic() + 30)
    with pytest.raises(RegistryRateLimitedError):
        client_of(registry, call=short).resolve("app", "1")
    client_of(registry, user="ann", call=short).resolve("app", "1")


def test_many_threads_wait_at_one_gate(registry, client_of: ClientOf, manifest, clock: FakeClock) -> None:
    began = clock.monotonic()
    times: list[float] = []

    def answer(_: Received) -> Reply:
        times.append(clock.monotonic() - began)
        return limited("100") if len(times) == 1 else manifest.reply()

    registry.whenever("HEAD", MANIFEST, answer)
    client = client_of(registry)
    client.resolve("app", "1")
    threads = [threading.Thread(target=client.resolve, args=("app", "1")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert times[0] == 0
    assert all(time >= 100 for time in times[1:])


def test_a_registry_that_never_relents_is_given_up(registry, client_of: ClientOf, clock) -> None:
    registry.whenever("HEAD", MANIFEST, limited())
    with pytest.raises(RegistryRateLimitedError):
        client_of(registry).resolve("app", "1")
    assert len(registry.requests) == 8
    assert sum(clock.waits) < 900


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(429, b"Too Many Requests", {"Retry-After": "9999"}), "abuse"),
        (
            Reply(
                429,
                b'{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit. '
                b'https://www.docker.com/increase-rate-limit"}]}',
                {"Retry-After": "9999"},
            ),
            "quota",
        ),
        (Reply(429, b"", {"Retry-After": "9999", "RateLimit-Remaining": "0;w=21600"}), "quota"),
        (Reply(429, b"Quota Exceeded.", {"Retry-After": "9999"}), "quota"),
    ],
)
def test_quota_and_abuse_are_told_apart(registry, client_of: ClientOf, reply: Reply, kind: str) -> None:
    registry.expect("GET", MANIFEST, reply)
    with pytest.raises(RegistryRateLimitedError) as caught:
        client_of(registry).get_manifest("app", "1")
    assert caught.value.kind == kind


@pytest.mark.parametrize("status", [403, 404, 503])
def test_the_error_code_counts_whatever_the_status(registry, client_of: ClientOf, manifest, clock, status: int) -> None:
    registry.expect("GET", MANIFEST, Reply.error(status, "TOOMANYREQUESTS", headers={"Retry-After": "7"}))
    registry.expect("GET", MANIFEST, manifest.reply())
    client_of(registry).get_manifest("app", "1")
    assert 7 <= sum(clock.waits) <= 7.7


def test_what_is_left_is_read_from_every_answer(registry, client_of: ClientOf, manifest) -> None:
    headers = {
        "ratelimit-limit": "100;w=21600",
        "ratelimit-remaining": "20;w=21600",
        "docker-ratelimit-source": "192.0.2.7",
    }
    registry.expect("HEAD", MANIFEST, manifest.reply(**headers)).expect("HEAD", MANIFEST, manifest.reply())
    client = client_of(registry)
    assert client.rate_limit is None
    client.resolve("app", "1")
    client.resolve("app", "1")
    assert (client.rate_limit.limit, client.rate_limit.remaining) == (100, 20)
    assert (client.rate_limit.window_s, client.rate_limit.source) == (21600, "192.0.2.7")
