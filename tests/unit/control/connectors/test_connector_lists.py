"""Lists of connectors, and how one is referred to."""

from dataclasses import replace

import pytest

from pierhead.control.connectors import (
    ConnectivityMode,
    ConnectivityStatus,
    ConnectorDraft,
    ConnectorFilter,
    ConnectorService,
    ConnectorStatus,
    DockerRegistrySpec,
    ProviderType,
)
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest

ACC = Scope("acc")
ORG = Scope("acc", "o")
PROJECT = Scope("acc", "o", "p")


def spec(url: str = "https://my.registry/path", **more: object) -> DockerRegistrySpec:
    return DockerRegistrySpec(url, ProviderType.OTHER, **more)  # type: ignore[arg-type]


def draft(identifier: str = "mirror", scope: Scope = ACC, of: DockerRegistrySpec | None = None) -> ConnectorDraft:
    return ConnectorDraft(scope, identifier, "My mirror", of or spec())


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ConnectorFilter(), {"hub", "mirror"}),
        (ConnectorFilter(search="MIRR"), {"mirror"}),
        (ConnectorFilter(search="(a+)+$"), set()),
        (ConnectorFilter(search="platform"), {"mirror"}),
        (ConnectorFilter(names=("Docker Hub",)), {"hub"}),
        (ConnectorFilter(identifiers=("mirror", "other")), {"mirror"}),
        (ConnectorFilter(description="MADE"), {"hub"}),
        (ConnectorFilter(types=("Github",)), set()),
        (ConnectorFilter(types=("DockerRegistry",), categories=("ARTIFACTORY",)), {"hub", "mirror"}),
        (ConnectorFilter(categories=("CODE_REPO",)), set()),
        (ConnectorFilter(statuses=(ConnectivityStatus.UNKNOWN,)), {"mirror"}),
        (ConnectorFilter(statuses=(ConnectivityStatus.FAILURE,)), {"hub"}),
        (ConnectorFilter(modes=(ConnectivityMode.MANAGER,)), {"hub"}),
        (ConnectorFilter(tags={"team": "platform"}), {"mirror"}),
        (ConnectorFilter(tags={"team": "other"}), set()),
        (ConnectorFilter(include_scopes_above=True), {"hub", "mirror", "shared"}),
    ],
)
def test_lists_are_filtered_by_what_is_asked(
    connectors: ConnectorService, wanted: ConnectorFilter, found: set[str]
) -> None:
    connectors.create(draft("shared", ACC))
    connectors.create(replace(draft("mirror", ORG), tags={"team": "platform"}))
    hub = spec("https://index.docker.io/v2/", execute_on_delegate=False)
    connectors.create(replace(draft("hub", ORG, hub), name="Docker Hub", description="made by hand"))
    connectors.set_status(ORG, "hub", ConnectorStatus(ConnectivityStatus.FAILURE))
    page = connectors.list(ORG, wanted, PageRequest())
    assert {connector.identifier for connector in page.items} == found
    assert page.total == len(found)
