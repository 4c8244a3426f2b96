"""What notices need of a store and of the network."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pierhead.control.access import AccountRows
from pierhead.control.audit import Auditing
from pierhead.control.organizations import PlaceTransaction
from pierhead.control.scopes import Areas, EntityRows, Scope
from pierhead.control.secrets import SecretRows
from pierhead.kit.paging import Page, PageRequest

from .model import Delivery, Notice, Subscription, Topic


class NoticeRows(Protocol):
    def add(self, notice: Notice) -> bool:
        """False, and nothing is written, when the account has one with the same key."""

    def find(self, account: str, notice: str) -> Notice | None: ...

    def page(
        self,
        account: str,
        request: PageRequest,
        areas: Areas = None,
        topics: tuple[Topic, ...] = (),
        since: datetime | None = None,
    ) -> Page[Notice]:
        """The last told first; ``since``: of this moment and later."""

    def prune(self, account: str, before: datetime, keep: int) -> int:
        """Removes what is older, and all but the newest ``keep``; says how many."""


class DeliveryRows(Protocol):
    """Of the waiting deliveries of a subscription only the oldest is ever due."""

    def add(self, deliveries: Iterable[Delivery]) -> None: ...

    def has_due(self, now: datetime) -> bool: ...

    def claim_due(self, now: datetime, until: datetime, limit: int) -> tuple[Delivery, ...]:
        """Those due, the longest due first, each with one attempt more and not due again before ``until``; one that
        another transaction claims at this moment is left to it."""

    def settle(self, delivery: Delivery) -> bool:
        """Writes what became of the attempt; False, and nothing is written, when the row waits no more or a later
        attempt was begun."""

    def page(self, scope: Scope, subscription: str, request: PageRequest) -> Page[Delivery]:
        """The newest first."""

    def give_up(self, scope: Scope, subscription: str, at: datetime, code: str, error: str) -> int:
        """Ends all that wait; says how many."""

    def remove(self, scope: Scope, subscription: str) -> None: ...

    def prune(self, account: str) -> None:
        """Removes those that have ended and whose notice is gone."""


class TellingTransaction(Protocol):
    @property
    def subscriptions(self) -> EntityRows[Subscription]: ...
    @property
    def notices(self) -> NoticeRows: ...
    @property
    def deliveries(self) -> DeliveryRows: ...


class NoticeTransaction(TellingTransaction, PlaceTransaction, Auditing, Protocol):
    @property
    def accounts(self) -> AccountRows: ...
    @property
    def secrets(self) -> SecretRows: ...


class NoticeStore(Protocol):
    def transaction(self) -> AbstractContextManager[NoticeTransaction]: ...

    def snapshot(self) -> AbstractContextManager[NoticeTransaction]: ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receiver's answer. ``retry_after_s``: how long it asked us to wait, None when it did not say."""

    status: int
    retry_after_s: float | None = None


class Webhooks(Protocol):
    """Sends to addresses that people gave. Thread-safe."""

    def check(self, url: str) -> None:
        """Raises InvalidWebhookError, or another AppError, for what nothing may ever be sent to."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Any status; follows no redirect, takes ten seconds at most. Raises AppError when there was no answer."""
