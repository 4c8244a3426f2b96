"""Notices of what happened by itself: kept for readers, and delivered to the webhooks of those who subscribed."""

from .delivering import LEASE, TRIED_FOR, Deliverer
from .errors import (
    InvalidWebhookError,
    SubscriptionExistsError,
    SubscriptionMissingError,
    TooManySubscriptionsError,
    WebhookRedirectedError,
    WebhookRefusedError,
)
from .messages import notice_document, signature
from .model import (
    KEPT_FOR,
    KEPT_NOTICES,
    MOST_SUBSCRIPTIONS,
    Delivery,
    DeliveryState,
    News,
    Notice,
    Subscription,
    SubscriptionDraft,
    Topic,
    subscription_document,
)
from .ports import DeliveryRows, NoticeRows, NoticeStore, NoticeTransaction, Receipt, TellingTransaction, Webhooks
from .service import NoticeService, secret_of
from .telling import tell

__all__ = [
    "KEPT_FOR",
    "KEPT_NOTICES",
    "LEASE",
    "MOST_SUBSCRIPTIONS",
    "TRIED_FOR",
    "Deliverer",
    "Delivery",
    "DeliveryRows",
    "DeliveryState",
    "InvalidWebhookError",
    "News",
    "Notice",
    "NoticeRows",
    "NoticeService",
    "NoticeStore",
    "NoticeTransaction",
    "Receipt",
    "Subscription",
    "SubscriptionDraft",
    "SubscriptionExistsError",
    "SubscriptionMissingError",
    "TellingTransaction",
    "TooManySubscriptionsError",
    "Topic",
    "WebhookRedirectedError",
    "WebhookRefusedError",
    "Webhooks",
    "notice_document",
    "secret_of",
    "signature",
    "subscription_document",
    "tell",
]
