"""What watches have seen, in memory."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from pierhead.control.scopes import Scope
from pierhead.control.sources import SeenTag, WatchEvent, WatchState
from pierhead.kit.paging import Page, PageRequest

from .memory_tables import Tables, page


class MemoryWatchRecords:
    """Tables keep a tuple of events for each watch, oldest first."""

    def __init__(self, tables: Tables) -> None:
        self._states = tables.watch_states
        self._tags = tables.watch_tags
        self._events = tables.watch_events

    def put_state(self, scope: Scope, watch: str, state: WatchState) -> None:
        self._states[scope, watch] = state

    def find_state(self, scope: Scope, watch: str) -> WatchState | None:
        return self._states.get((scope, watch))

    def claim_due(self, now: datetime, next_at: datetime, limit: int) -> tuple[tuple[Scope, str], ...]:
        due = [place for place, state in self._states.items() if state.next_poll_at <= now]
        due.sort(key=lambda place: (self._states[place].next_poll_at, *_address(*place)))
        for place in due[:limit]:
            self._states[place] = replace(self._states[place], next_poll_at=next_at)
        return tuple(due[:limit])

    def tags(self, scope: Scope, watch: str) -> Mapping[str, SeenTag]:
        found = {key[2]: seen for key, seen in self._tags.items() if key[:2] == (scope, watch)}
        return dict(sorted(found.items()))

    def put_tags(self, scope: Scope, watch: str, tags: Iterable[SeenTag]) -> None:
        for seen in tags:
            self._tags[scope, watch, seen.tag] = seen

    def remove_tags(self, scope: Scope, watch: str, tags: Iterable[str]) -> None:
        for tag in tags:
            self._tags.pop((scope, watch, tag), None)

    def add_events(self, scope: Scope, watch: str, events: Iterable[WatchEvent], keep: int) -> None:
        if new := tuple(events):
            self._events[scope, watch] = (*self._events.get((scope, watch), ()), *new)[-keep:]

    def events(self, scope: Scope, watch: str, request: PageRequest) -> Page[WatchEvent]:
        return page(reversed(self._events.get((scope, watch), ())), request)

    def remove(self, scope: Scope, watch: str) -> None:
        self._states.pop((scope, watch), None)
        self._events.pop((scope, watch), None)
        self.remove_tags(scope, watch, [key[2] for key in self._tags if key[:2] == (scope, watch)])


def _address(scope: Scope, watch: str) -> tuple[str, str, str, str]:
    return scope.account, scope.org or "", scope.project or "", watch
