"""What a delegate gets for a connector with a credential helper: never the access key."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pierhead.adapters.keyring_file import FileKeyring
from pierhead.control.connectors import (
    Connector,
    ConnectorDraft,
    ConnectorService,
    CredentialExchange,
    DockerRegistrySpec,
    ProviderType,
    UsernamePasswordAuth,
)
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.control.secrets import SecretDraft, SecretManagers, SecretService, ValueType
from pierhead.kit.redact import SecretValue
from pierhead.server.jobs.registry_access import CredentialExchangeError, RegistrySecrets, access_for
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore
from pierhead.testing.secret_managers import ObedientStore

ACC = Scope("acc")
HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@dataclass
class Cloud:
    """Gives a password for each access key, and keeps what it was asked."""

    asked: list[tuple[str, str, str, str]] = field(default_factory=list)

    def exchange(self, host: str, version: str, key_id: str, key: SecretValue) -> tuple[str, SecretValue]:
        self.asked.append((host, version, key_id, key.reveal()))
        return "AWS", SecretValue(f"twelve hours {len(self.asked)}")


class Scene:
    def __init__(self, directory: Path) -> None:
        self.clock, self.store, self.outside, self.cloud = FakeClock(), MemoryStore(), ObedientStore(), Cloud()
        managers = SecretManagers(self.clock, [self.outside.configured()])
        self.secrets = SecretService(self.store, FileKeyring(directory / "key"), self.clock, managers)
        self.secrets.create(SecretDraft(ACC, "key", "key", SecretValue("aws-secret")))

    def connector(self, url: str = f"https://{HOST}", **more: object) -> Connector:
        auth = UsernamePasswordAuth(ScopedReference.parse("account.key"), username="AKIATEST")
        settings = {"auth": auth, "credential_helper": CredentialExchange.ECR, **more}
        spec = DockerRegistrySpec(url, ProviderType.OTHER, **settings)  # type: ignore[arg-type]
        service = ConnectorService(self.store, self.clock)
        made = service.create(ConnectorDraft(ACC, "ecr", "ECR", spec))
        return getattr(made, "connector", made)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_the_access_key_is_exchanged_and_stays_here(scene: Scene) -> None:
    access = access_for(scene.connector(), RegistrySecrets(scene.secrets, scene.cloud))
    assert access.password is not None
    assert (access.username, access.password.get_secret_value()) == ("AWS", "twelve hours 1")
    [(host, version, key_id, key)] = scene.cloud.asked
    assert (host, key_id, key) == (HOST, "AKIATEST", "aws-secret")
    assert version == access.secret_version


def test_a_new_access_key_is_exchanged_anew(scene: Scene) -> None:
    connector = scene.connector()
    before = access_for(connector, RegistrySecrets(scene.secrets, scene.cloud)).secret_version
    scene.secrets.update(SecretDraft(ACC, "key", "key", SecretValue("another")))
    assert access_for(connector, RegistrySecrets(scene.secrets, scene.cloud)).secret_version != before
    assert len({version for _, version, _, _ in scene.cloud.asked}) == 2


def test_without_an_exchange_there_are_no_credentials_at_all(scene: Scene) -> None:
    with pytest.raises(CredentialExchangeError):
        access_for(scene.connector(), RegistrySecrets(scene.secrets))


def test_no_token_outlives_an_outside_value(scene: Scene) -> None:
    scene.outside.values["hub"] = "old"
    draft = SecretDraft(ACC, "out", "out", SecretValue("hub"), ValueType.REFERENCE, secret_manager="vault")
    scene.secrets.create(draft)
    auth = UsernamePasswordAuth(ScopedReference.parse("account.out"), username="robot")
    connector = scene.connector("https://registry.example.com", auth=auth, credential_helper=None)
    secrets = RegistrySecrets(scene.secrets, scene.cloud)
    before = access_for(connector, secrets)
    scene.outside.values["hub"] = "new"
    scene.clock.advance(31)
    after = access_for(connector, secrets)
    assert [one.password.get_secret_value() for one in (before, after) if one.password] == ["old", "new"]
    assert before.secret_version != after.secret_version
    assert len(scene.outside.reads) == 2
