"""Row 1 of the checklist: what a registry says at /v2/, and the marks of the protocol before it."""

from collections.abc import Callable

import pytest

from pierhead.registry.client import RegistryClient
from pierhead.registry.errors import RegistryUnauthenticatedError, RegistryV1Error
from pierhead.testing.scripted_registry import Reply

ClientOf = Callable[..., RegistryClient]
V2 = {"Docker-Distribution-API-Version": "registry/2.0"}


def test_an_open_registry_is_asked_once(registry, client_of: ClientOf) -> None:
    registry.expect("GET", "/v2/", Reply(200, b"{}", {**V2, "Server": "x", "Date": "Mon, 05 Jan 2026 12:00:09 GMT"}))
    probe = client_of(registry).probe()
    assert (probe.status, probe.login_status, probe.is_v2, probe.api_version) == (200, 200, True, "registry/2.0")
    assert (probe.schemes, probe.realm, probe.clock_skew_s, probe.address_kind) == ((), None, 9.0, "loopback")


def test_a_token_registry_shows_its_realm_and_takes_the_token(registry, client_of: ClientOf) -> None:
    challenge = Reply(401, b"", [*V2.items(), ("WWW-Authenticate", f'Bearer realm="{registry.url}/token",service="x"')])
    registry.expect("GET", "/v2/", challenge).expect("GET", "/v2/", challenge)
    registry.expect("GET", "/token?service=x", Reply.of_json({"token": "t"})).expect("GET", "/v2/", Reply(200))
    probe = client_of(registry, user="ann").probe()
    assert (probe.status, probe.login_status, probe.schemes) == (401, 200, ("bearer",))
    assert (probe.realm, probe.service, probe.is_realm_trusted) == (f"{registry.url}/token", "x", True)
    assert registry.authorizations()[0] is None


def test_wrong_credentials_are_raised(registry, client_of: ClientOf) -> None:
    registry.whenever("GET", "/v2/", Reply.challenge('Basic realm="x"'))
    with pytest.raises(RegistryUnauthenticatedError):
        client_of(registry, user="ann").probe()


def test_an_anonymous_401_is_an_answer(registry, client_of: ClientOf) -> None:
    registry.whenever("GET", "/v2/", Reply.challenge('Basic realm="x"'))
    probe = client_of(registry).probe()
    assert (probe.status, probe.login_status, probe.schemes) == (401, 401, ("basic",))


def test_a_403_is_an_answer(registry, client_of: ClientOf) -> None:
    registry.expect("GET", "/v2/", Reply(403))
    assert client_of(registry).probe().is_v2 is False


def test_a_redirect_within_the_registry_is_followed(registry, client_of: ClientOf) -> None:
    registry.expect("GET", "/v2/", Reply.redirect("/v2", 301)).expect("GET", "/v2", Reply(200, headers=V2))
    assert client_of(registry).probe().status == 200


def test_something_that_is_no_registry_is_no_v2(registry, client_of: ClientOf) -> None:
    registry.expect("GET", "/v2/", Reply(404)).expect("GET", "/v1/_ping", Reply(404))
    probe = client_of(registry).probe()
    assert (probe.status, probe.is_v2) == (404, False)


@pytest.mark.parametrize(
    ("v2", "ping"),
    [
        (Reply(404, headers={"X-Docker-Registry-Version": "0.9.1"}), None),
        (Reply(404, headers={"Docker-Distribution-API-Version": "registry/1.0"}), None),
        (Reply(404), Reply(200, b"true", {"X-Docker-Registry-Version": "0.6.0"})),
        (Reply(404), Reply(200, b"true")),
        (Reply(404), Reply(200, b"{}", {"X-Docker-Registry-Standalone": "true"})),
    ],
)
def test_a_v1_registry_is_told_apart_and_answered_with_what_to_use(registry, client_of: ClientOf, v2, ping) -> None:
    registry.expect("GET", "/v2/", v2)
    if ping is not None:
        registry.expect("GET", "/v1/_ping", ping)
    with pytest.raises(RegistryV1Error) as caught:
        client_of(registry).probe()
    assert "v2" in caught.value.hint
