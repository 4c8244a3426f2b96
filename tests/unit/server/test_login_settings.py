from dataclasses import replace

import pytest

from pierhead.server.login import login_on
from pierhead.server.login_settings import LoginSettings
from pierhead.server.settings import SettingError, Settings
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

OIDC = {
    "PIERHEAD_OIDC_ISSUER": "https://login.example.com",
    "PIERHEAD_OIDC_CLIENT_ID": "pierhead",
    "PIERHEAD_PUBLIC_URL": "https://pier.example.com/",
}


def read(host: str = "127.0.0.1", **environment: str) -> LoginSettings:
    return LoginSettings.from_environment(environment, host)


def test_without_settings_there_is_no_provider_and_cookies_need_tls() -> None:
    assert read() == LoginSettings()
    assert read().requests_per_minute == 1000


def test_a_provider_is_set_up_by_issuer_client_and_public_url() -> None:
    settings = read(**OIDC, PIERHEAD_OIDC_CLIENT_SECRET="s")
    assert (settings.issuer, settings.client_id) == ("https://login.example.com", "pierhead")
    assert settings.public_url == "https://pier.example.com"
    assert "s" not in repr(settings.client_secret).replace("SecretValue", "")


@pytest.mark.parametrize("missing", ["PIERHEAD_OIDC_CLIENT_ID", "PIERHEAD_PUBLIC_URL"])
def test_half_a_provider_is_refused(missing: str) -> None:
    with pytest.raises(SettingError, match=missing):
        read(**{name: value for name, value in OIDC.items() if name != missing})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PIERHEAD_OIDC_ISSUER", "http://login.example.com"),
        ("PIERHEAD_OIDC_ISSUER", "https://user@login.example.com"),
        ("PIERHEAD_OIDC_ISSUER", "login.example.com"),
        ("PIERHEAD_OIDC_ISSUER", "https://login.example.com:port"),
        ("PIERHEAD_PUBLIC_URL", "http://pier.example.com"),
        ("PIERHEAD_PUBLIC_URL", "https://pier.example.com/?x=1"),
        ("PIERHEAD_SESSION_COOKIE", "no"),
        ("PIERHEAD_REQUESTS_PER_MINUTE", "-1"),
        ("PIERHEAD_REQUESTS_PER_MINUTE", "many"),
        ("PIERHEAD_REQUESTS_PER_MINUTE", "99999999"),
        ("PIERHEAD_TRUSTED_PROXIES", "*"),
        ("PIERHEAD_TRUSTED_PROXIES", "proxy.example.com"),
        ("PIERHEAD_TRUSTED_PROXIES", "10.0.0.1/8"),
    ],
)
def test_what_cannot_be_right_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name):
        read(**{**OIDC, name: value})


def test_two_secrets_are_one_too_many() -> None:
    with pytest.raises(SettingError) as refused:
        read(**OIDC, PIERHEAD_OIDC_CLIENT_SECRET="hunter2", PIERHEAD_OIDC_CLIENT_SECRET_FILE="/x")
    assert "hunter2" not in refused.value.message


def test_a_secret_file_that_cannot_be_read_is_told(tmp_path: object) -> None:
    settings = read(**OIDC, PIERHEAD_OIDC_CLIENT_SECRET_FILE=f"{tmp_path}/absent")
    with pytest.raises(SettingError, match="CLIENT_SECRET_FILE"):
        login_on(MemoryStore(), FakeClock(), _Keys(), settings)


def test_plain_cookies_are_for_loopback_only() -> None:
    assert read(PIERHEAD_SESSION_COOKIE="plain").has_plain_cookie
    with pytest.raises(SettingError, match="loopback"):
        read("0.0.0.0", PIERHEAD_SESSION_COOKIE="plain")


def test_plain_cookies_are_refused_wherever_the_host_comes_from(tmp_path: object) -> None:
    login = LoginSettings(has_plain_cookie=True)
    settings = Settings(data=tmp_path, login=login)  # type: ignore[arg-type]
    assert settings.has_plain_cookie
    with pytest.raises(SettingError, match=r"listens on 0\.0\.0\.0"):
        replace(settings, host="0.0.0.0")


def test_proxies_are_addresses_or_networks() -> None:
    named = read(PIERHEAD_TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8,::1").trusted_proxies
    assert named == ("127.0.0.1", "10.0.0.0/8", "::1")


class _Keys:
    def derive(self, purpose: str) -> bytes:
        return purpose.encode().ljust(32, b"x")
