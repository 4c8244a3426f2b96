"""The connector that is there from the first start, and what is said when it changes."""

import pytest

from pierhead.control.connectors import (
    AnonymousAuth,
    ConnectivityStatus,
    ConnectorDraft,
    ConnectorInUseError,
    ConnectorService,
    ConnectorStatus,
    DockerRegistrySpec,
    ProviderType,
    SavedConnector,
    default_draft,
)
from pierhead.control.scopes import Scope

ACC = Scope("acc")
ORG = Scope("acc", "o")
PROJECT = Scope("acc", "o", "p")


def spec(url: str = "https://my.registry/path", **more: object) -> DockerRegistrySpec:
    return DockerRegistrySpec(url, ProviderType.OTHER, **more)  # type: ignore[arg-type]


def draft(identifier: str = "mirror", scope: Scope = ACC, of: DockerRegistrySpec | None = None) -> ConnectorDraft:
    return ConnectorDraft(scope, identifier, "My mirror", of or spec())


def codes(saved: SavedConnector) -> set[str]:
    return {warning.code for warning in saved.warnings}


def test_the_default_connector_is_made_once_as_the_api_has_it(connectors: ConnectorService) -> None:
    connector, is_new = connectors.ensure_default("acc")
    assert is_new
    assert (connector.identifier, connector.name, connector.scope) == ("harnessImage", "Harness Docker Connector", ACC)
    assert connector.description == "Harness internal connector"
    assert connector.spec == DockerRegistrySpec(
        "https://index.docker.io/v2/", ProviderType.DOCKER_HUB, AnonymousAuth(), execute_on_delegate=False
    )
    assert connectors.ensure_default("acc") == (connector, False)


def test_a_default_connector_that_somebody_changed_is_left_alone(connectors: ConnectorService) -> None:
    connectors.create(draft("harnessImage"))
    connector, is_new = connectors.ensure_default("acc")
    assert not is_new
    assert connector.spec == spec()


def test_changing_breaking_and_deleting_the_default_connector_is_warned_about(connectors: ConnectorService) -> None:
    connectors.ensure_default("acc")
    assert codes(connectors.update(draft("harnessImage"))) == {"default-connector-changed"}
    failure = ConnectorStatus(ConnectivityStatus.FAILURE, "no route")
    assert [warning.code for warning in connectors.set_status(ACC, "harnessImage", failure)] == [
        "default-connector-failing"
    ]
    assert connectors.set_status(ACC, "harnessImage", ConnectorStatus(ConnectivityStatus.SUCCESS)) == ()
    with pytest.raises(ConnectorInUseError, match="referenced by other entities"):
        connectors.delete(ACC, "harnessImage")
    (warning,) = connectors.delete(ACC, "harnessImage", force=True)
    assert warning.code == "default-connector-deleted"
    assert "anonymously from Docker Hub" in warning.text


def test_other_connectors_are_deleted_and_fail_without_such_warnings(connectors: ConnectorService) -> None:
    connectors.create(draft())
    assert connectors.set_status(ACC, "mirror", ConnectorStatus(ConnectivityStatus.FAILURE)) == ()
    assert connectors.delete(ACC, "mirror") == ()


def test_the_well_known_identifier_below_the_account_is_said_to_mean_nothing(connectors: ConnectorService) -> None:
    assert codes(connectors.create(draft("harnessImage", PROJECT))) == {"default-connector-elsewhere"}
    assert connectors.delete(PROJECT, "harnessImage") == ()


def test_the_default_connector_is_restored_on_request(connectors: ConnectorService) -> None:
    assert connectors.restore_default("acc").connector.spec == default_draft("acc").spec
    connectors.update(draft("harnessImage"))
    assert connectors.restore_default("acc").connector.spec == default_draft("acc").spec
    connectors.delete(ACC, "harnessImage", force=True)
    assert connectors.restore_default("acc").connector.spec == default_draft("acc").spec
