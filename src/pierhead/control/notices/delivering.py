"""Deliveries performed: at least once, in order for each subscription, with growing pauses for up to a day.

What is sent stands in the database before it is sent, and is marked afterwards. A server that dies between the two
leaves a delivery that another one sends again under the same id, two minutes later.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from pierhead.control.audit import SYSTEM, Action, Actor, note
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretService
from pierhead.kit.clock import Clock
from pierhead.kit.errors import AppError
from pierhead.kit.ids import new_id

from .errors import WebhookRedirectedError, WebhookRefusedError
from .messages import body_of, headers_of
from .model import KEPT_FOR, KEPT_NOTICES, Delivery, DeliveryState, News, Notice, Subscription, Topic
from .ports import NoticeStore, Webhooks
from .service import subject_of, subscription_in
from .telling import noticed, plain

LEASE: Final = timedelta(minutes=2)
"""An attempt takes ten seconds at most, and reading a secret from elsewhere less than that again."""
TRIED_FOR: Final = timedelta(days=1)
_FIRST_PAUSE_S: Final = 10
_LONGEST_PAUSE_S: Final = 3600
_SHOWN: Final = 500


class Deliverer:
    """Thread-safe."""

    def __init__(self, store: NoticeStore, clock: Clock, secrets: SecretService, webhooks: Webhooks) -> None:
        self._store = store
        self._clock = clock
        self._secrets = secrets
        self._webhooks = webhooks

    def claim(self, limit: int) -> tuple[Delivery, ...]:
        """What is to be sent now by whoever asked; nobody else is given it for two minutes. Where nothing is due,
        nothing is written."""
        now = self._clock.now()
        with self._store.snapshot() as tx:
            if not tx.deliveries.has_due(now):
                return ()
        with self._store.transaction() as tx:
            return tx.deliveries.claim_due(now, now + LEASE, limit)

    def deliver(self, claimed: Delivery) -> Delivery | None:
        """Sends it, and keeps what came of that. None when its subscription is gone, or somebody else has it."""
        with self._store.snapshot() as tx:
            subscription = tx.subscriptions.find(claimed.scope, claimed.subscription)
            notice = tx.notices.find(claimed.scope.account, claimed.notice)
        if subscription is None:
            with self._store.transaction() as tx:
                tx.deliveries.remove(claimed.scope, claimed.subscription)
            return None
        if not subscription.is_enabled:
            after = self._ended(claimed, "subscription-disabled", "the subscription was disabled")
        elif notice is None:  # so many were told since
            after = self._ended(claimed, "notice-gone", "the notice is no longer kept")
        else:
            after = self._sent(subscription, claimed, notice)
        with self._store.transaction() as tx:
            return after if tx.deliveries.settle(after) else None

    def test(self, scope: Scope, identifier: str, *, by: Actor = SYSTEM) -> Delivery:
        """Sends a notice that is kept nowhere, now and once; a failure is a result. Raises SubscriptionMissingError."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            subscription = subscription_in(tx, scope, identifier)
            note(tx, now, by, Action.TEST, subject_of(subscription))
        text = f"Somebody asked for a test of the subscription {identifier}."
        news = News(scope, Topic.TEST, "Test of a subscription", text, "SUBSCRIPTION", identifier, f"test:{new_id()}")
        notice = noticed(news, now)
        trial = Delivery(new_id(), scope, identifier, notice.id, Topic.TEST, now, now, attempts=1)
        after = self._sent(subscription, trial, notice)
        is_done = after.state is DeliveryState.DELIVERED
        return after if is_done else replace(after, state=DeliveryState.GIVEN_UP, finished_at=self._clock.now())

    def prune(self) -> None:
        """Forgets notices older than 90 days, and of each account all but 10,000."""
        before = self._clock.now() - KEPT_FOR
        with self._store.snapshot() as tx:
            accounts = tx.accounts.list()
        for account in accounts:
            with self._store.transaction() as tx:
                tx.notices.prune(account.id, before, KEPT_NOTICES)
                tx.deliveries.prune(account.id)

    def _sent(self, subscription: Subscription, delivery: Delivery, notice: Notice) -> Delivery:
        body = body_of(delivery, notice)
        try:
            secret = self._secrets.reveal(subscription.secret, subscription.scope)
            headers = headers_of(delivery, body, secret, self._clock.now())
            receipt = self._webhooks.post(subscription.url, headers, body)
        except AppError as error:
            return self._failed(delivery, error, None, None)
        if 200 <= receipt.status < 300:
            now = self._clock.now()
            return replace(
                delivery, state=DeliveryState.DELIVERED, status=receipt.status, error_code="", error="", finished_at=now
            )
        is_redirect = 300 <= receipt.status < 400
        refusal = WebhookRedirectedError(receipt.status) if is_redirect else WebhookRefusedError(receipt.status)
        return self._failed(delivery, refusal, receipt.status, receipt.retry_after_s)

    def _failed(self, delivery: Delivery, error: AppError, status: int | None, asked_s: float | None) -> Delivery:
        now = self._clock.now()
        told = replace(delivery, status=status, error_code=error.code, error=plain(error.message)[:_SHOWN])
        if now - delivery.created_at >= TRIED_FOR:
            return replace(told, state=DeliveryState.GIVEN_UP, finished_at=now)
        return replace(told, next_at=_next(delivery, now, asked_s))

    def _ended(self, delivery: Delivery, code: str, error: str) -> Delivery:
        now = self._clock.now()
        return replace(delivery, state=DeliveryState.GIVEN_UP, error_code=code, error=error, finished_at=now)


def _next(delivery: Delivery, now: datetime, asked_s: float | None) -> datetime:
    """Ten seconds after the first attempt, twice as long after each other, an hour at most; later where the receiver
    asks for it. The last attempt is made when the day is over, whatever was asked."""
    own_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(delivery.attempts - 1, 20))
    pause_s = max(own_s, min(asked_s or 0.0, _LONGEST_PAUSE_S))
    return min(now + timedelta(seconds=pause_s), max(delivery.created_at + TRIED_FOR, now))
