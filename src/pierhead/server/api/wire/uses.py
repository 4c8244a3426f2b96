"""Who refers to what, and connectors counted, on the wire (harness-api §1.1)."""

from typing import Self

from pierhead.control.connectors import ConnectivityStatus, Use
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.clock import to_epoch_ms

from .common import Wire

_TYPES = {ResourceType.CONNECTOR: "Connectors", ResourceType.SECRET: "Secrets", ResourceType.SETTING: "Setting"}


class EntityRef(Wire):
    account_identifier: str
    org_identifier: str | None
    project_identifier: str | None
    identifier: str
    scope: str


class EntityDetail(Wire):
    type: str
    entity_ref: EntityRef
    name: str

    @classmethod
    def of(cls, kind: ResourceType, scope: Scope, identifier: str, name: str) -> Self:
        ref = EntityRef(
            account_identifier=scope.account,
            org_identifier=scope.org,
            project_identifier=scope.project,
            identifier=identifier,
            scope=scope.level.value,
        )
        return cls(type=_TYPES[kind], entity_ref=ref, name=name)


class EntityUse(Wire):
    """``referredByEntity`` needs ``referredEntity``; ``detail`` never says more."""

    account_identifier: str
    referred_entity: EntityDetail
    referred_by_entity: EntityDetail
    detail: None = None
    created_at: int

    @classmethod
    def of(cls, referred: EntityDetail, use: Use) -> Self:
        return cls(
            account_identifier=use.scope.account,
            referred_entity=referred,
            referred_by_entity=EntityDetail.of(use.type, use.scope, use.identifier, use.name),
            created_at=to_epoch_ms(use.since),
        )


class TypeCount(Wire):
    type: str
    count: int


class StatusCount(Wire):
    status: ConnectivityStatus
    count: int


class ConnectorStatistics(Wire):
    type_stats: list[TypeCount]
    status_stats: list[StatusCount]


class FieldValues(Wire):
    field_values: dict[str, list[str]]
