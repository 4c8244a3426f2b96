"""What the environment says to the server, and what it may not say."""

from pathlib import Path

import pytest

from pierhead.kit.errors import InvalidInputError
from pierhead.kit.redact import SecretValue
from pierhead.server.settings import SettingError, Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PIERHEAD_PORT", "http"),
        ("PIERHEAD_PORT", "65536"),
        ("PIERHEAD_LOG_LEVEL", "loud"),
        ("PIERHEAD_DATABASE_URL", "mysql://ann:geheim@host/pier"),
        ("PIERHEAD_DATABASE_URL", "geheim"),
        ("PIERHEAD_DATABASE_URL", "sqlite:////geheim.db"),
        ("PIERHEAD_DELEGATE_APPROVAL", "yes"),
        ("PIERHEAD_DELEGATE_APPROVAL", ""),
        ("PIERHEAD_LEASE_S", "4"),
        ("PIERHEAD_LEASE_S", "601"),
        ("PIERHEAD_LEASE_S", "7.5"),
        ("PIERHEAD_LEASE_S", "²"),
        ("PIERHEAD_LEASE_S", ""),
        ("PIERHEAD_PRIVATE_ADDRESSES", "yes"),
        ("PIERHEAD_METRICS", "public"),
        ("PIERHEAD_LOG_FORMAT", "yaml"),
        ("PIERHEAD_OTEL", "yes"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable_and_secrets_are_not_repeated(
    name: str, value: str
) -> None:
    with pytest.raises(SettingError) as raised:
        Settings.from_environment({name: value})
    assert isinstance(raised.value, InvalidInputError)
    assert raised.value.message.startswith(f"{name}=")
    assert "geheim" not in raised.value.message + raised.value.hint


def test_two_keys_are_one_too_many() -> None:
    with pytest.raises(SettingError, match="PIERHEAD_ENCRYPTION_KEY_FILE") as raised:
        Settings.from_environment({"PIERHEAD_ENCRYPTION_KEY": "geheim", "PIERHEAD_ENCRYPTION_KEY_FILE": "/key"})
    assert "geheim" not in raised.value.message


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_database_url_is_kept_as_a_secret(scheme: str) -> None:
    settings = Settings.from_environment({"PIERHEAD_DATABASE_URL": f"{scheme}://ann:geheim@host/pier"})
    assert settings.database_url == SecretValue(f"{scheme}://ann:geheim@host/pier")
    assert "geheim" not in repr(settings)


def test_the_key_or_its_file_is_taken() -> None:
    by_text = Settings.from_environment({"PIERHEAD_ENCRYPTION_KEY": "geheim"})
    by_file = Settings.from_environment({"PIERHEAD_ENCRYPTION_KEY_FILE": "/run/secrets/key"})
    assert (by_text.encryption_key, by_text.encryption_key_file) == (SecretValue("geheim"), None)
    assert (by_file.encryption_key, by_file.encryption_key_file) == (None, Path("/run/secrets/key"))
    assert "geheim" not in repr(by_text)


def test_delegates_are_approved_by_somebody_unless_it_is_said_otherwise() -> None:
    assert Settings.from_environment({}).is_approval_required
    assert Settings.from_environment({"PIERHEAD_DELEGATE_APPROVAL": "required"}).is_approval_required
    assert not Settings.from_environment({"PIERHEAD_DELEGATE_APPROVAL": "automatic"}).is_approval_required


def test_nothing_set_means_a_database_and_a_key_in_the_data_directory() -> None:
    settings = Settings.from_environment({"PIERHEAD_DATABASE_URL": "", "PIERHEAD_ENCRYPTION_KEY": "", "HOME": "/h"})
    assert (settings.database_url, settings.encryption_key, settings.encryption_key_file) == (None, None, None)


def test_a_lease_lasts_a_minute_unless_it_is_said_otherwise() -> None:
    assert Settings.from_environment({}).lease_s == 60
    assert Settings.from_environment({"PIERHEAD_LEASE_S": "5"}).lease_s == 5


def test_private_addresses_are_denied_and_figures_want_a_key_unless_said_otherwise() -> None:
    usual = Settings.from_environment({})
    assert (usual.may_reach_private, usual.metrics, usual.log_format) == (False, "key", "text")
    assert Settings.from_environment({"PIERHEAD_PRIVATE_ADDRESSES": "allow"}).may_reach_private
    assert not Settings.from_environment({"PIERHEAD_PRIVATE_ADDRESSES": ""}).may_reach_private


def test_hosts_at_their_end_are_read_from_the_data_directory_or_from_where_it_is_said(tmp_path) -> None:
    usual = Settings(data=tmp_path)
    assert usual.retired_hosts_file is None
    (tmp_path / "retired-hosts.toml").touch()
    assert usual.retired_hosts_file == tmp_path / "retired-hosts.toml"
    assert Settings.from_environment({"PIERHEAD_RETIRED_HOSTS": "/x.toml"}).retired_hosts_file == Path("/x.toml")
