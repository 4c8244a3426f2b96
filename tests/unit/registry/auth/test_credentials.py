"""The realm matrix: to whom user name and password may go. Refusals first."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.kit.redact import SecretValue
from pierhead.registry.auth.credentials import (
    Basic,
    authorization,
    is_trusted_realm,
    realm_authorization,
    secrets_of,
)
from pierhead.registry.auth.tokens import Token
from pierhead.registry.endpoint import Endpoint, UsernamePassword
from pierhead.registry.errors import ForeignRealmError
from pierhead.registry.origin import Origin

ANN = UsernamePassword("ann", SecretValue("s3cret-pass"))
TOKEN = Token(SecretValue("the-token"), 0, 100)


def endpoint(url: str, *trusted: str) -> Endpoint:
    return Endpoint(Origin.of(url), ANN, trusted_realm_hosts=frozenset(trusted))


@pytest.mark.parametrize(
    ("registry", "realm"),
    [
        # downwards, never
        ("https://registry.example.com", "http://registry.example.com"),
        ("https://registry.example.com", "http://auth.example.com"),
        ("https://registry-1.docker.io", "http://auth.docker.io"),
        # another owner
        ("https://registry.example.com", "https://evil.test"),
        ("https://registry.example.com", "https://example.com.evil.test"),
        ("https://registry.example.com", "https://registry-example.com"),
        ("https://registry.example.co.uk", "https://evil.co.uk"),
        ("https://ann.github.io", "https://evil.github.io"),
        ("https://registry.gitlab.com", "https://gitlab.com.evil.test"),
        ("https://registry.hub.docker.com", "https://auth.docker.io.evil.test"),
        ("https://registry.hub.docker.com", "https://auth.docker.io:8443"),
        ("https://registry.hub.docker.com:8443", "https://auth.docker.io"),
        # addresses and single names have no owner in common
        ("https://10.0.0.1", "https://10.0.0.2"),
        ("https://10.0.0.1", "https://10.0.0.1:8443"),
        ("https://127.0.0.1:5000", "https://127.0.0.1:5001"),
        ("https://127.0.0.1:5000", "https://localhost:5000"),
        ("https://[::1]:5000", "https://[::1]:5001"),
        ("https://localhost:5000", "https://localhost:5001"),
        ("https://registry", "https://auth"),
        ("https://registry", "https://registry.evil.test"),
        ("https://registry.example.com", "https://169.254.169.254"),
        ("http://registry.example.com", "http://169.254.169.254"),
        # whole suffixes that nobody registers under
        ("https://com", "https://com:8443"),
        ("https://example.com", "https://com"),
    ],
)
def test_foreign_realms_get_nothing(registry: str, realm: str) -> None:
    with pytest.raises(ForeignRealmError):
        realm_authorization(Origin.of(realm), endpoint(registry))


@pytest.mark.parametrize(
    ("registry", "realm", "trusted"),
    [
        ("https://registry.example.com", "https://registry.example.com", ()),
        ("https://registry.example.com", "https://registry.example.com:443", ()),
        ("https://registry.example.com:5000", "https://auth.example.com", ()),
        ("https://registry.example.co.uk", "https://auth.example.co.uk", ()),
        ("https://registry.corp.internal", "https://auth.corp.internal", ()),
        ("http://registry.example.com", "https://auth.example.com", ()),
        ("http://registry.example.com", "http://auth.example.com", ()),
        ("https://10.0.0.1:5000", "https://10.0.0.1:5000", ()),
        ("https://localhost:5000", "https://localhost:5000", ()),
        ("https://[::1]:5000", "https://[0:0:0:0:0:0:0:1]:5000", ()),
        ("https://registry-1.docker.io", "https://auth.docker.io", ()),
        ("https://registry.hub.docker.com", "https://auth.docker.io", ()),
        ("https://index.docker.io", "https://auth.docker.io", ()),
        ("https://registry.gitlab.com", "https://gitlab.com", ()),
        ("https://registry.example.com", "https://login.other.test", ("login.other.test",)),
        ("https://registry.example.com", "https://login.other.test", ("LOGIN.other.test:443",)),
        ("https://registry.example.com", "https://login.other.test:8443", ("login.other.test:8443",)),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5001", ("127.0.0.1:5001",)),
        ("http://127.0.0.1:5000", "http://[::1]:5001", ("[::1]:5001",)),
        ("http://registry", "http://auth", ("auth",)),
    ],
)
def test_realms_of_the_same_owner_get_user_name_and_password(
    registry: str, realm: str, trusted: tuple[str, ...]
) -> None:
    assert realm_authorization(Origin.of(realm), endpoint(registry, *trusted)) == "Basic YW5uOnMzY3JldC1wYXNz"


@pytest.mark.parametrize(
    ("realm", "trusted"),
    [
        ("https://login.other.test:8443", "login.other.test"),
        ("https://login.other.test", "login.other.test:8443"),
        ("https://sub.login.other.test", "login.other.test"),
        ("https://login.other.test", "*"),
        ("https://login.other.test", ""),
        ("https://login.other.test", "*.other.test"),
        ("http://login.other.test", "login.other.test"),
        ("http://login.other.test", "login.other.test:80"),
    ],
)
def test_a_listed_host_is_taken_by_the_letter(realm: str, trusted: str) -> None:
    with pytest.raises(ForeignRealmError):
        realm_authorization(Origin.of(realm), endpoint("https://registry.example.com", trusted))


def test_the_refusal_names_what_to_list() -> None:
    with pytest.raises(ForeignRealmError) as caught:
        realm_authorization(Origin.of("https://login.other.test:8443"), endpoint("https://registry.example.com"))
    trusting = endpoint("https://registry.example.com", caught.value.realm)
    assert is_trusted_realm(Origin.of("https://login.other.test:8443"), trusting)


def test_the_anonymous_have_nothing_to_send_but_do_not_go_down_to_http_either() -> None:
    anonymous = Endpoint(Origin.of("https://registry.example.com"))
    assert realm_authorization(Origin.of("https://anywhere.test"), anonymous) is None
    with pytest.raises(ForeignRealmError, match="plain http"):
        realm_authorization(Origin.of("http://registry.example.com"), anonymous)


HOSTS = st.sampled_from(
    ["a.example.com", "b.example.com", "example.com", "evil.test", "10.0.0.1", "10.0.0.2", "localhost", "x"]
)
ORIGINS = st.builds(Origin, st.sampled_from(["http", "https"]), HOSTS, st.sampled_from([80, 443, 5000]))


@settings(deadline=None)
@given(ORIGINS, ORIGINS, st.frozensets(HOSTS))
def test_no_realm_is_trusted_without_one_of_the_four_reasons(
    own: Origin, realm: Origin, trusted: frozenset[str]
) -> None:
    if not is_trusted_realm(realm, Endpoint(own, ANN, trusted_realm_hosts=trusted)):
        return
    assert realm.is_secure or not own.is_secure
    is_listed = realm.host in trusted and realm.port == {"http": 80, "https": 443}[realm.scheme]
    owners = ("example.com", "evil.test")
    is_same_owner = any(realm.host.endswith(owner) and own.host.endswith(owner) for owner in owners)
    assert realm == own or is_listed or is_same_owner


@settings(deadline=None)
@given(ORIGINS, ORIGINS, st.sampled_from([TOKEN, Basic(), None]))
def test_a_request_carries_credentials_to_its_own_origin_only(
    own: Origin, target: Origin, grant: Token | Basic | None
) -> None:
    header = authorization(target, Endpoint(own, ANN), grant)
    assert (header is not None) == (own == target and grant is not None)


def test_tokens_and_passwords_are_written_as_the_schemes_want_it() -> None:
    registry = endpoint("https://registry.example.com")
    assert authorization(registry.origin, registry, TOKEN) == "Bearer the-token"
    assert authorization(registry.origin, registry, Basic()) == "Basic YW5uOnMzY3JldC1wYXNz"
    assert authorization(registry.origin, Endpoint(registry.origin), Basic()) is None


def test_everything_that_was_sent_is_known_as_secret() -> None:
    shown = {secret.reveal() for secret in secrets_of(endpoint("https://registry.example.com"), TOKEN)}
    assert shown == {"s3cret-pass", "the-token", "YW5uOnMzY3JldC1wYXNz"}
