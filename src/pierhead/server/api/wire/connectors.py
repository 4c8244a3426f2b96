"""Connectors on the wire: bodies, items, status and filter (harness-api §1.3, §1.4)."""

from typing import Literal, Self

from pydantic import Field

from pierhead.control.connectors import (
    ConnectivityMode,
    ConnectivityStatus,
    Connector,
    ConnectorFilter,
    ConnectorStatus,
    Preview,
    ProviderType,
    SavedConnector,
    render_connector,
)
from pierhead.kit.clock import to_epoch_ms

from .common import OwnReceived, Received, Tags, Wire
from .connector_spec import DockerRegistry
from .notices import Notice, notices_of


class ConnectorInfo(Wire):
    """``accountIdentifier`` is ignored when it comes in: the account is that of the call."""

    name: str
    identifier: str
    description: str = ""
    account_identifier: str | None = None
    org_identifier: str | None = None
    project_identifier: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    type: Literal["DockerRegistry"]
    spec: DockerRegistry


class ConnectorBody(Wire):
    connector: ConnectorInfo


class StatusProblem(Wire):
    reason: str
    message: str
    code: int


class StatusInfo(Wire):
    status: ConnectivityStatus
    error_summary: str | None
    errors: list[StatusProblem] | None
    tested_at: int | None
    last_tested_at: int | None
    last_connected_at: int | None
    last_alert_sent: None = None

    @classmethod
    def of(cls, status: ConnectorStatus | None) -> Self | None:
        if status is None:
            return None
        tested_at = to_epoch_ms(status.tested_at) if status.tested_at else None
        return cls(
            status=status.status,
            error_summary=status.error_summary,
            errors=problems_of(status),
            tested_at=tested_at,
            last_tested_at=tested_at,
            last_connected_at=to_epoch_ms(status.last_connected_at) if status.last_connected_at else None,
        )


def problems_of(status: ConnectorStatus) -> list[StatusProblem] | None:
    return [StatusProblem(reason=e.reason, message=e.message, code=e.code) for e in status.errors] or None


class Activity(Wire):
    last_activity_time: int


class GitDetails(Wire):
    """Connectors are not kept in git here; clients expect the fields all the same."""

    object_id: None = None
    branch: None = None
    repo_identifier: None = None
    root_folder: None = None
    file_path: None = None
    repo_name: None = None
    commit_id: None = None
    file_url: None = None
    repo_url: None = None


class Validity(Wire):
    valid: bool = True
    invalid_yaml: None = None


class ConnectorItem(Wire):
    connector: ConnectorInfo
    created_at: int
    last_modified_at: int
    status: StatusInfo | None
    activity_details: Activity
    harness_managed: bool = False
    git_details: GitDetails = GitDetails()
    entity_validity_details: Validity = Validity()
    governance_metadata: None = None
    is_favorite: bool = False

    @classmethod
    def of(cls, connector: Connector) -> Self:
        modified_at = to_epoch_ms(connector.last_modified_at)
        return cls(
            connector=ConnectorInfo.model_validate(render_connector(connector)),
            created_at=to_epoch_ms(connector.created_at),
            last_modified_at=modified_at,
            status=StatusInfo.of(connector.status),
            activity_details=Activity(last_activity_time=modified_at),
        )


class SavedConnectorItem(ConnectorItem):
    """``warnings`` is not in the reference: what the saved URL or identifier means, as far as it may surprise."""

    warnings: list[Notice]

    @classmethod
    def of_saved(cls, saved: SavedConnector) -> Self:
        item = ConnectorItem.of(saved.connector)
        return cls(**dict(item), warnings=notices_of(saved.warnings))


class ConnectorFilterBody(Received):
    """``ccmConnectorFilter`` and ``inheritingCredentialsFromDelegate`` say nothing about Docker registries."""

    filter_type: Literal["Connector"] = "Connector"
    connector_names: list[str] | None = None
    connector_identifiers: list[str] | None = None
    description: str | None = None
    types: list[str] | None = None
    categories: list[str] | None = None
    connectivity_statuses: list[ConnectivityStatus] | None = None
    connector_connectivity_modes: list[ConnectivityMode] | None = None
    tags: Tags = Field(default_factory=dict)
    search_term: str | None = Field(default=None, max_length=1000)

    def value(self, search: str, *, include_scopes_above: bool) -> ConnectorFilter:
        return ConnectorFilter(
            search=search or self.search_term or "",
            names=tuple(self.connector_names or ()),
            identifiers=tuple(self.connector_identifiers or ()),
            description=self.description or "",
            types=tuple(self.types or ()),
            categories=tuple(self.categories or ()),
            statuses=tuple(self.connectivity_statuses or ()),
            modes=tuple(self.connector_connectivity_modes or ()),
            tags=self.tags,
            include_scopes_above=include_scopes_above,
        )


class ConnectorCategory(Wire):
    category: str
    connectors: list[str]


class ConnectorCatalogue(Wire):
    catalogue: list[ConnectorCategory]


class PreviewBody(OwnReceived):
    url: str
    provider_type: ProviderType = ProviderType.OTHER


class NamePreviewInfo(Wire):
    """``becomes`` is null when the image has no name there; ``reason`` then says why."""

    image: str
    becomes: str | None
    reason: str


class PreviewInfo(Wire):
    registry: str
    scheme: str
    path_prefix: str
    pull_secret_key: str
    images: list[NamePreviewInfo]
    warnings: list[str]

    @classmethod
    def of(cls, preview: Preview) -> Self:
        names = [
            NamePreviewInfo(
                image=name.image, becomes=str(name.reference) if name.reference else None, reason=name.reason
            )
            for name in preview.names
        ]
        return cls(
            registry=preview.address.registry,
            scheme=preview.address.scheme,
            path_prefix=preview.address.path_prefix,
            pull_secret_key=preview.pull_secret_key,
            images=names,
            warnings=list(preview.warnings),
        )
