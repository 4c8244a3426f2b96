"""Use cases of notices: read them; make, change, read, list and delete subscriptions. Permissions, that to use the
secret too, are asked by the caller."""

from dataclasses import replace
from datetime import datetime

from pierhead.control.audit import SYSTEM, Action, Actor, Subject, note
from pierhead.control.organizations import check_place
from pierhead.control.scopes import Areas, ResourceType, Scope, ScopedReference, check_identifier, check_name
from pierhead.control.secrets import SecretMissingError
from pierhead.kit.clock import Clock
from pierhead.kit.paging import Page, PageRequest

from .errors import SubscriptionExistsError, SubscriptionMissingError, TooManySubscriptionsError
from .model import (
    MOST_SUBSCRIPTIONS,
    Delivery,
    Notice,
    Subscription,
    SubscriptionDraft,
    Topic,
    subscription_document,
)
from .ports import NoticeStore, NoticeTransaction, Webhooks


class NoticeService:
    """Thread-safe: it holds nothing that changes."""

    def __init__(self, store: NoticeStore, clock: Clock, webhooks: Webhooks) -> None:
        self._store = store
        self._clock = clock
        self._webhooks = webhooks

    def notices(
        self,
        account: str,
        request: PageRequest,
        areas: Areas = None,
        topics: tuple[Topic, ...] = (),
        since: datetime | None = None,
    ) -> Page[Notice]:
        """The last told first."""
        with self._store.snapshot() as tx:
            return tx.notices.page(account, request, areas, topics, since)

    def create(self, draft: SubscriptionDraft, *, by: Actor = SYSTEM) -> Subscription:
        """Gets what is told from now on. Raises InvalidIdentifierError, InvalidInputError for the name,
        InvalidWebhookError, InvalidReferenceError, SecretMissingError, PlaceNotFoundError, TooManySubscriptionsError,
        SubscriptionExistsError."""
        check_identifier(draft.identifier)
        self._check(draft)
        now = self._clock.now()
        made = _made(draft, now)
        with self._store.transaction() as tx:
            check_place(tx, draft.scope)
            _check_secret(tx, draft)
            if len(tx.subscriptions.list_below(Scope(draft.scope.account))) >= MOST_SUBSCRIPTIONS:
                raise TooManySubscriptionsError(MOST_SUBSCRIPTIONS)
            if not tx.subscriptions.add(made):
                raise SubscriptionExistsError(draft.identifier)
            note(tx, now, by, Action.CREATE, subject_of(made), None, subscription_document(made))
        return made

    def update(self, draft: SubscriptionDraft, *, by: Actor = SYSTEM) -> Subscription:
        """Replaces everything that a draft has; what waits goes to the new address. Disabled, what waits is given up.
        Raises as ``create``, and SubscriptionMissingError."""
        self._check(draft)
        now = self._clock.now()
        with self._store.transaction() as tx:
            before = subscription_in(tx, draft.scope, draft.identifier)
            _check_secret(tx, draft)
            after = replace(_made(draft, now), created_at=before.created_at)
            tx.subscriptions.replace(after)
            if not after.is_enabled:
                reason = "the subscription was disabled"
                tx.deliveries.give_up(after.scope, after.identifier, now, "subscription-disabled", reason)
            told = subscription_document(before), subscription_document(after)
            note(tx, now, by, Action.UPDATE, subject_of(after), *told)
        return after

    def get(self, scope: Scope, identifier: str) -> Subscription:
        """Raises SubscriptionMissingError."""
        with self._store.snapshot() as tx:
            return subscription_in(tx, scope, identifier)

    def list(self, scope: Scope, search: str, request: PageRequest) -> Page[Subscription]:
        """Last modified first."""
        with self._store.snapshot() as tx:
            return tx.subscriptions.page(scope, search, request)

    def delete(self, scope: Scope, identifier: str, *, by: Actor = SYSTEM) -> None:
        """With all that waits, and what is known of deliveries. Raises SubscriptionMissingError."""
        with self._store.transaction() as tx:
            gone = subscription_in(tx, scope, identifier)
            tx.subscriptions.remove(scope, identifier)
            tx.deliveries.remove(scope, identifier)
            note(tx, self._clock.now(), by, Action.DELETE, subject_of(gone), subscription_document(gone))

    def deliveries(self, scope: Scope, identifier: str, request: PageRequest) -> Page[Delivery]:
        """The newest first. Raises SubscriptionMissingError."""
        with self._store.snapshot() as tx:
            subscription_in(tx, scope, identifier)
            return tx.deliveries.page(scope, identifier, request)

    def _check(self, draft: SubscriptionDraft) -> None:
        check_name(draft.name)
        self._webhooks.check(draft.url)


def secret_of(subscription: Subscription | SubscriptionDraft) -> tuple[Scope, str]:
    """Where its signing secret is. Raises InvalidReferenceError."""
    return ScopedReference.parse(subscription.secret).resolve(subscription.scope)


def subject_of(subscription: Subscription) -> Subject:
    return Subject(subscription.scope, ResourceType.SUBSCRIPTION, subscription.identifier, subscription.name)


def subscription_in(tx: NoticeTransaction, scope: Scope, identifier: str) -> Subscription:
    """Raises SubscriptionMissingError."""
    found = tx.subscriptions.find(scope, identifier)
    if found is None:
        raise SubscriptionMissingError(identifier)
    return found


def _check_secret(tx: NoticeTransaction, draft: SubscriptionDraft) -> None:
    scope, identifier = secret_of(draft)
    if tx.secrets.find(scope, identifier) is None:
        raise SecretMissingError(identifier)


def _made(draft: SubscriptionDraft, now: datetime) -> Subscription:
    return Subscription(
        scope=draft.scope,
        identifier=draft.identifier,
        name=draft.name,
        url=draft.url,
        secret=draft.secret,
        created_at=now,
        last_modified_at=now,
        topics=tuple(dict.fromkeys(draft.topics)),
        with_children=draft.with_children,
        is_enabled=draft.is_enabled,
        description=draft.description,
        tags=dict(draft.tags),
    )
