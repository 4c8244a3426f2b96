"""Row 3 of the checklist: what token servers answer."""

from collections.abc import Callable

import pytest

from pierhead.registry.client import RegistryClient
from pierhead.registry.errors import (
    BadResponseError,
    BodyTooLargeError,
    RedirectRefusedError,
    RegistryRateLimitedError,
    RegistryUnauthenticatedError,
    RegistryUnavailableError,
)
from pierhead.testing.scripted_registry import Reply, ScriptedRegistry

ClientOf = Callable[..., RegistryClient]
MANIFEST = "/v2/app/manifests/1"
TOKEN = "/token?scope=repository:app:pull"


@pytest.fixture
def guarded(registry: ScriptedRegistry) -> ScriptedRegistry:
    return registry.expect("GET", MANIFEST, Reply.challenge(f'Bearer realm="{registry.url}/token"'))


@pytest.mark.parametrize("answer", [{"token": "t"}, {"access_token": "t"}, {"token": "t", "access_token": "u"}])
def test_either_name_of_the_token_will_do(guarded, client_of: ClientOf, manifest, answer) -> None:
    guarded.expect("GET", TOKEN, Reply.of_json(answer)).expect("GET", MANIFEST, manifest.reply())
    client_of(guarded).get_manifest("app", "1")
    assert guarded.authorizations()[-1] == "Bearer t"


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"token":""}',
        b'{"token":null}',
        b'{"token":7}',
        b'{"token":"a b"}',
        b'{"token":"a\\r\\nX: y"}',
        b"[]",
        b"",
        b"<html>",
    ],
)
def test_an_answer_without_usable_token_is_a_bad_response(guarded, client_of: ClientOf, body: bytes) -> None:
    guarded.expect("GET", TOKEN, Reply(200, body))
    with pytest.raises(BadResponseError):
        client_of(guarded).get_manifest("app", "1")


@pytest.mark.parametrize(
    ("expires_in", "lives_s"),
    [
        (None, 50),
        (0, 50),
        (5, 50),
        (-1, 50),
        ("300", 250),
        (300, 250),
        (True, 50),
        ("soon", 50),
        (10**20, 3000),
        ([], 50),
    ],
)
def test_the_life_of_a_token_is_within_sane_bounds(guarded, client_of, manifest, clock, expires_in, lives_s) -> None:
    answer = {"token": "t"} if expires_in is None else {"token": "t", "expires_in": expires_in}
    guarded.expect("GET", TOKEN, Reply.of_json(answer)).expect("GET", MANIFEST, manifest.reply())
    guarded.expect("GET", MANIFEST, manifest.reply())
    guarded.expect("GET", TOKEN, Reply.of_json({"token": "next"})).expect("GET", MANIFEST, manifest.reply())
    client = client_of(guarded)
    client.get_manifest("app", "1")
    clock.advance(lives_s)
    client.get_manifest("app", "1")
    clock.advance(1000)
    client.get_manifest("app", "1")
    assert guarded.authorizations()[-1] == "Bearer next"


@pytest.mark.parametrize("issued_at", ["", "yesterday", "2199-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", 7, None])
def test_an_odd_issued_at_changes_nothing(guarded, client_of, manifest, clock, issued_at) -> None:
    answer = Reply.of_json(
        {"token": "t", "expires_in": 300, "issued_at": issued_at}, headers={"Date": "Mon, 05 Jan 2026 12:00:00 GMT"}
    )
    guarded.expect("GET", TOKEN, answer).expect("GET", MANIFEST, manifest.reply()).expect(
        "GET", MANIFEST, manifest.reply()
    )
    client = client_of(guarded)
    client.get_manifest("app", "1")
    clock.advance(250)
    client.get_manifest("app", "1")


def test_a_token_that_was_not_made_just_now_ends_earlier(guarded, client_of, manifest, clock) -> None:
    answer = Reply.of_json(
        {"token": "t", "expires_in": 300, "issued_at": "2026-01-05T11:57:00.123456789Z"},
        headers={"Date": "Mon, 05 Jan 2026 12:00:00 GMT"},
    )
    guarded.expect("GET", TOKEN, answer).expect("GET", MANIFEST, manifest.reply())
    guarded.expect("GET", TOKEN, Reply.of_json({"token": "next"})).expect("GET", MANIFEST, manifest.reply())
    client = client_of(guarded)
    client.get_manifest("app", "1")
    clock.advance(121)
    client.get_manifest("app", "1")


