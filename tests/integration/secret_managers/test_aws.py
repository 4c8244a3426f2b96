"""AWS Secrets Manager and ECR, as moto's server plays them on loopback."""

import base64
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pierhead.adapters.ecr import EcrHostError, EcrPasswords, EcrUnavailableError
from pierhead.adapters.secret_managers.aws import AwsSecrets, AwsSettings
from pierhead.control.secrets import (
    ManagedValueDeniedError,
    ManagedValueInvalidError,
    ManagedValueMissingError,
    ManagerUnavailableError,
    ReferencePathError,
)
from pierhead.kit.redact import SecretValue
from pierhead.testing.clock import FakeClock

REGION = "eu-west-1"
HOST = f"123456789012.dkr.ecr.{REGION}.amazonaws.com"


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    files = (tmp_path / "id", tmp_path / "key")
    files[0].write_text("AKIATEST\n")
    files[1].write_text("aws-secret-access-key\n")
    return files


@pytest.fixture
def manager(aws: str, keys: tuple[Path, Path]) -> AwsSecrets:
    return AwsSecrets("aws", AwsSettings(REGION, aws, keys))


@pytest.fixture
def stored(aws: str) -> Iterator[Any]:
    import boto3

    client = boto3.client(
        "secretsmanager", region_name=REGION, endpoint_url=aws, aws_access_key_id="x", aws_secret_access_key="y"
    )
    made: list[str] = []

    def store(name: str, **value: Any) -> Any:
        made.append(name)
        return client.create_secret(Name=name, **value)

    store.client = client  # type: ignore[attr-defined]
    yield store
    for name in made:
        client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def test_a_text_and_a_key_of_a_json_text_are_read(manager: AwsSecrets, stored: Any) -> None:
    stored("ci/plain", SecretString="value")
    stored("ci/json", SecretString='{"password": "p\\"w\\n", "port": 5, "key": {"type": "service_account"}}')
    assert manager.read("ci/plain", None).reveal() == "value"
    assert manager.read("ci/json#password", None).reveal() == 'p"w\n'
    assert manager.read("ci/json#key", None).reveal() == '{"type": "service_account"}'
    with pytest.raises(ManagedValueInvalidError):
        manager.read("ci/json#port", None)
    with pytest.raises(ManagedValueMissingError):
        manager.read("ci/json#nope", None)
    with pytest.raises(ManagedValueInvalidError, match="no JSON"):
        manager.read("ci/plain#password", None)


def test_a_version_is_named_by_id_or_label(manager: AwsSecrets, stored: Any) -> None:
    first = stored("ci/versions", SecretString="one")["VersionId"]
    stored.client.put_secret_value(SecretId="ci/versions", SecretString="two")
    assert manager.read("ci/versions", None).reveal() == "two"
    assert manager.read("ci/versions", first).reveal() == "one"
    assert manager.read("ci/versions", "AWSPREVIOUS").reveal() == "one"


def test_what_is_not_there_or_no_text_is_said(manager: AwsSecrets, stored: Any) -> None:
    stored("ci/bytes", SecretBinary=b"\x00\xff")
    with pytest.raises(ManagedValueMissingError):
        manager.read("ci/nothing", None)
    with pytest.raises(ManagedValueInvalidError):
        manager.read("ci/bytes", None)


@pytest.mark.parametrize("path", ["", "#a", "a b", "a#", "a\n", "a" * 2049, "ümlaut"])
def test_what_is_no_name_is_refused(manager: AwsSecrets, path: str) -> None:
    with pytest.raises(ReferencePathError):
        manager.check(path, None)


def test_without_credentials_nothing_is_asked(aws: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ManagedValueDeniedError, match="no AWS credentials"):
        AwsSecrets("aws", AwsSettings(REGION, aws)).read("a", None)


def test_credentials_of_the_machine_are_used_when_no_files_are_named(
    aws: str, stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored("ci/chain", SecretString="value")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "k")
    assert AwsSecrets("aws", AwsSettings(REGION, aws)).read("ci/chain", None).reveal() == "value"


