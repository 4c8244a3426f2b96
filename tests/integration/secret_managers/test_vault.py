"""HashiCorp Vault, as a stub speaks its protocol."""

from pathlib import Path
from typing import Any

import pytest

from pierhead.adapters.secret_managers.vault import AppRole, TokenFile, VaultSecrets, VaultSettings
from pierhead.control.secrets import (
    ManagedValueDeniedError,
    ManagedValueInvalidError,
    ManagedValueMissingError,
    ManagerUnavailableError,
    ReferencePathError,
)
from pierhead.testing.clock import FakeClock


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("root-token\n")
    return path


@pytest.fixture
def manager(vault: Any, token_file: Path, ca_file: Path, clock: FakeClock) -> VaultSecrets:
    vault.secrets["secret/ci/docker"] = [{"password": "old"}, {"password": "new", "number": 7, "empty": ""}]
    return made(vault, TokenFile(token_file), ca_file, clock)


def made(vault: Any, login: Any, ca_file: Path | None, clock: FakeClock, **more: Any) -> VaultSecrets:
    return VaultSecrets("vault", VaultSettings(vault.address, login, ca_file=ca_file, **more), clock)


def logins(vault: Any) -> int:
    return [method for method, _, _ in vault.asked].count("POST")


def test_the_newest_version_is_read_or_the_one_that_is_named(manager: VaultSecrets) -> None:
    assert manager.read("ci/docker#password", None).reveal() == "new"
    assert manager.read("ci/docker#password", "1").reveal() == "old"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("ci/docker#nope", ManagedValueMissingError),
        ("ci/nothing#password", ManagedValueMissingError),
        ("ci/docker#number", ManagedValueInvalidError),
    ],
)
def test_what_is_not_there_or_no_text_is_said(manager: VaultSecrets, path: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        manager.read(path, None)


def test_a_deleted_version_is_missing(manager: VaultSecrets, vault: Any) -> None:
    vault.secrets["secret/ci/docker"].append(None)
    with pytest.raises(ManagedValueMissingError):
        manager.read("ci/docker#password", None)


@pytest.mark.parametrize(
    "path",
    ["ci/docker", "#password", "ci/docker#", "../../sys/health#a", "ci/../x#a", "ci//x#a", "/ci#a", "ci/#a", "a?b#c",
     "a%2e%2e#c", "a\\b#c", "a\nb#c", "./a#b"],
)  # fmt: skip
def test_a_path_that_would_lead_elsewhere_is_refused_and_nothing_is_asked(
    manager: VaultSecrets, vault: Any, path: str
) -> None:
    with pytest.raises(ReferencePathError):
        manager.read(path, None)
    assert vault.asked == []


@pytest.mark.parametrize("version", ["0", "-1", "latest", "1.5", "1 ", ""])
def test_versions_are_numbers(manager: VaultSecrets, version: str) -> None:
    with pytest.raises(ReferencePathError):
        manager.check("a#b", version)


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(
    vault: Any, token_file: Path, clock: FakeClock, ca_file: Path
) -> None:
    with pytest.raises(ManagerUnavailableError, match="not to be trusted"):
        made(vault, TokenFile(token_file), None, clock).read("a#b", None)
    assert vault.asked == []


def test_no_redirect_is_followed(manager: VaultSecrets, vault: Any) -> None:
    vault.answer, vault.location = (307, b""), f"{vault.address}/v1/secret/data/other"
    with pytest.raises((ManagerUnavailableError, ManagedValueInvalidError)):
        manager.read("ci/docker#password", None)
    assert len(vault.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, b'{"errors":["permission denied"]}', ManagedValueDeniedError),
        (400, b'{"errors":["no"]}', ManagedValueDeniedError),
        (404, b"<html>", ManagedValueMissingError),
        (429, b"{}", ManagerUnavailableError),
        (500, b"{}", ManagerUnavailableError),
        (503, b'{"errors":["Vault is sealed"]}', ManagerUnavailableError),
        (418, b"", ManagerUnavailableError),
        (200, b"<html>", ManagedValueInvalidError),
        (200, b"[]", ManagedValueInvalidError),
        (200, b'{"data":{"password":"v1 engine"}}', ManagedValueInvalidError),
        (200, b'{"data":null}', ManagedValueInvalidError),
        (204, b"", ManagedValueInvalidError),
        (403, b'{"errors":"odd"}', ManagedValueDeniedError),
        (403, b"[]", ManagerUnavailableError),
    ],
)
def test_every_answer_is_an_error_of_ours_or_a_value(
    manager: VaultSecrets, vault: Any, status: int, body: bytes, error: type[Exception]
) -> None:
    vault.answer = (status, body)
    with pytest.raises(error):
        manager.read("ci/docker#password", None)


def test_a_vault_that_is_not_there_is_unavailable(token_file: Path, clock: FakeClock) -> None:
    settings = VaultSettings("http://127.0.0.1:9", TokenFile(token_file))
    with pytest.raises(ManagerUnavailableError):
        VaultSecrets("vault", settings, clock).read("a#b", None)


def test_a_token_that_was_replaced_in_its_file_is_found(manager: VaultSecrets, vault: Any, token_file: Path) -> None:
    manager.read("ci/docker#password", None)
    vault.tokens = {"next"}
    token_file.write_text("next")
    assert manager.read("ci/docker#password", None).reveal() == "new"


@pytest.mark.parametrize("content", ["", " \n", "a\nb"])
def test_without_a_token_nothing_is_asked(manager: VaultSecrets, vault: Any, token_file: Path, content: str) -> None:
    token_file.write_text(content)
    with pytest.raises(ManagerUnavailableError):
        manager.read("ci/docker#password", None)
    token_file.unlink()
    with pytest.raises(ManagerUnavailableError, match="No such file"):
        manager.read("ci/docker#password", None)
    assert vault.asked == []


def test_a_token_of_the_environment_is_never_used(
    manager: VaultSecrets, vault: Any, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "root-token")
    monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:9")
    token_file.write_text("wrong")
    with pytest.raises(ManagedValueDeniedError):
        manager.read("ci/docker#password", None)
    assert {token for _, _, token in vault.asked} == {"wrong"}


def test_an_app_role_logs_in_once_and_again_when_its_token_ends_or_is_revoked(
    vault: Any, ca_file: Path, clock: FakeClock, tmp_path: Path
) -> None:
    secret_id = tmp_path / "secret-id"
    secret_id.write_text("sid")
    vault.roles["role", "sid"], vault.secrets["secret/a"] = "x", [{"b": "value"}]
    manager = made(vault, AppRole("role", secret_id), ca_file, clock)
    for _ in range(3):
        manager.read("a#b", None)
    assert logins(vault) == 1
    clock.advance(3600 * 0.8)
    manager.read("a#b", None)
    assert logins(vault) == 2
    vault.tokens.clear()
    assert manager.read("a#b", None).reveal() == "value"
    assert logins(vault) == 3
    secret_id.write_text("wrong")
    vault.tokens.clear()
    with pytest.raises(ManagedValueDeniedError):
        manager.read("a#b", None)


def test_mount_and_namespace_are_sent(vault: Any, token_file: Path, ca_file: Path, clock: FakeClock) -> None:
    vault.secrets["kv/a"], vault.namespace = [{"b": "value"}], "team"
    manager = made(vault, TokenFile(token_file), ca_file, clock, mount="kv", namespace="team")
    assert manager.read("a#b", None).reveal() == "value"
