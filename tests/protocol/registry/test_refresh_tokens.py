"""Refresh tokens as passwords: traded in a form at the token server, and shown to nobody else."""

from collections.abc import Callable
from urllib.parse import parse_qs

import pytest

from pierhead.registry.client import RegistryClient
from pierhead.registry.errors import ForeignRealmError, RedirectRefusedError, RegistryUnauthenticatedError
from pierhead.testing.scripted_registry import Reply, ScriptedRegistry

ClientOf = Callable[..., RegistryClient]
NOBODY = "00000000-0000-0000-0000-000000000000"
PASSWORD = "s3cret-pass"
MANIFEST = "/v2/app/manifests/1"
REALM = "/oauth2/token"
BY_QUERY = f"{REALM}?service=reg&scope=repository:app:pull"


@pytest.fixture
def guarded(registry: ScriptedRegistry) -> ScriptedRegistry:
    challenge = f'Bearer realm="{registry.url}{REALM}",service="reg",scope="repository:app:pull"'
    return registry.expect("GET", MANIFEST, Reply.challenge(challenge))


def test_it_is_traded_in_a_form_and_the_access_token_is_used(guarded, client_of: ClientOf, manifest) -> None:
    guarded.expect("POST", REALM, Reply.of_json({"access_token": "t"})).expect("GET", MANIFEST, manifest.reply())
    client_of(guarded, NOBODY).get_manifest("app", "1")
    asked = guarded.requests[1]
    assert asked.header("authorization") is None
    assert asked.header("content-type") == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["refresh_token"],
        "client_id": ["pierhead"],
        "refresh_token": [PASSWORD],
        "service": ["reg"],
        "scope": ["repository:app:pull"],
    }
    assert guarded.authorizations()[-1] == "Bearer t"


@pytest.mark.parametrize(
    "answer", [Reply(404), Reply(405), Reply(501), Reply.of_json({"error": "unsupported_grant_type"}, 400)]
)
def test_a_token_server_that_takes_no_form_is_asked_in_the_other_way(
    guarded, client_of: ClientOf, manifest, answer: Reply
) -> None:
    guarded.expect("POST", REALM, answer).expect("GET", BY_QUERY, Reply.of_json({"token": "t"}))
    guarded.expect("GET", MANIFEST, manifest.reply())
    client_of(guarded, NOBODY).get_manifest("app", "1")
    assert (guarded.requests[2].header("authorization") or "").startswith("Basic ")


@pytest.mark.parametrize(
    "answer", [Reply(401), Reply(403), Reply.of_json({"error": "invalid_grant"}, 400), Reply(400, b"<html>")]
)
def test_a_refused_refresh_token_is_not_shown_a_second_time(guarded, client_of: ClientOf, answer: Reply) -> None:
    guarded.expect("POST", REALM, answer)
    with pytest.raises(RegistryUnauthenticatedError) as refusal:
        client_of(guarded, NOBODY).get_manifest("app", "1")
    assert PASSWORD not in str(refusal.value)
    assert [request.method for request in guarded.requests] == ["GET", "POST"]


def test_a_refresh_token_that_a_token_server_repeats_is_not_in_the_error(guarded, client_of: ClientOf) -> None:
    guarded.expect("POST", REALM, Reply.of_json({"error": "invalid_grant", "error_description": PASSWORD}, 400))
    with pytest.raises(RegistryUnauthenticatedError) as refusal:
        client_of(guarded, NOBODY).get_manifest("app", "1")
    error = refusal.value
    assert PASSWORD not in f"{error.message} {error.hint} {error.exchange!r}"


def test_it_goes_to_no_foreign_token_server(registry, client_of: ClientOf) -> None:
    with ScriptedRegistry("127.0.0.2") as foreign:
        registry.expect("GET", MANIFEST, Reply.challenge(f'Bearer realm="{foreign.url}{REALM}"'))
        with pytest.raises(ForeignRealmError):
            client_of(registry, NOBODY).get_manifest("app", "1")
        assert foreign.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_it_is_not_sent_on_to_another_origin(guarded, client_of: ClientOf, status: int) -> None:
    with ScriptedRegistry("127.0.0.2") as foreign:
        guarded.expect("POST", REALM, Reply(status, headers={"Location": f"{foreign.url}{REALM}"}))
        with pytest.raises(RedirectRefusedError):
            client_of(guarded, NOBODY).get_manifest("app", "1")
        assert foreign.requests == []


def test_other_user_names_are_shown_as_ever(guarded, client_of: ClientOf, manifest) -> None:
    guarded.expect("GET", BY_QUERY, Reply.of_json({"token": "t"})).expect("GET", MANIFEST, manifest.reply())
    client_of(guarded, "robot").get_manifest("app", "1")
