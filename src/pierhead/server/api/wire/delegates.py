"""Delegates on our own wire: groups with their replicas, what each can be chosen by, and what it has been through."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pierhead.control.delegates import Delegate, DelegateGroup, DelegateToken, Experience, GroupView
from pierhead.kit.clock import to_epoch_ms

from .common import Wire


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known about delegates beside themselves: ``tokens`` by id, ``running`` tasks by delegate."""

    now: datetime
    tokens: Mapping[str, DelegateToken]
    running: Mapping[str, int]


class SelectorInfo(Wire):
    """``kind`` says where it comes from, in the reference's words."""

    tag: str
    kind: str


class ExperienceInfo(Wire):
    """``counts``: it is recent enough to decide anything."""

    origin: str
    is_success: bool
    at: int
    reason: str
    counts: bool

    @classmethod
    def of(cls, experience: Experience, now: datetime) -> Self:
        return cls(
            origin=experience.origin,
            is_success=experience.is_success,
            at=to_epoch_ms(experience.at),
            reason=experience.reason,
            counts=experience.counts(now),
        )


class DelegateSummary(Wire):
    """One replica. ``isConnected``: heard of lately, and still let in; ``isActive``: it may be given tasks now.

    ``token``: the name of the one that let it in. ``unapprovedTags``: those it claims since it was approved.
    """

    id: str
    group: str
    org_identifier: str | None
    project_identifier: str | None
    host_name: str
    state: str
    is_connected: bool
    is_active: bool
    version: str
    kinds: list[str]
    capacity: int
    running_tasks: int
    tags: list[SelectorInfo]
    unapproved_tags: list[str]
    token: str | None
    token_is_live: bool
    enrolled_at: int
    last_heartbeat_at: int | None
    last_assigned_at: int | None

    @classmethod
    def of(cls, delegate: Delegate, group: DelegateGroup, around: Surroundings) -> Self:
        token = around.tokens.get(delegate.token_id)
        is_live = token is not None and token.is_live(around.now)
        return cls(
            id=delegate.id,
            group=delegate.name,
            org_identifier=delegate.scope.org,
            project_identifier=delegate.scope.project,
            host_name=delegate.host_name,
            state=delegate.state,
            is_connected=delegate.is_present(around.now) and is_live,
            is_active=delegate.is_active(around.now) and is_live,
            version=delegate.version,
            kinds=list(delegate.kinds),
            capacity=delegate.capacity,
            running_tasks=around.running.get(delegate.id, 0),
            tags=[SelectorInfo(tag=tag, kind=kind) for tag, kind in delegate.selectors(group).items()],
            unapproved_tags=list(delegate.unapproved),
            token=token.name if token else None,
            token_is_live=is_live,
            enrolled_at=to_epoch_ms(delegate.enrolled_at),
            last_heartbeat_at=_ms(delegate.last_heartbeat_at),
            last_assigned_at=_ms(delegate.last_assigned_at),
        )


class DelegateInfo(DelegateSummary):
    """``experiences``: which registries it reached when it last tried, the latest first."""

    experiences: list[ExperienceInfo]

    @classmethod
    def of_all(
        cls, delegate: Delegate, group: DelegateGroup, around: Surroundings, experiences: Iterable[Experience]
    ) -> Self:
        newest = sorted(experiences, key=lambda each: each.at, reverse=True)
        seen = [ExperienceInfo.of(each, around.now) for each in newest]
        return cls(**dict(DelegateSummary.of(delegate, group, around)), experiences=seen)


class DelegateGroupInfo(Wire):
    """``tags`` are what all of its replicas together can be chosen by, ``addedTags`` those put on the group by hand."""

    name: str
    org_identifier: str | None
    project_identifier: str | None
    description: str
    created_at: int
    tags: list[SelectorInfo]
    added_tags: list[str]
    replicas: list[DelegateSummary]

    @classmethod
    def of(cls, view: GroupView, around: Surroundings) -> Self:
        group = view.group
        replicas = [DelegateSummary.of(delegate, group, around) for delegate in view.delegates]
        kinds = {each.tag: each.kind for replica in replicas for each in replica.tags}
        return cls(
            name=group.name,
            org_identifier=group.scope.org,
            project_identifier=group.scope.project,
            description=group.description,
            created_at=to_epoch_ms(group.created_at),
            tags=[SelectorInfo(tag=tag, kind=kinds[tag]) for tag in sorted(kinds)],
            added_tags=list(group.added_tags),
            replicas=replicas,
        )


def _ms(moment: datetime | None) -> int | None:
    return to_epoch_ms(moment) if moment else None
