"""Places for tests: what is made in a scope needs its organization and project to be there."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Protocol

from pierhead.control.organizations import Organization, PlaceTransaction, Project
from pierhead.control.scopes import Scope

_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class PlaceStore(Protocol):
    def transaction(self) -> AbstractContextManager[PlaceTransaction]: ...


def make_place(store: PlaceStore, scope: Scope, at: datetime = _LONG_AGO) -> Scope:
    """The scope itself; its organization and project are made where they are not there. Not audited."""
    if scope.org is not None:
        with store.transaction() as tx:
            tx.organizations.add(Organization(Scope(scope.account), scope.org, scope.org, at, at))
            if scope.project is not None:
                tx.projects.add(Project(Scope(scope.account, scope.org), scope.project, scope.project, at, at))
    return scope