def test_a_service_that_is_not_there_is_unavailable(keys: tuple[Path, Path]) -> None:
    with pytest.raises(ManagerUnavailableError):
        AwsSecrets("aws", AwsSettings(REGION, "http://127.0.0.1:9", keys)).read("a", None)


def test_key_files_that_are_missing_are_named(aws: str, keys: tuple[Path, Path]) -> None:
    keys[1].unlink()
    with pytest.raises(ManagerUnavailableError, match="key cannot be read"):
        AwsSecrets("aws", AwsSettings(REGION, aws, keys)).read("a", None)


def test_an_access_key_becomes_a_password_of_twelve_hours(aws: str) -> None:
    username, password = EcrPasswords(FakeClock(), aws).exchange(HOST, "v1", "AKIATEST", SecretValue("k"))
    assert username == "AWS"
    assert password.reveal()
    assert "AKIATEST" not in password.reveal()


class Counted(EcrPasswords):
    """Counts how often AWS is asked."""

    def __init__(self, clock: FakeClock, endpoint: str | None) -> None:
        super().__init__(clock, endpoint)
        self.asked = 0

    def _ask(self, *told: Any) -> Any:
        self.asked += 1
        answer, _ = super()._ask(*told)
        return answer, self._clock.now() + timedelta(hours=12)


def test_a_password_is_used_until_half_an_hour_before_its_end(aws: str) -> None:
    clock = FakeClock()
    passwords = Counted(clock, aws)
    passwords.exchange(HOST, "v1", "AKIATEST", SecretValue("k"))
    clock.advance(11 * 3600 + 29 * 60)
    passwords.exchange(HOST, "v1", "AKIATEST", SecretValue("k"))
    assert passwords.asked == 1
    clock.advance(60)
    passwords.exchange(HOST, "v1", "AKIATEST", SecretValue("k"))
    assert passwords.asked == 2
    passwords.exchange(HOST, "v2", "AKIATEST", SecretValue("k2"))
    assert passwords.asked == 3


def test_of_many_who_ask_at_once_one_asks_aws(aws: str) -> None:
    passwords, barrier, got = Counted(FakeClock(), aws), threading.Barrier(8), []

    def ask() -> None:
        barrier.wait()
        got.append(passwords.exchange(HOST, "v1", "AKIATEST", SecretValue("k"))[1].reveal())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (passwords.asked, len(got), len(set(got))) == (1, 8, 1)


@pytest.mark.parametrize(
    "host",
    ["registry.example.com", "public.ecr.aws", f"{HOST}.evil.example", f"evil-{HOST}",
     "1.dkr.ecr.eu-west-1.amazonaws.com",
     f"{HOST}:8443", f"x/{HOST}", "123456789012.dkr.ecr.eu west.amazonaws.com", f"{HOST}\n", ""],
)  # fmt: skip
def test_an_access_key_is_used_for_private_ecr_hosts_only(host: str) -> None:
    with pytest.raises(EcrHostError):
        EcrPasswords(FakeClock(), "http://127.0.0.1:9").exchange(host, "v1", "AKIATEST", SecretValue("k"))


@pytest.mark.parametrize(
    "host",
    [HOST, HOST.upper(), "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
     "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "123456789012.dkr-ecr.eu-west-1.on.aws"],
)  # fmt: skip
def test_all_kinds_of_private_ecr_hosts_are_known(host: str) -> None:
    with pytest.raises(EcrUnavailableError) as refusal:
        EcrPasswords(FakeClock(), "http://127.0.0.1:9").exchange(host, "v1", "AKIATEST", SecretValue("top-secret"))
    assert "top-secret" not in refusal.value.message


def test_the_password_that_moto_gives_is_the_one_in_its_token(aws: str) -> None:
    import boto3

    client = boto3.client("ecr", region_name=REGION, endpoint_url=aws, aws_access_key_id="x", aws_secret_access_key="y")
    token = client.get_authorization_token(registryIds=["123456789012"])["authorizationData"][0]["authorizationToken"]
    expected = base64.b64decode(token).decode().partition(":")[2]
    assert EcrPasswords(FakeClock(), aws).exchange(HOST, "v", "x", SecretValue("y"))[1].reveal() == expected
