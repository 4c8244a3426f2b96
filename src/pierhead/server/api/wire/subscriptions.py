"""Notices, subscriptions and deliveries on the wire. No secret is in any of them."""

from typing import Annotated, Self

from pydantic import Field

from pierhead.control.notices import Delivery, DeliveryState, Notice, Subscription, SubscriptionDraft, Topic
from pierhead.control.scopes import Scope
from pierhead.kit.clock import to_epoch_ms

from .common import Identifier, Name, OwnReceived, Tags, Wire


class NoticeSubject(Wire):
    type: str
    identifier: str


class NoticeInfo(Wire):
    """``at`` in milliseconds. ``details`` is what a program would want to know; its fields depend on the topic."""

    id: str
    at: int
    topic: Topic
    org_identifier: str | None
    project_identifier: str | None
    title: str
    text: str
    subject: NoticeSubject
    details: dict[str, object]

    @classmethod
    def of(cls, notice: Notice) -> Self:
        return cls(
            id=notice.id,
            at=to_epoch_ms(notice.at),
            topic=notice.topic,
            org_identifier=notice.scope.org,
            project_identifier=notice.scope.project,
            title=notice.title,
            text=notice.text,
            subject=NoticeSubject(type=notice.subject_type, identifier=notice.subject),
            details=dict(notice.details),
        )


class SubscriptionBody(OwnReceived):
    """``secretRef`` names the secret that deliveries are signed with. No ``topics``: all of them. The place is the one
    that the query names; ``withChildren``: also what happens in the places in it."""

    identifier: Identifier
    name: Name | None = None
    url: Annotated[str, Field(min_length=1, max_length=2048)]
    secret_ref: Annotated[str, Field(min_length=1, max_length=256)]
    topics: Annotated[list[Topic], Field(max_length=len(Topic))] = Field(default_factory=list)
    with_children: bool = False
    enabled: bool = True
    description: Annotated[str, Field(max_length=1024)] = ""
    tags: Annotated[Tags, Field(max_length=128)] = Field(default_factory=dict)

    def draft(self, scope: Scope) -> SubscriptionDraft:
        return SubscriptionDraft(
            scope=scope,
            identifier=self.identifier,
            name=self.name or self.identifier,
            url=self.url,
            secret=self.secret_ref,
            topics=tuple(self.topics),
            with_children=self.with_children,
            is_enabled=self.enabled,
            description=self.description,
            tags=self.tags,
        )


class SubscriptionInfo(Wire):
    identifier: str
    name: str
    org_identifier: str | None
    project_identifier: str | None
    url: str
    secret_ref: str
    topics: list[Topic]
    with_children: bool
    enabled: bool
    description: str
    tags: dict[str, str]
    created_at: int
    last_modified_at: int

    @classmethod
    def of(cls, subscription: Subscription) -> Self:
        return cls(
            identifier=subscription.identifier,
            name=subscription.name,
            org_identifier=subscription.scope.org,
            project_identifier=subscription.scope.project,
            url=subscription.url,
            secret_ref=subscription.secret,
            topics=list(subscription.topics),
            with_children=subscription.with_children,
            enabled=subscription.is_enabled,
            description=subscription.description,
            tags=dict(subscription.tags),
            created_at=to_epoch_ms(subscription.created_at),
            last_modified_at=to_epoch_ms(subscription.last_modified_at),
        )


class DeliveryInfo(Wire):
    """``attempts`` counts those begun; ``status``, ``errorCode`` and ``error`` are of the last one. ``nextAt`` is null
    for what has ended."""

    id: str
    notice_id: str
    topic: Topic
    state: DeliveryState
    attempts: int
    created_at: int
    next_at: int | None
    finished_at: int | None
    status: int | None
    error_code: str | None
    error: str | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        is_waiting = delivery.state is DeliveryState.WAITING
        return cls(
            id=delivery.id,
            notice_id=delivery.notice,
            topic=delivery.topic,
            state=delivery.state,
            attempts=delivery.attempts,
            created_at=to_epoch_ms(delivery.created_at),
            next_at=to_epoch_ms(delivery.next_at) if is_waiting else None,
            finished_at=None if delivery.finished_at is None else to_epoch_ms(delivery.finished_at),
            status=delivery.status,
            error_code=delivery.error_code or None,
            error=delivery.error or None,
        )
