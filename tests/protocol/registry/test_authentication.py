"""Rows 1, 2, 4 and 6 of the checklist: no ping, challenges of every make, tokens that stop working."""

import re
import threading
from collections.abc import Callable

import pytest

from pierhead.kit.errors import NotFoundError
from pierhead.registry.client import RegistryClient
from pierhead.registry.errors import (
    ForeignRealmError,
    RegistryDeniedError,
    RegistryUnauthenticatedError,
)
from pierhead.testing.clock import FakeClock
from pierhead.testing.scripted_registry import Received, Reply, ScriptedRegistry

ClientOf = Callable[..., RegistryClient]
MANIFEST = "/v2/app/manifests/1"
TOKEN = re.compile(r"/token\?.*")


def bearer(registry: ScriptedRegistry, rest: str = ',service="here",scope="repository:app:pull"') -> Reply:
    return Reply.challenge(f'Bearer realm="{registry.url}/token"{rest}')


def token(value: str = "t1", **more: object) -> Reply:
    return Reply.of_json({"token": value, "expires_in": 300, **more})


def test_the_first_request_is_the_work_itself_and_not_a_ping(registry, client_of: ClientOf, manifest) -> None:
    registry.expect("HEAD", MANIFEST, manifest.reply())
    assert client_of(registry).resolve("app", "1").digest == manifest.digest
    assert registry.authorizations() == [None]


def test_credentials_are_not_sent_before_the_registry_asks_for_them(registry, client_of: ClientOf, manifest) -> None:
    registry.expect("HEAD", MANIFEST, manifest.reply())
    client_of(registry, user="ann").resolve("app", "1")
    assert registry.authorizations() == [None]


def test_basic_credentials_follow_a_basic_challenge_whose_realm_is_no_url(
    registry, client_of: ClientOf, manifest
) -> None:
    registry.expect("HEAD", MANIFEST, Reply.challenge('Basic realm="Artifactory Realm"'))
    registry.expect("HEAD", MANIFEST, manifest.reply())
    registry.expect("GET", MANIFEST, manifest.reply())
    client = client_of(registry, user="ann")
    client.resolve("app", "1")
    client.get_manifest("app", "1")  # and from then on without being asked
    assert registry.authorizations() == [None, *["Basic YW5uOnMzY3JldC1wYXNz"] * 2]


def test_an_anonymous_client_gets_a_token_and_uses_it_again(registry, client_of: ClientOf, manifest) -> None:
    registry.expect("HEAD", MANIFEST, bearer(registry))
    registry.expect("GET", "/token?service=here&scope=repository:app:pull", token())
    registry.expect("HEAD", MANIFEST, manifest.reply())
    registry.expect("GET", MANIFEST, manifest.reply())
    client = client_of(registry)
    client.resolve("app", "1")
    client.get_manifest("app", "1")
    assert registry.authorizations() == [None, None, "Bearer t1", "Bearer t1"]


def test_a_second_repository_gets_its_token_without_asking_the_registry_first(registry, client_of, manifest) -> None:
    registry.expect("HEAD", MANIFEST, bearer(registry))
    registry.expect("GET", "/token?service=here&scope=repository:app:pull", token("t1"))
    registry.expect("HEAD", MANIFEST, manifest.reply())
    registry.expect("GET", "/token?service=here&scope=repository:other:pull", token("t2"))
    registry.expect("HEAD", "/v2/other/manifests/1", manifest.reply())
    client = client_of(registry)
    client.resolve("app", "1")
    client.resolve("other", "1")
    assert registry.authorizations()[-1] == "Bearer t2"


