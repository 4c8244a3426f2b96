"""Notices and their deliveries, in memory."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from pierhead.control.notices import Delivery, DeliveryState, Notice, Topic
from pierhead.control.scopes import Areas, Scope, covered
from pierhead.kit.paging import Page, PageRequest

from .memory_tables import Tables, page


class MemoryNoticeRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.notices

    def add(self, notice: Notice) -> bool:
        account = notice.scope.account
        if any((row.scope.account, row.key) == (account, notice.key) for row in self._rows.values()):
            return False
        self._rows[notice.id] = notice
        return True

    def find(self, account: str, notice: str) -> Notice | None:
        found = self._rows.get(notice)
        return found if found is not None and found.scope.account == account else None

    def page(
        self,
        account: str,
        request: PageRequest,
        areas: Areas = None,
        topics: tuple[Topic, ...] = (),
        since: datetime | None = None,
    ) -> Page[Notice]:
        found = [
            row
            for row in self._of(account)
            if covered(areas, row.scope) and (not topics or row.topic in topics) and (since is None or row.at >= since)
        ]
        return page(reversed(found), request)

    def prune(self, account: str, before: datetime, keep: int) -> int:
        own = self._of(account)
        gone = [row for row in own if row.at < before or row not in own[-keep:]]
        for row in gone:
            del self._rows[row.id]
        return len(gone)

    def _of(self, account: str) -> list[Notice]:
        return [row for row in self._rows.values() if row.scope.account == account]


class MemoryDeliveryRows:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.deliveries
        self._notices = tables.notices

    def add(self, deliveries: Iterable[Delivery]) -> None:
        self._rows.update({delivery.id: delivery for delivery in deliveries})

    def has_due(self, now: datetime) -> bool:
        return bool(self._due(now))

    def claim_due(self, now: datetime, until: datetime, limit: int) -> tuple[Delivery, ...]:
        claimed = [replace(row, attempts=row.attempts + 1, next_at=until) for row in self._due(now)[:limit]]
        self.add(claimed)
        return tuple(claimed)

    def settle(self, delivery: Delivery) -> bool:
        held = self._rows.get(delivery.id)
        if held is None or held.state is not DeliveryState.WAITING or held.attempts != delivery.attempts:
            return False
        self._rows[delivery.id] = delivery
        return True

    def page(self, scope: Scope, subscription: str, request: PageRequest) -> Page[Delivery]:
        return page(reversed(self._of(scope, subscription)), request)

    def give_up(self, scope: Scope, subscription: str, at: datetime, code: str, error: str) -> int:
        waiting = [row for row in self._of(scope, subscription) if row.state is DeliveryState.WAITING]
        ended = {"state": DeliveryState.GIVEN_UP, "finished_at": at, "error_code": code, "error": error}
        self.add(replace(row, **ended) for row in waiting)  # type: ignore[arg-type]
        return len(waiting)

    def remove(self, scope: Scope, subscription: str) -> None:
        for row in self._of(scope, subscription):
            del self._rows[row.id]

    def prune(self, account: str) -> None:
        for row in list(self._rows.values()):
            is_gone = row.state is not DeliveryState.WAITING and row.notice not in self._notices
            if row.scope.account == account and is_gone:
                del self._rows[row.id]

    def _of(self, scope: Scope, subscription: str) -> list[Delivery]:
        return [row for row in self._rows.values() if (row.scope, row.subscription) == (scope, subscription)]

    def _due(self, now: datetime) -> list[Delivery]:
        first: dict[tuple[Scope, str], Delivery] = {}
        for row in self._rows.values():
            if row.state is DeliveryState.WAITING:
                first.setdefault((row.scope, row.subscription), row)
        return sorted((row for row in first.values() if row.next_at <= now), key=lambda row: row.next_at)
