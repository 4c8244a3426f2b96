"""Delegate groups on the wire of the reference: details, filters, tags (harness-api §4.8)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self, get_args

from pydantic import Field

from pierhead.control.delegates import (
    GROUP_GONE_AFTER,
    Delegate,
    DelegateFilter,
    DelegateGroup,
    DelegateState,
    DelegateToken,
    GroupView,
)
from pierhead.kit.clock import to_epoch_ms

from .common import OptionalText, Received, Wire

Tokens = Mapping[str, DelegateToken]


class InstanceDetail(Wire):
    """One replica. ``connected`` and ``version`` are what newer clients read."""

    uuid: str
    last_heartbeat: int
    actively_connected: bool
    connected: bool
    host_name: str
    token_active: bool
    version: str
    expiring_at: int = 0

    @classmethod
    def of(cls, delegate: Delegate, tokens: Tokens, now: datetime) -> Self:
        token = tokens.get(delegate.token_id)
        is_live = token is not None and token.is_live(now)
        is_connected = is_live and delegate.is_active(now)
        return cls(
            uuid=delegate.id,
            last_heartbeat=heartbeat_ms(delegate),
            actively_connected=is_connected,
            connected=is_connected,
            host_name=delegate.host_name,
            token_active=is_live,
            version=delegate.version,
        )


class GroupDetail(Wire):
    """One item for all readers: some know the group's fields, others the shorter ones that come after them."""

    group_id: str
    delegate_group_identifier: str
    delegate_type: str = "DELEGATE"
    group_name: str
    delegate_description: str
    group_implicit_selectors: dict[str, str]
    group_custom_selectors: list[str]
    last_heart_beat: int
    connectivity_status: Literal["connected", "disconnected"]
    actively_connected: bool
    delegate_instance_details: list[InstanceDetail]
    token_active: bool
    auto_upgrade: Literal["OFF"] = "OFF"
    delegate_group_expiration_time: int
    delegate_version: str | None
    immutable: bool = True
    account_id: str
    org_identifier: str | None
    project_identifier: str | None
    type: str = "DELEGATE"
    name: str
    description: str
    tags: list[str]
    connected: bool
    delegate_replicas: list[InstanceDetail]
    legacy: bool = False

    @classmethod
    def of(cls, view: GroupView, tokens: Tokens, now: datetime) -> Self:
        group, replicas = view.group, [InstanceDetail.of(each, tokens, now) for each in view.delegates]
        last_at = max((each.last_heartbeat for each in replicas), default=0)
        is_connected = any(each.actively_connected for each in replicas)
        return cls(
            group_id=group.id,
            delegate_group_identifier=group.identifier,
            group_name=group.name,
            delegate_description=group.description,
            group_implicit_selectors=implicit_selectors(view),
            group_custom_selectors=list(group.added_tags),
            last_heart_beat=last_at,
            connectivity_status="connected" if is_connected else "disconnected",
            actively_connected=is_connected,
            delegate_instance_details=replicas,
            token_active=any(each.token_active for each in replicas),
            delegate_group_expiration_time=0 if is_connected else _forgotten_at(group, last_at),
            delegate_version=max((each.version for each in replicas), default=None),
            account_id=group.scope.account,
            org_identifier=group.scope.org,
            project_identifier=group.scope.project,
            name=group.name,
            description=group.description,
            tags=sorted({*implicit_selectors(view), *group.added_tags}),
            connected=is_connected,
            delegate_replicas=replicas,
        )


class GroupListing(Wire):
    delegate_group_details: list[GroupDetail]


class GroupTags(Wire):
    """A group with the tags that were put on it."""

    account_identifier: str
    org_identifier: str | None
    project_identifier: str | None
    name: str
    identifier: str
    tags: list[str]

    @classmethod
    def of(cls, group: DelegateGroup) -> Self:
        return cls(
            account_identifier=group.scope.account,
            org_identifier=group.scope.org,
            project_identifier=group.scope.project,
            name=group.name,
            identifier=group.identifier,
            tags=list(group.added_tags),
        )


Tag = Annotated[str, Field(max_length=128)]


class GroupTagsBody(Received):
    tags: Annotated[list[Tag], Field(max_length=64)]


Status = Literal["CONNECTED", "DISCONNECTED", "ENABLED", "DISABLED", "WAITING_FOR_APPROVAL", "DELETED"]
STATUS_PATTERN = f"^(|{'|'.join(get_args(Status))})$"


class DelegateFilterBody(Received):
    """Nothing here expires, so a filter for what has expired finds nothing; ``autoUpgrade`` says nothing here."""

    filter_type: Literal["Delegate"] = "Delegate"
    status: Status | None = None
    delegate_name: OptionalText = None
    delegate_group_identifier: OptionalText = None
    description: OptionalText = None
    host_name: OptionalText = None
    delegate_tags: list[str] | None = None
    delegate_instance_filter: Literal["AVAILABLE", "EXPIRED"] | None = None
    version_status: OptionalText = None

    @property
    def finds_nothing(self) -> bool:
        return self.delegate_instance_filter == "EXPIRED" or self.version_status not in (None, "ACTIVE")

    def value(self, status: str, *, is_everywhere: bool) -> DelegateFilter:
        """``status`` is the one of the query; that of the body goes before it."""
        wanted: str = self.status or status
        return DelegateFilter(
            states=(DelegateState(wanted),) if wanted in DelegateState.__members__ else (),
            is_connected={"CONNECTED": True, "DISCONNECTED": False}.get(wanted),
            name=self.delegate_name or "",
            group=self.delegate_group_identifier or "",
            tags=tuple(self.delegate_tags or ()),
            is_everywhere=is_everywhere,
        )

    def passes(self, view: GroupView) -> bool:
        """What the filter of control does not know."""
        hosts = [each.host_name for each in view.delegates]
        is_described = (self.description or "").lower() in view.group.description.lower()
        return is_described and (self.host_name is None or self.host_name in hosts)


def implicit_selectors(view: GroupView) -> dict[str, str]:
    """Every selector that was not put on the group by hand, with where it comes from."""
    found: dict[str, str] = {}
    for delegate in view.delegates:
        found |= delegate.selectors(view.group)
    return {name: str(kind) for name, kind in found.items() if kind != "GROUP_SELECTORS"}


def heartbeat_ms(delegate: Delegate) -> int:
    return to_epoch_ms(delegate.last_heartbeat_at) if delegate.last_heartbeat_at else 0


def _forgotten_at(group: DelegateGroup, last_heartbeat: int) -> int:
    return (last_heartbeat or to_epoch_ms(group.created_at)) + int(GROUP_GONE_AFTER.total_seconds() * 1000)