@pytest.mark.parametrize(
    "challenges",
    [
        ['Bearer realm="{realm}",service="here",scope="repository:app:pull"'],
        ['bEARER Realm="{realm}" , SERVICE=here, scope="repository:app:pull"'],
        ['Basic realm="x"', 'Bearer realm="{realm}",service="here",scope="repository:app:pull"'],
        ['Bearer realm="{realm}",service="here",scope="repository:app:pull", Basic realm="x, y=\\"z\\""'],
        ['Negotiate dGVzdA==, Basic realm="a,b", Bearer realm="{realm}",service="here",scope="repository:app:pull"'],
        ['Bearer realm="/token",service="here",scope="repository:app:pull"'],
        ['Bearer realm="{realm}",service="here"'],
        ['Bearer realm="{realm}",error="invalid_token",service="here",scope="repository:app:pull"'],
    ],
)
def test_challenges_of_many_makes_lead_to_the_same_token(
    registry: ScriptedRegistry, client_of: ClientOf, manifest, challenges: list[str]
) -> None:
    texts = [text.replace("{realm}", f"{registry.url}/token") for text in challenges]
    registry.expect("HEAD", MANIFEST, Reply.challenge(*texts))
    registry.expect("GET", "/token?service=here&scope=repository:app:pull", token())
    registry.expect("HEAD", MANIFEST, manifest.reply())
    client_of(registry, user="ann").resolve("app", "1")
    assert registry.authorizations() == [None, "Basic YW5uOnMzY3JldC1wYXNz", "Bearer t1"]


def test_a_realm_with_its_own_query_keeps_it_and_a_missing_service_is_left_out(registry, client_of, manifest) -> None:
    registry.expect("HEAD", MANIFEST, Reply.challenge(f'Bearer realm="{registry.url}/token?a=b"'))
    registry.expect("GET", "/token?a=b&scope=repository:app:pull", token())
    registry.expect("HEAD", MANIFEST, manifest.reply())
    client_of(registry).resolve("app", "1")


def test_several_scopes_become_several_parameters_in_their_order(registry, client_of, manifest) -> None:
    scopes = 'scope="repository:app:pull repository:base:pull",scope="registry:catalog:*"'
    registry.expect("HEAD", MANIFEST, bearer(registry, f",{scopes}"))
    target = "/token?scope=repository:app:pull&scope=repository:base:pull&scope=registry:catalog:*"
    registry.expect("GET", target, token())
    registry.expect("HEAD", MANIFEST, manifest.reply())
    client_of(registry).resolve("app", "1")


def test_insufficient_scope_asks_once_for_the_scope_that_is_named(registry, client_of, manifest) -> None:
    registry.expect("HEAD", MANIFEST, bearer(registry, ""))
    registry.expect("GET", "/token?scope=repository:app:pull", token("t1"))
    registry.expect("HEAD", MANIFEST, bearer(registry, ',error="insufficient_scope",scope="repository:app:pull,meta"'))
    registry.expect("GET", "/token?scope=repository:app:pull,meta", token("t2"))
    registry.expect("HEAD", MANIFEST, manifest.reply())
    client_of(registry).resolve("app", "1")
    assert registry.authorizations()[-1] == "Bearer t2"


def test_insufficient_scope_without_end_is_denied_after_a_few_tokens(registry, client_of) -> None:
    counter = iter(range(100))
    refuse = lambda _: bearer(registry, f',error="insufficient_scope",scope="repository:app:x{next(counter)}"')  # noqa: E731
    registry.whenever("HEAD", MANIFEST, refuse).whenever("GET", MANIFEST, refuse).whenever("GET", TOKEN, token())
    with pytest.raises(RegistryDeniedError):
        client_of(registry, user="ann").resolve("app", "1")
    assert len([text for text in registry.asked if "/token" in text]) <= 6


def test_a_token_that_stops_working_is_replaced_once(registry, client_of, manifest) -> None:
    registry.expect("HEAD", MANIFEST, bearer(registry))
    registry.expect("GET", TOKEN, token("old"))
    registry.expect("HEAD", MANIFEST, manifest.reply())
    registry.expect(
        "HEAD", MANIFEST, bearer(registry, ',error="invalid_token",service="here",scope="repository:app:pull"')
    )
    registry.expect("GET", TOKEN, token("new"))
    registry.expect("HEAD", MANIFEST, manifest.reply())
    client = client_of(registry)
    client.resolve("app", "1")
    client.resolve("app", "1")
    assert registry.authorizations() == [None, None, "Bearer old", "Bearer old", None, "Bearer new"]


