"""Notices of what happened by itself, subscriptions to them, and deliveries to webhooks; values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pierhead.control.scopes import Scope
from pierhead.kit.limits import KIB

KEPT_FOR: Final = timedelta(days=90)
KEPT_NOTICES: Final = 10_000
"""Of one account, the newest."""
MOST_SUBSCRIPTIONS: Final = 100
"""In one account: each notice is written down once for every one that wants it."""
MOST_DETAILS_BYTES: Final = 4 * KIB
MOST_TITLE: Final = 200
MOST_TEXT: Final = 2000


class Topic(StrEnum):
    """What a notice can be about; each is told by something that is there."""

    RELEASE_AVAILABLE = "release.available"
    RELEASE_UNSUPPORTED_SOON = "release.unsupported-soon"
    RELEASE_UNSUPPORTED = "release.unsupported"
    HOTFIX_AVAILABLE = "hotfix.available"
    WATCH_NEW_TAG = "watch.new-tag"
    WATCH_MOVED_TAG = "watch.moved-tag"
    MIRROR_FAILED = "mirror.failed"
    MIRROR_BLOCKED = "mirror.blocked"
    MIRROR_WAITING = "mirror.waiting-approval"
    MIRROR_TAG_MOVED = "mirror.tag-moved-immutable"
    TEST = "test"
    """Sent to one subscription because somebody asked for it; kept nowhere."""


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told. ``key``: of news with equal keys in one account the first is told. ``details`` holds what a
    program would want to know, at most 4 KiB as JSON, and never a secret."""

    scope: Scope
    topic: Topic
    title: str
    text: str
    subject_type: str
    subject: str
    key: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    id: str
    scope: Scope
    at: datetime
    topic: Topic
    title: str
    text: str
    subject_type: str
    subject: str
    key: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subscription:
    """``secret`` is a reference as it was written in ``scope``. No ``topics``: every one. ``with_children``: also what
    happens in the scopes below."""

    scope: Scope
    identifier: str
    name: str
    url: str
    secret: str
    created_at: datetime
    last_modified_at: datetime
    topics: tuple[Topic, ...] = ()
    with_children: bool = False
    is_enabled: bool = True
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""
    about: str = ""

    def wants(self, notice: Notice) -> bool:
        is_near = self.scope == notice.scope or (self.with_children and self.scope.contains(notice.scope))
        return self.is_enabled and is_near and (not self.topics or notice.topic in self.topics)


@dataclass(frozen=True, slots=True)
class SubscriptionDraft:
    scope: Scope
    identifier: str
    name: str
    url: str
    secret: str
    topics: tuple[Topic, ...] = ()
    with_children: bool = False
    is_enabled: bool = True
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class DeliveryState(StrEnum):
    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    GIVEN_UP = "GIVEN_UP"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice on its way to one subscription. ``attempts`` counts those begun; ``next_at`` is when the next one may
    begin, or when the one under way is taken for lost. ``error_code`` and ``error`` are of the last one."""

    id: str
    scope: Scope
    subscription: str
    notice: str
    topic: Topic
    created_at: datetime
    next_at: datetime
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    status: int | None = None
    error_code: str = ""
    error: str = ""
    finished_at: datetime | None = None


def subscription_document(subscription: Subscription) -> dict[str, object]:
    """What the audit trail keeps of it."""
    return {
        "identifier": subscription.identifier,
        "name": subscription.name,
        "url": subscription.url,
        "secretRef": subscription.secret,
        "topics": [topic.value for topic in subscription.topics],
        "withChildren": subscription.with_children,
        "enabled": subscription.is_enabled,
        "description": subscription.description,
        "tags": dict(subscription.tags),
    }
