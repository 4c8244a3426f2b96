"""What organizations and projects need of a store."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pierhead.control.audit import Auditing, Document, Subject
from pierhead.control.scopes import EntityRows, Scope
from pierhead.kit.signals import Signal

from .model import Organization, Project


class PlaceTransaction(Protocol):
    """All that others need to ask whether a place is there."""

    @property
    def organizations(self) -> EntityRows[Organization]: ...

    @property
    def projects(self) -> EntityRows[Project]: ...


@dataclass(frozen=True, slots=True)
class ChangedByDeletion:
    """What is elsewhere, spoke of a place that is deleted, and does not any more; as the audit trail tells it."""

    subject: Subject
    before: Document
    after: Document


class PlaceContents(Protocol):
    """What is in a place and in all places below it, whatever feature it belongs to."""

    def held(self, place: Scope) -> Mapping[str, int]:
        """How many of the things there that somebody made and may still need, by what they are called."""

    def clear(self, place: Scope) -> None:
        """Takes away everything else: entities of every kind, runs, tokens of its service accounts, and in the whole
        account the assignments that speak of those. Whoever makes a place of that name again begins with nothing."""

    def take_out_of_groups(self, place: Scope, at: datetime) -> tuple[ChangedByDeletion, ...]:
        """Takes the place, and what is below it, out of every resource group that is left in the account, for those
        who have a role on one shall not have it on a later place of that name. Call it after ``clear``."""


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