@pytest.mark.parametrize("length", ["auto", None])
def test_an_answer_over_64_kib_is_refused(guarded, client_of: ClientOf, length) -> None:
    guarded.expect("GET", TOKEN, Reply(200, b'{"token":"' + b"x" * 70_000 + b'"}', length=length))
    with pytest.raises(BodyTooLargeError):
        client_of(guarded).get_manifest("app", "1")


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_credentials_say_what_the_token_server_said(guarded, client_of: ClientOf, status: int) -> None:
    guarded.expect("GET", TOKEN, Reply.of_json({"details": "incorrect username or password"}, status))
    with pytest.raises(RegistryUnauthenticatedError, match="incorrect username") as caught:
        client_of(guarded, user="ann").get_manifest("app", "1")
    assert caught.value.exchange.url.endswith("/token?scope=repository:app:pull")
    assert not caught.value.is_anonymous


def test_a_token_server_that_refuses_the_anonymous_means_not_found_or_private(guarded, client_of: ClientOf) -> None:
    guarded.expect("GET", TOKEN, Reply.error(403, "DENIED", "requested access to the resource is denied"))
    with pytest.raises(RegistryUnauthenticatedError, match="not found, or private"):
        client_of(guarded).get_manifest("app", "1")


def test_a_token_server_in_trouble_is_tried_again_and_then_named(guarded, client_of: ClientOf) -> None:
    guarded.whenever("GET", TOKEN, Reply(503)).whenever(
        "GET", MANIFEST, Reply.challenge(f'Bearer realm="{guarded.url}/token"')
    )
    with pytest.raises(RegistryUnavailableError, match="503"):
        client_of(guarded).get_manifest("app", "1")
    assert guarded.asked.count(f"GET {TOKEN}") == 5


def test_a_token_server_that_limits_the_rate_is_waited_for(guarded, client_of: ClientOf, manifest, clock) -> None:
    guarded.expect("GET", TOKEN, Reply(429, headers={"Retry-After": "20"})).expect(
        "GET", TOKEN, Reply.of_json({"token": "t"})
    )
    guarded.expect("GET", MANIFEST, manifest.reply())
    client_of(guarded).get_manifest("app", "1")
    assert 20 <= sum(clock.waits) <= 22


def test_a_token_server_that_wants_a_day_is_not_waited_for(guarded, client_of: ClientOf) -> None:
    guarded.expect("GET", TOKEN, Reply(429, headers={"Retry-After": "86400"}))
    with pytest.raises(RegistryRateLimitedError) as caught:
        client_of(guarded).get_manifest("app", "1")
    assert caught.value.retry_after_s == 86400


def test_a_redirect_within_the_token_server_is_followed_with_credentials(
    guarded, client_of: ClientOf, manifest
) -> None:
    guarded.expect("GET", TOKEN, Reply.redirect("/token2?x=y")).expect(
        "GET", "/token2?x=y", Reply.of_json({"token": "t"})
    )
    guarded.expect("GET", MANIFEST, manifest.reply())
    client_of(guarded, user="ann").get_manifest("app", "1")
    assert guarded.authorizations()[1] == guarded.authorizations()[2] == "Basic YW5uOnMzY3JldC1wYXNz"


def test_a_token_server_that_redirects_in_a_circle_is_left(guarded, client_of: ClientOf) -> None:
    guarded.whenever("GET", TOKEN, Reply.redirect(TOKEN))
    with pytest.raises(RedirectRefusedError, match="without end"):
        client_of(guarded).get_manifest("app", "1")
    assert len(guarded.requests) == 7


def test_a_missing_token_server_is_a_bad_response(guarded, client_of: ClientOf) -> None:
    guarded.expect("GET", TOKEN, Reply(404))
    with pytest.raises(BadResponseError, match="status 404"):
        client_of(guarded).get_manifest("app", "1")
