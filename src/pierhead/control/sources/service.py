"""Use cases of watches: make, read, list, delete, and keep what a poll came to. Permissions are asked by the caller,
registries by whoever polls."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pierhead.control.audit import SYSTEM, Action, Actor, Subject, note
from pierhead.control.organizations import check_place
from pierhead.control.scopes import ResourceType, Scope, check_identifier, check_name
from pierhead.kit.clock import Clock
from pierhead.kit.paging import Page, PageRequest

from .collecting import Digests, Listing, collect, failed
from .errors import TooManyWatchesError, WatchExistsError, WatchIntervalError, WatchMissingError
from .model import (
    KEPT_EVENTS,
    LEAST_INTERVAL_S,
    MOST_INTERVAL_S,
    MOST_WATCHES,
    SeenTag,
    Watch,
    WatchDraft,
    WatchEvent,
    WatchState,
    watch_document,
)
from .ports import OnEvent, WatchStore, WatchTransaction

_CLAIMED_FOR = timedelta(minutes=5)
"""After a server that died while it polled, another one polls after so long."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A watch, and how its polls went."""

    watch: Watch
    state: WatchState


class WatchService:
    """Thread-safe once every listener is set."""

    def __init__(self, store: WatchStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._listeners: list[OnEvent] = []

    def on_event(self, listener: OnEvent) -> None:
        """Is called with each event, in the transaction that writes it."""
        self._listeners.append(listener)

    def create(self, draft: WatchDraft, *, by: Actor = SYSTEM) -> Watched:
        """Due at once. Raises InvalidIdentifierError, InvalidInputError for the name, WatchIntervalError,
        PlaceNotFoundError, TooManyWatchesError, WatchExistsError."""
        check_identifier(draft.identifier)
        check_name(draft.name)
        if not LEAST_INTERVAL_S <= draft.interval_s <= MOST_INTERVAL_S:
            raise WatchIntervalError(draft.interval_s, LEAST_INTERVAL_S, MOST_INTERVAL_S)
        now = self._clock.now()
        made = _made(draft, now)
        state = WatchState(next_poll_at=now)
        with self._store.transaction() as tx:
            check_place(tx, draft.scope)
            if len(tx.watches.list_below(Scope(draft.scope.account))) >= MOST_WATCHES:
                raise TooManyWatchesError(MOST_WATCHES)
            if not tx.watches.add(made):
                raise WatchExistsError(draft.identifier)
            tx.watch_records.put_state(made.scope, made.identifier, state)
            note(tx, now, by, Action.CREATE, _subject(made), None, watch_document(made))
        return Watched(made, state)

    def get(self, scope: Scope, identifier: str) -> Watched:
        """Raises WatchMissingError."""
        with self._store.snapshot() as tx:
            return _watched(tx, _found(tx, scope, identifier))

    def list(self, scope: Scope, search: str, request: PageRequest) -> Page[Watched]:
        """Last modified first."""
        with self._store.snapshot() as tx:
            found = tx.watches.page(scope, search, request)
            return Page(tuple(_watched(tx, watch) for watch in found.items), found.total, request)

    def delete(self, scope: Scope, identifier: str, *, by: Actor = SYSTEM) -> None:
        """With everything that it has seen. Raises WatchMissingError."""
        with self._store.transaction() as tx:
            gone = _found(tx, scope, identifier)
            tx.watches.remove(scope, identifier)
            tx.watch_records.remove(scope, identifier)
            note(tx, self._clock.now(), by, Action.DELETE, _subject(gone), watch_document(gone))

    def events(self, scope: Scope, identifier: str, request: PageRequest) -> Page[WatchEvent]:
        """The newest first. Raises WatchMissingError."""
        with self._store.snapshot() as tx:
            _found(tx, scope, identifier)
            return tx.watch_records.events(scope, identifier, request)

    def tags(self, scope: Scope, identifier: str) -> Mapping[str, SeenTag]:
        """All that it knows. Raises WatchMissingError."""
        with self._store.snapshot() as tx:
            _found(tx, scope, identifier)
            return tx.watch_records.tags(scope, identifier)

    def first_seen(self, user: Scope, connector: str, image: str) -> Mapping[str, datetime]:
        """When the tags of an image were first seen, by the watches of that scope on it through that connector; those
        that were there before the first look are left out."""
        found: dict[str, datetime] = {}
        with self._store.snapshot() as tx:
            for watch in tx.watches.list(user):
                if (watch.connector, watch.image) != (connector, image):
                    continue
                for tag, seen in tx.watch_records.tags(user, watch.identifier).items():
                    if not seen.is_first:
                        found[tag] = min(seen.first_seen_at, found.get(tag, seen.first_seen_at))
        return found

    def started(self, watch: Watch, *, by: Actor) -> None:
        """Somebody has asked for a poll now."""
        with self._store.transaction() as tx:
            note(tx, self._clock.now(), by, Action.START, _subject(watch))

    def claim_due(self, limit: int) -> tuple[tuple[Scope, str], ...]:
        """Watches to be polled now by whoever asked; nobody else is given them for five minutes."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            return tx.watch_records.claim_due(now, now + _CLAIMED_FOR, limit)

    def record(self, watch: Watch, began: datetime, listing: Listing, digests: Digests) -> tuple[WatchEvent, ...]:
        """Keeps what a poll that began then has found; gives what is new of it. A poll that was overtaken by another
        one says nothing. Raises WatchMissingError for a watch that was deleted meanwhile."""
        now = self._clock.now()
        scope, identifier = watch.scope, watch.identifier
        with self._store.transaction() as tx:
            state = _watched(tx, _found(tx, scope, identifier)).state
            if state.good_at is not None and state.good_at > began:
                return ()
            rows = tx.watch_records
            collection = collect(watch, state, rows.tags(scope, identifier), listing, digests, now)
            rows.put_tags(scope, identifier, collection.changed)
            rows.remove_tags(scope, identifier, collection.forgotten)
            rows.add_events(scope, identifier, collection.events, KEPT_EVENTS)
            rows.put_state(scope, identifier, collection.state)
            for event in collection.events:
                for listener in self._listeners:
                    listener(tx, watch, event)
        return collection.events

    def fail(self, watch: Watch, code: str, message: str) -> None:
        """Keeps why a poll got no answer, beside the last good one. Raises WatchMissingError."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            state = _watched(tx, _found(tx, watch.scope, watch.identifier)).state
            tx.watch_records.put_state(watch.scope, watch.identifier, failed(watch, state, code, message, now))

    @property
    def now(self) -> datetime:
        return self._clock.now()


def _made(draft: WatchDraft, now: datetime) -> Watch:
    return Watch(
        scope=draft.scope,
        identifier=draft.identifier,
        name=draft.name,
        connector=draft.connector,
        image=draft.image,
        rule=replace(draft.rule),
        interval_s=draft.interval_s,
        created_at=now,
        last_modified_at=now,
        description=draft.description,
        tags=dict(draft.tags),
        made_by=draft.made_by,
    )


def _found(tx: WatchTransaction, scope: Scope, identifier: str) -> Watch:
    found = tx.watches.find(scope, identifier)
    if found is None:
        raise WatchMissingError(identifier)
    return found


def _watched(tx: WatchTransaction, watch: Watch) -> Watched:
    state = tx.watch_records.find_state(watch.scope, watch.identifier)
    return Watched(watch, state or WatchState(next_poll_at=watch.created_at))


def _subject(watch: Watch) -> Subject:
    return Subject(watch.scope, ResourceType.WATCH, watch.identifier, watch.name)