def test_an_expired_token_is_not_sent_at_all(registry, client_of, manifest, clock: FakeClock) -> None:
    registry.expect("HEAD", MANIFEST, bearer(registry))
    registry.expect("GET", TOKEN, token("old"))
    registry.expect("HEAD", MANIFEST, manifest.reply())
    registry.expect("GET", TOKEN, token("new"))
    registry.expect("HEAD", MANIFEST, manifest.reply())
    client = client_of(registry)
    client.resolve("app", "1")
    clock.advance(299)
    client.resolve("app", "1")
    assert registry.authorizations()[-1] == "Bearer new"


@pytest.mark.parametrize("status", [400, 403])
def test_a_refusal_of_an_aged_token_is_taken_for_its_expiry(registry, client_of, manifest, clock, status: int) -> None:
    registry.expect("GET", MANIFEST, bearer(registry))
    registry.expect("GET", TOKEN, token("old"))
    registry.expect("GET", MANIFEST, manifest.reply())
    registry.expect("GET", MANIFEST, Reply(status, b"expired"))
    registry.expect("GET", TOKEN, token("new"))
    registry.expect("GET", MANIFEST, manifest.reply())
    client = client_of(registry)
    client.get_manifest("app", "1")
    clock.advance(100)
    client.get_manifest("app", "1")


def test_a_403_right_after_a_fresh_token_is_a_denial(registry, client_of) -> None:
    registry.expect("GET", MANIFEST, bearer(registry))
    registry.expect("GET", TOKEN, token())
    registry.expect("GET", MANIFEST, Reply.error(403, "DENIED", "not yours"))
    with pytest.raises(RegistryDeniedError, match="not yours"):
        client_of(registry, user="ann").get_manifest("app", "1")


def test_a_401_without_challenge_on_an_expired_token_fetches_a_new_one(registry, client_of, manifest) -> None:
    registry.expect("GET", MANIFEST, bearer(registry))
    registry.expect("GET", TOKEN, token("old"))
    registry.expect("GET", MANIFEST, manifest.reply())
    registry.expect("GET", MANIFEST, Reply(401))
    registry.expect("GET", TOKEN, token("new"))
    registry.expect("GET", MANIFEST, manifest.reply())
    client = client_of(registry)
    client.get_manifest("app", "1")
    client.get_manifest("app", "1")


def test_a_fresh_token_that_is_not_yet_valid_is_tried_again_after_a_pause(registry, client_of, manifest, clock) -> None:
    registry.expect("HEAD", MANIFEST, bearer(registry))
    registry.expect("GET", TOKEN, token())
    registry.expect("HEAD", MANIFEST, bearer(registry))
    registry.expect("HEAD", MANIFEST, manifest.reply())
    client_of(registry).resolve("app", "1")
    assert clock.waits == [1.0]
    assert registry.authorizations() == [None, None, "Bearer t1", "Bearer t1"]


def test_401_for_an_anonymous_client_means_not_found_or_private(registry, client_of) -> None:
    refused = bearer(registry, ',scope="repository:app:pull",error="insufficient_scope"')
    registry.expect("HEAD", MANIFEST, bearer(registry)).expect("GET", TOKEN, token())
    registry.expect("HEAD", MANIFEST, refused)
    with pytest.raises(RegistryUnauthenticatedError, match="not found, or private") as caught:
        client_of(registry).resolve("app", "1")
    assert caught.value.is_anonymous
    assert not isinstance(caught.value, NotFoundError)
    assert caught.value.exchange.status == 401


def test_an_accepted_user_who_may_not_pull_is_told_so(registry, client_of) -> None:
    refused = bearer(registry, ',scope="repository:app:pull",error="insufficient_scope"')
    registry.expect("GET", MANIFEST, bearer(registry)).expect("GET", TOKEN, token()).expect("GET", MANIFEST, refused)
    with pytest.raises(RegistryDeniedError, match="not found, or not for this user"):
        client_of(registry, user="ann").get_manifest("app", "1")


