"""Filters of lists that somebody gave a name to keep. What a filter of connectors says is read where it is used."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pierhead.control.audit import SYSTEM, Action, Actor, Auditing, Subject, note
from pierhead.control.organizations import PlaceTransaction, check_place
from pierhead.control.scopes import EntityRows, ResourceType, Scope, check_identifier, check_name
from pierhead.kit.clock import Clock
from pierhead.kit.errors import ConflictError, DeniedError, InvalidInputError, NotFoundError
from pierhead.kit.paging import Page, PageRequest

MAX_FILTERS = 200
"""In one scope."""


class FilterType(StrEnum):
    CONNECTOR = "Connector"
    DELEGATE = "Delegate"


class FilterVisibility(StrEnum):
    EVERY_ONE = "EveryOne"
    ONLY_CREATOR = "OnlyCreator"


class FilterExistsError(ConflictError):
    code = "filter-exists"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Filter with identifier [{identifier}] or its name already exists in this scope")


class FilterMissingError(NotFoundError):
    code = "filter-missing"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Filter with identifier [{identifier}] not found")


class FilterOwnerError(DeniedError):
    code = "filter-of-another"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"filter [{identifier}] is changed and deleted by whoever made it")


class TooManyFiltersError(InvalidInputError):
    code = "too-many-filters"

    def __init__(self) -> None:
        super().__init__(f"there are {MAX_FILTERS} filters in this scope already", hint="delete some that nobody uses")


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """``properties`` is what clients sent as ``filterProperties``; ``creator`` the key of the principal who made it.
    Filters of two types may have one identifier."""

    scope: Scope
    identifier: str
    name: str
    type: FilterType
    properties: Mapping[str, object]
    visibility: FilterVisibility
    creator: str
    created_at: datetime
    last_modified_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    about: str = ""

    @property
    def parent(self) -> str:
        return self.type.value

    def is_shown_to(self, reader: str) -> bool:
        return self.visibility is FilterVisibility.EVERY_ONE or self.creator == reader


@dataclass(frozen=True, slots=True)
class FilterDraft:
    scope: Scope
    identifier: str
    name: str
    type: FilterType
    properties: Mapping[str, object]
    visibility: FilterVisibility = FilterVisibility.EVERY_ONE


class FilterTransaction(PlaceTransaction, Auditing, Protocol):
    @property
    def filters(self) -> EntityRows[SavedFilter]: ...


class FilterStore(Protocol):
    def transaction(self) -> AbstractContextManager[FilterTransaction]: ...
    def snapshot(self) -> AbstractContextManager[FilterTransaction]: ...


class FilterService:
    """Thread-safe. ``reader`` is the key of the principal that asks."""

    def __init__(self, store: FilterStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def create(self, draft: FilterDraft, reader: str, *, by: Actor = SYSTEM) -> SavedFilter:
        """Raises InvalidIdentifierError, InvalidInputError, PlaceNotFoundError, FilterExistsError."""
        check_identifier(draft.identifier)
        check_name(draft.name)
        now = self._clock.now()
        made = SavedFilter(
            scope=draft.scope,
            identifier=draft.identifier,
            name=draft.name,
            type=draft.type,
            properties=dict(draft.properties),
            visibility=draft.visibility,
            creator=reader,
            created_at=now,
            last_modified_at=now,
        )
        with self._store.transaction() as tx:
            check_place(tx, draft.scope)
            if len(tx.filters.list(draft.scope)) >= MAX_FILTERS:
                raise TooManyFiltersError
            if not tx.filters.add(made):
                raise FilterExistsError(draft.identifier)
            note(tx, now, by, Action.CREATE, _subject(made), None, filter_document(made))
        return made

    def update(self, draft: FilterDraft, reader: str, *, by: Actor = SYSTEM) -> SavedFilter:
        """Raises as ``create``, FilterMissingError, FilterOwnerError."""
        check_name(draft.name)
        now = self._clock.now()
        with self._store.transaction() as tx:
            before = _own(_shown(tx, draft.scope, draft.type, draft.identifier, reader), reader)
            after = replace(
                before,
                name=draft.name,
                properties=dict(draft.properties),
                visibility=draft.visibility,
                last_modified_at=now,
            )
            tx.filters.replace(after)
            note(tx, now, by, Action.UPDATE, _subject(after), filter_document(before), filter_document(after))
        return after

    def get(self, scope: Scope, kind: FilterType, identifier: str, reader: str) -> SavedFilter:
        """Raises FilterMissingError, also for a filter that only its maker sees."""
        with self._store.snapshot() as tx:
            return _shown(tx, scope, kind, identifier, reader)

    def list(self, scope: Scope, kind: FilterType, reader: str, request: PageRequest) -> Page[SavedFilter]:
        """By name."""
        with self._store.snapshot() as tx:
            found = [one for one in tx.filters.list(scope, kind.value) if one.is_shown_to(reader)]
        found.sort(key=lambda one: (one.name.casefold(), one.identifier))
        return Page(tuple(found[request.offset : request.offset + request.size]), len(found), request)

    def delete(self, scope: Scope, kind: FilterType, identifier: str, reader: str, *, by: Actor = SYSTEM) -> None:
        """Raises FilterMissingError, FilterOwnerError."""
        with self._store.transaction() as tx:
            gone = _own(_shown(tx, scope, kind, identifier, reader), reader)
            tx.filters.remove(scope, identifier, kind.value)
            note(tx, self._clock.now(), by, Action.DELETE, _subject(gone), filter_document(gone))


def filter_document(saved: SavedFilter) -> dict[str, object]:
    """What clients see of it."""
    return {
        "name": saved.name,
        "identifier": saved.identifier,
        "orgIdentifier": saved.scope.org,
        "projectIdentifier": saved.scope.project,
        "filterProperties": {**saved.properties, "filterType": saved.type.value},
        "filterVisibility": saved.visibility.value,
    }


def _shown(tx: FilterTransaction, scope: Scope, kind: FilterType, identifier: str, reader: str) -> SavedFilter:
    found = tx.filters.find(scope, identifier, kind.value)
    if found is None or not found.is_shown_to(reader):
        raise FilterMissingError(identifier)
    return found


def _own(saved: SavedFilter, reader: str) -> SavedFilter:
    if saved.creator != reader:
        raise FilterOwnerError(saved.identifier)
    return saved


def _subject(saved: SavedFilter) -> Subject:
    return Subject(saved.scope, ResourceType.FILTER, saved.identifier, saved.name)
