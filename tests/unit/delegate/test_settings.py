from pathlib import Path

import pytest

from pierhead.delegate.errors import DelegateSettingError, PlainHttpError, TokenNeededError
from pierhead.delegate.settings import DelegateSettings, Options
from pierhead.kit.errors import AppError
from pierhead.kit.redact import SecretValue

URL = "https://pierhead.example:8443"


def read(environment: dict[str, str] | None = None, **options: object) -> DelegateSettings:
    return DelegateSettings.read(Options(**{"url": URL, **options}), environment or {})  # type: ignore[arg-type]


def test_little_has_to_be_given() -> None:
    settings = DelegateSettings.read(Options(), {"PIERHEAD_URL": URL, "HOME": "/home/me"})
    assert str(settings.server) == URL
    assert settings.state == Path("/home/me/.local/share/pierhead-delegate")
    assert settings.images == settings.state / "images"
    assert settings.token is None
    assert settings.capacity == 4
    assert settings.health is settings.proxy is None
    assert settings.name


def test_the_names_of_the_references_installation_are_understood() -> None:
    environment = {
        "DELEGATE_NAME": "edge",
        "DELEGATE_TOKEN": "tok",
        "DELEGATE_TAGS": "eu, gpu ,,eu",
        "ACCOUNT_ID": "acme",
        "MANAGER_HOST_AND_PORT": "https://manager.example",
        "DELEGATE_TASK_CAPACITY": "7",
        "NEXT_GEN": "true",
        "DELEGATE_TYPE": "DOCKER",
    }
    settings = DelegateSettings.read(Options(), environment)
    assert (settings.name, settings.tags, settings.capacity) == ("edge", ("eu", "gpu"), 7)
    assert settings.token == SecretValue("tok")
    assert str(settings.server) == "https://manager.example"
    assert "ACCOUNT_ID" in settings.notes[0]


def test_options_come_before_our_variables_and_those_before_the_references(tmp_path: Path) -> None:
    environment = {"PIERHEAD_DELEGATE_NAME": "ours", "DELEGATE_NAME": "theirs", "DELEGATE_TOKEN": "theirs"}
    assert read(environment, name="mine").name == "mine"
    assert read(environment).name == "ours"
    environment["PIERHEAD_DELEGATE_TOKEN"] = "ours"
    (tmp_path / "token").write_text("of the file\n")
    assert read(environment).token == SecretValue("ours")
    assert read(environment, token_file=tmp_path / "token").token == SecretValue("of the file")
    assert read(environment, token="mine").token == SecretValue("mine")


def test_a_token_file_without_a_token_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n")
    with pytest.raises(TokenNeededError):
        read(token_file=tmp_path / "token")
    with pytest.raises(DelegateSettingError):
        read(token_file=tmp_path / "missing")


@pytest.mark.parametrize("url", ["http://pierhead.example", "http://10.0.0.1:8411", "http://127.0.0.1.example"])
def test_plain_http_to_another_machine_needs_to_be_meant(url: str) -> None:
    with pytest.raises(PlainHttpError):
        read(url=url)
    assert str(read(url=url, insecure_http=True).server) == url


@pytest.mark.parametrize("url", ["http://127.0.0.1:8411", "http://localhost:8411", "http://[::1]:8411"])
def test_plain_http_to_this_machine_is_fine(url: str) -> None:
    assert str(read(url=url).server) == url


def test_a_bare_host_means_https() -> None:
    assert str(read(url="pierhead.example:8443").server) == URL


@pytest.mark.parametrize(
    "options",
    [
        {"url": "ftp://x"},
        {"url": "https://x/path"},
        {"url": "https://user:pw@x"},
        {"url": "https://x?y"},
        {"name": "Edge"},
        {"name": "-edge"},
        {"name": "e" * 64},
        {"tags": ("x" * 129,)},
        {"tags": tuple(str(number) for number in range(65))},
        {"tags": ("a\nb",)},
        {"capacity": 0},
        {"capacity": 1001},
        {"health": "0.0.0.0:8080"},
        {"health": "10.0.0.1:8080"},
        {"health": "8080"},
        {"health": "127.0.0.1"},
        {"allow_registry": ("https://x",)},
        {"proxy": "https://proxy"},
        {"proxy": "socks5://proxy"},
        {"log_level": "loud"},
        {"token": "a", "token_file": Path("b")},
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(AppError) as caught:
        read(**options)
    assert caught.value.hint


def test_health_is_for_this_machine_only() -> None:
    assert read(health="127.0.0.1:8080").health == ("127.0.0.1", 8080)
    assert read(health="localhost:8080").health == ("127.0.0.1", 8080)
    assert read(health="[::1]:8080").health == ("::1", 8080)


def test_the_systems_proxy_is_used_where_no_proxy_does_not_say_otherwise() -> None:
    settings = read({"https_proxy": "http://user:pw@proxy:3128", "NO_PROXY": "other.example,10.0.0.0/8"})
    assert settings.proxy is not None
    assert str(settings.proxy.origin) == "http://proxy:3128"
    assert settings.proxy.password == SecretValue("pw")
    assert settings.proxy.no_proxy == ("other.example", "10.0.0.0/8")


def test_a_proxy_for_http_is_not_one_for_https_and_this_machine_needs_none() -> None:
    assert read({"HTTP_PROXY": "http://proxy:3128"}).proxy is None
    assert read({"HTTP_PROXY": "http://proxy:3128"}, url="http://127.0.0.1:1").proxy is None
    assert read({"ALL_PROXY": "proxy:3128"}).proxy is not None


def test_a_proxy_that_was_named_is_used_always() -> None:
    settings = read({"NO_PROXY": "*", "HTTPS_PROXY": "http://other"}, proxy="proxy:3128")
    assert settings.proxy is not None
    assert str(settings.proxy.origin) == "http://proxy:3128"
    assert settings.proxy.no_proxy == ()


def test_printing_the_settings_shows_no_token() -> None:
    assert "hush" not in repr(read(token="hush", proxy="http://u:hush@proxy"))


def test_a_name_is_made_from_the_hosts() -> None:
    assert 1 <= len(read().name) <= 63