def test_refused_basic_credentials_are_not_sent_twice(registry, client_of) -> None:
    refused = Reply.challenge('Basic realm="x"')
    registry.expect("GET", MANIFEST, refused).expect("GET", MANIFEST, refused)
    with pytest.raises(RegistryUnauthenticatedError, match="does not accept"):
        client_of(registry, user="ann").get_manifest("app", "1")


def test_an_unknown_scheme_is_named(registry, client_of) -> None:
    registry.expect("GET", MANIFEST, Reply.challenge("Negotiate"))
    with pytest.raises(RegistryUnauthenticatedError, match="negotiate"):
        client_of(registry, user="ann").get_manifest("app", "1")


@pytest.mark.parametrize("realm", ["ftp://x/token", "http://", "http://a b/", "http://user:pw@127.0.0.1/token"])
def test_a_realm_that_is_no_url_is_no_bearer_challenge(registry, client_of, realm: str) -> None:
    registry.expect("GET", MANIFEST, Reply.challenge(f'Bearer realm="{realm}"'))
    with pytest.raises(RegistryUnauthenticatedError):
        client_of(registry, user="ann").get_manifest("app", "1")


def test_a_foreign_realm_is_refused_with_the_name_to_list(registry, client_of) -> None:
    registry.expect("GET", MANIFEST, Reply.challenge('Bearer realm="https://evil.example/token"'))
    with pytest.raises(ForeignRealmError, match=r"evil\.example") as caught:
        client_of(registry, user="ann").get_manifest("app", "1")
    assert caught.value.realm == "evil.example"
    assert "trustedRealmHosts" in caught.value.hint
    assert caught.value.exchange is not None


def test_a_listed_realm_on_another_port_gets_the_credentials(registry, client_of, manifest) -> None:
    with ScriptedRegistry() as realm:
        registry.expect("GET", MANIFEST, Reply.challenge(f'Bearer realm="{realm.url}/token"'))
        realm.expect("GET", "/token?scope=repository:app:pull", token())
        registry.expect("GET", MANIFEST, manifest.reply())
        client = client_of(registry, user="ann", trusted_realm_hosts=frozenset({realm.authority}))
        client.get_manifest("app", "1")
        assert realm.authorizations() == ["Basic YW5uOnMzY3JldC1wYXNz"]


def test_an_anonymous_client_may_ask_a_realm_elsewhere(registry, client_of, manifest) -> None:
    with ScriptedRegistry() as realm:
        registry.expect("GET", MANIFEST, Reply.challenge(f'Bearer realm="{realm.url}/token"'))
        realm.expect("GET", "/token?scope=repository:app:pull", token())
        registry.expect("GET", MANIFEST, manifest.reply())
        client_of(registry).get_manifest("app", "1")


def test_many_threads_share_one_token_request(registry, client_of, manifest) -> None:
    everybody_asked = threading.Barrier(8)

    def answer(request: Received) -> Reply:
        if request.header("authorization") is None:
            everybody_asked.wait(10)
            return bearer(registry)
        return manifest.reply()

    registry.whenever("HEAD", MANIFEST, answer)
    registry.expect("GET", TOKEN, token())
    client = client_of(registry)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(client.resolve("app", "1").digest)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [manifest.digest] * 8


def test_tokens_are_not_shared_between_connectors_users_or_secret_versions(registry, client_of, manifest) -> None:
    def answer(request: Received) -> Reply:
        return manifest.reply() if request.header("authorization") else bearer(registry)

    names = iter("abcd")
    registry.whenever("HEAD", MANIFEST, answer).whenever("GET", TOKEN, lambda _: token(next(names)))
    for settings in ({}, {"connector": "other"}, {"user": "ann"}, {"user": "ann", "secret_version": "2"}):
        client_of(registry, **settings).resolve("app", "1")
    used = [text for text in registry.authorizations() if text and text.startswith("Bearer")]
    assert used == ["Bearer a", "Bearer b", "Bearer c", "Bearer d"]
