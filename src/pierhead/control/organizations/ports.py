"""What organizations and projects need of a store."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from pierhead.control.audit import Auditing
from pierhead.control.scopes import EntityRows, Scope
from pierhead.kit.signals import Signal

from .model import Organization, Project


class PlaceTransaction(Protocol):
    """All that others need to ask whether a place is there."""

    @property
    def organizations(self) -> EntityRows[Organization]: ...

    @property
    def projects(self) -> EntityRows[Project]: ...


class PlaceContents(Protocol):
    """What is in a place and in all places below it, whatever feature it belongs to."""

    def held(self, place: Scope) -> Mapping[str, int]:
        """How many of the things there that somebody made and may still need, by what they are called."""

    def clear(self, place: Scope) -> None:
        """Takes away everything else: entities of every kind, runs, tokens of its service accounts, and in the whole
        account the assignments that speak of those. Whoever makes a place of that name again begins with nothing."""


class OrganizationTransaction(PlaceTransaction, Auditing, Protocol):
    @property
    def contents(self) -> PlaceContents: ...

    def announce(self, signal: Signal) -> None:
        """Tells every process that shares the store, once this is durable."""


class OrganizationStore(Protocol):
    def transaction(self) -> AbstractContextManager[OrganizationTransaction]:
        """Commits when the block ends, rolls back when it raises."""

    def snapshot(self) -> AbstractContextManager[OrganizationTransaction]:
        """One consistent view, for reading only; waits for no writer."""
