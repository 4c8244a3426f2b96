"""What organizations and projects need of a store."""

from contextlib import AbstractContextManager
from typing import Protocol

from pierhead.control.audit import Auditing
from pierhead.control.scopes import EntityRows

from .model import Organization, Project


class PlaceTransaction(Protocol):
    """All that others need to ask whether a place is there."""

    @property
    def organizations(self) -> EntityRows[Organization]: ...

    @property
    def projects(self) -> EntityRows[Project]: ...


class OrganizationTransaction(PlaceTransaction, Auditing, Protocol):
    pass


class OrganizationStore(Protocol):
    def transaction(self) -> AbstractContextManager[OrganizationTransaction]:
        """Commits when the block ends, rolls back when it raises."""

    def snapshot(self) -> AbstractContextManager[OrganizationTransaction]:
        """One consistent view, for reading only; waits for no writer."""
