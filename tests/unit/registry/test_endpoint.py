import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.kit.errors import AppError
from pierhead.kit.redact import SecretValue
from pierhead.registry.endpoint import Endpoint, ProxySettings, TlsSettings, UsernamePassword
from pierhead.registry.errors import InvalidSettingsError, InvalidUrlError, RegistryV1Error
from pierhead.registry.origin import Origin


@pytest.mark.parametrize(
    ("registry", "plain_http", "url"),
    [
        ("docker.io", False, "https://registry-1.docker.io"),
        ("index.docker.io", False, "https://registry-1.docker.io"),
        ("registry.example.com", False, "https://registry.example.com"),
        ("REGISTRY.example.com:5000", False, "https://registry.example.com:5000"),
        ("localhost:5000", True, "http://localhost:5000"),
        ("[::1]:5000", True, "http://[::1]:5000"),
    ],
)
def test_the_registry_of_a_reference_becomes_an_endpoint(registry: str, plain_http: bool, url: str) -> None:
    assert str(Endpoint.for_reference(registry, plain_http=plain_http).origin) == url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://index.docker.io/v1/", "https://registry-1.docker.io"),
        ("https://registry.hub.docker.com/v2/", "https://registry-1.docker.io"),
        ("docker.io", "https://registry-1.docker.io"),
        ("https://registry.example.com/v2/", "https://registry.example.com"),
        ("registry.example.com:5000", "https://registry.example.com:5000"),
        ("http://registry.example.com", "http://registry.example.com"),
    ],
)
def test_the_url_of_a_connector_becomes_an_endpoint(text: str, url: str) -> None:
    assert str(Endpoint.for_url(text).origin) == url


@pytest.mark.parametrize("text", ["https://registry.example.com/v1/", "registry.example.com/v1", "http://x//v1/_ping"])
def test_a_v1_url_is_answered_with_what_to_use_instead(text: str) -> None:
    with pytest.raises(RegistryV1Error) as caught:
        Endpoint.for_url(text)
    assert "/v2/" in caught.value.hint


@settings(deadline=None)
@given(st.text())
def test_any_text_is_an_endpoint_or_refused(text: str) -> None:
    for make in (Endpoint.for_url, Endpoint.for_reference, ProxySettings.parse):
        try:
            make(text)
        except AppError:
            continue


def test_the_key_tells_whatever_makes_a_difference_and_shows_no_secret() -> None:
    origin = Origin.of("https://registry.example.com")
    ann = UsernamePassword("ann", SecretValue("s3cret-pass"))
    endpoints = [
        Endpoint(origin),
        Endpoint(origin, ann),
        Endpoint(origin, UsernamePassword("ann", SecretValue("other-pass"))),
        Endpoint(origin, UsernamePassword("ann2", SecretValue("s3cret-pass"))),
        Endpoint(origin, ann, connector="c"),
        Endpoint(origin, ann, secret_version="2"),
        Endpoint(Origin.of("https://registry.example.com:5000"), ann),
    ]
    keys = [endpoint.key for endpoint in endpoints]
    assert len(set(keys)) == len(keys)
    assert Endpoint(origin, ann).key == Endpoint(origin, UsernamePassword("ann", SecretValue("s3cret-pass"))).key
    assert not any("s3cret" in f"{endpoint!r} {endpoint.key}" for endpoint in endpoints)


def test_half_a_character_in_a_password_is_refused() -> None:
    with pytest.raises(InvalidSettingsError):
        UsernamePassword("ann", SecretValue("\ud800"))


def test_a_user_name_with_a_colon_cannot_be_sent() -> None:
    with pytest.raises(InvalidSettingsError, match="colon"):
        UsernamePassword("ann:x", SecretValue("y"))


def test_a_key_without_certificate_is_refused() -> None:
    with pytest.raises(InvalidSettingsError):
        TlsSettings(client_key_pem=SecretValue("x"))


def test_settings_without_client_keep_the_authority_only() -> None:
    settings = TlsSettings("ca", "certificate", SecretValue("key"))
    assert settings.without_client() == TlsSettings("ca")
    assert TlsSettings("ca").without_client() == TlsSettings("ca")
    assert len({settings.key, TlsSettings("ca").key, TlsSettings().key}) == 3


def test_credentials_in_a_proxy_url_become_settings() -> None:
    proxy = ProxySettings.parse("http://paul:p%40ss@proxy.test:3128", ("x",))
    assert (str(proxy.origin), proxy.username, proxy.no_proxy) == ("http://proxy.test:3128", "paul", ("x",))
    assert proxy.password == SecretValue("p@ss")
    assert "p@ss" not in repr(proxy)


@pytest.mark.parametrize("text", ["https://proxy.test", "socks5://proxy.test", "proxy.test:3128", "", "http://"])
def test_a_proxy_we_cannot_speak_to_is_refused(text: str) -> None:
    with pytest.raises((InvalidSettingsError, InvalidUrlError)):
        ProxySettings.parse(text)
