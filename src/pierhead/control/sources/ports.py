"""What watches need of a store."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from pierhead.control.audit import Auditing
from pierhead.control.organizations import PlaceTransaction
from pierhead.control.scopes import EntityRows, Scope
from pierhead.kit.paging import Page, PageRequest

from .model import SeenTag, Watch, WatchEvent, WatchState


class WatchRecords(Protocol):
    """What was seen by each watch, which is named by its scope and identifier."""

    def put_state(self, scope: Scope, watch: str, state: WatchState) -> None: ...

    def find_state(self, scope: Scope, watch: str) -> WatchState | None: ...

    def claim_due(self, now: datetime, next_at: datetime, limit: int) -> tuple[tuple[Scope, str], ...]:
        """Watches that are due, the longest due first, and due again at ``next_at``; one that another transaction
        claims at this moment is left to it."""

    def tags(self, scope: Scope, watch: str) -> Mapping[str, SeenTag]: ...

    def put_tags(self, scope: Scope, watch: str, tags: Iterable[SeenTag]) -> None: ...

    def remove_tags(self, scope: Scope, watch: str, tags: Iterable[str]) -> None: ...

    def add_events(self, scope: Scope, watch: str, events: Iterable[WatchEvent], keep: int) -> None:
        """Adds them in this order; of all, the newest ``keep`` stay."""

    def events(self, scope: Scope, watch: str, request: PageRequest) -> Page[WatchEvent]:
        """The newest first."""

    def remove(self, scope: Scope, watch: str) -> None:
        """Takes away all that was seen by it."""


class WatchTransaction(PlaceTransaction, Auditing, Protocol):
    @property
    def watches(self) -> EntityRows[Watch]: ...

    @property
    def watch_records(self) -> WatchRecords: ...


class WatchStore(Protocol):
    def transaction(self) -> AbstractContextManager[WatchTransaction]: ...

    def snapshot(self) -> AbstractContextManager[WatchTransaction]: ...


OnEvent = Callable[[WatchTransaction, Watch, WatchEvent], None]
"""Is called in the transaction that writes the event, so that a notice is queued exactly when it is kept."""
