"""Use cases of organizations and projects: make, change, read, list, delete. Permissions are asked by the caller.

Deleting refuses while the place holds what somebody may still need, and takes everything else in it along. No
resource group speaks of it afterwards: a place that is made again under its name is another one.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from pierhead.control.audit import SYSTEM, Action, Actor, Subject, note
from pierhead.control.scopes import ResourceType, Scope, check_identifier, check_name
from pierhead.kit.clock import Clock
from pierhead.kit.paging import Page, PageRequest
from pierhead.kit.signals import Signal, Topic

from .errors import PlaceExistsError, PlaceInUseError, PlaceMissingError
from .model import (
    Organization,
    OrganizationDraft,
    Project,
    ProjectDraft,
    organization_document,
    project_document,
)
from .ports import OrganizationStore, OrganizationTransaction
from .presence import check_place

P = TypeVar("P", Organization, Project)


class OrganizationService:
    """Thread-safe: it holds nothing that changes."""

    def __init__(self, store: OrganizationStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def create(self, draft: OrganizationDraft, *, by: Actor = SYSTEM) -> Organization:
        """Raises InvalidIdentifierError, InvalidInputError for the name, PlaceExistsError."""
        check_identifier(draft.identifier)
        check_name(draft.name)
        now = self._clock.now()
        scope = Scope(draft.account)
        made = Organization(scope, draft.identifier, draft.name, now, now, draft.description, dict(draft.tags))
        with self._store.transaction() as tx:
            if not tx.organizations.add(made):
                raise PlaceExistsError("Organization", draft.identifier)
            note(tx, now, by, Action.CREATE, _organization(made), None, organization_document(made))
        return made

    def update(self, draft: OrganizationDraft, *, by: Actor = SYSTEM) -> Organization:
        """Replaces name, description and tags. Raises as ``create``, and PlaceMissingError."""
        check_name(draft.name)
        now = self._clock.now()
        with self._store.transaction() as tx:
            before = _organization_in(tx, draft.place)
            after = replace(
                before, name=draft.name, description=draft.description, tags=dict(draft.tags), last_modified_at=now
            )
            tx.organizations.replace(after)
            documents = organization_document(before), organization_document(after)
            note(tx, now, by, Action.UPDATE, _organization(after), *documents)
        return after

    def get(self, account: str, identifier: str) -> Organization:
        """Raises PlaceMissingError."""
        with self._store.snapshot() as tx:
            return _organization_in(tx, Scope(account, identifier))

    def list(
        self,
        account: str,
        request: PageRequest,
        search: str = "",
        *,
        identifiers: Iterable[str] = (),
        sees: Callable[[Organization], bool] | None = None,
    ) -> Page[Organization]:
        """Last modified first; of these ``identifiers``, if any are named, and only those that the reader ``sees``."""
        with self._store.snapshot() as tx:
            found = tx.organizations.list(Scope(account))
        return _page(found, request, search, frozenset(identifiers), sees)

    def delete(self, account: str, identifier: str, *, by: Actor = SYSTEM) -> None:
        """Raises PlaceMissingError, PlaceInUseError."""
        place = Scope(account, identifier)
        with self._store.transaction() as tx:
            gone = _organization_in(tx, place)
            projects = len(tx.projects.list(place))
            now = self._clock.now()
            _clear(tx, place, ("organization", identifier), {"projects": projects} if projects else {}, by, now)
            tx.organizations.remove(Scope(account), identifier)
            note(tx, now, by, Action.DELETE, _organization(gone), organization_document(gone))


class ProjectService:
    """Thread-safe: it holds nothing that changes."""

    def __init__(self, store: OrganizationStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def create(self, draft: ProjectDraft, *, by: Actor = SYSTEM) -> Project:
        """Raises InvalidIdentifierError, InvalidInputError for the name, PlaceNotFoundError, PlaceExistsError."""
        check_identifier(draft.identifier)
        check_name(draft.name)
        now = self._clock.now()
        made = Project(
            scope=draft.scope,
            identifier=draft.identifier,
            name=draft.name,
            created_at=now,
            last_modified_at=now,
            description=draft.description,
            tags=dict(draft.tags),
            color=draft.color,
            modules=draft.modules or (),
        )
        with self._store.transaction() as tx:
            check_place(tx, draft.scope)
            if not tx.projects.add(made):
                raise PlaceExistsError("Project", draft.identifier)
            note(tx, now, by, Action.CREATE, _project(made), None, project_document(made))
        return made

    def update(self, draft: ProjectDraft, *, by: Actor = SYSTEM) -> Project:
        """Replaces all but identifier and organization. Raises as ``create``, and PlaceMissingError."""
        check_name(draft.name)
        now = self._clock.now()
        with self._store.transaction() as tx:
            before = _project_in(tx, draft.place)
            after = replace(
                before,
                name=draft.name,
                description=draft.description,
                tags=dict(draft.tags),
                color=draft.color,
                modules=before.modules if draft.modules is None else draft.modules,
                last_modified_at=now,
            )
            tx.projects.replace(after)
            note(tx, now, by, Action.UPDATE, _project(after), project_document(before), project_document(after))
        return after

    def get(self, scope: Scope, identifier: str) -> Project:
        """``scope`` is the organization. Raises PlaceMissingError."""
        with self._store.snapshot() as tx:
            return _project_in(tx, Scope(scope.account, scope.org, identifier))

    def list(
        self,
        scope: Scope,
        request: PageRequest,
        search: str = "",
        *,
        identifiers: Iterable[str] = (),
        sees: Callable[[Project], bool] | None = None,
    ) -> Page[Project]:
        """Those of an organization or of the whole account; otherwise as organizations are listed."""
        return _page(self.below(scope), request, search, frozenset(identifiers), sees)

    def below(self, scope: Scope) -> tuple[Project, ...]:
        """All projects of an organization or of the whole account, oldest first."""
        with self._store.snapshot() as tx:
            return tx.projects.list_below(scope)

    def delete(self, scope: Scope, identifier: str, *, by: Actor = SYSTEM) -> None:
        """``scope`` is the organization. Raises PlaceMissingError, PlaceInUseError."""
        place = Scope(scope.account, scope.org, identifier)
        with self._store.transaction() as tx:
            gone = _project_in(tx, place)
            now = self._clock.now()
            _clear(tx, place, ("project", identifier), {}, by, now)
            tx.projects.remove(gone.scope, identifier)
            note(tx, now, by, Action.DELETE, _project(gone), project_document(gone))


def _clear(
    tx: OrganizationTransaction, place: Scope, named: tuple[str, str], more: dict[str, int], by: Actor, now: datetime
) -> None:
    """``named``: what the place is, and its identifier."""
    held = more | dict(tx.contents.held(place))
    if held:
        raise PlaceInUseError(*named, ", ".join(f"{count} {what}" for what, count in held.items()))
    tx.contents.clear(place)
    for changed in tx.contents.take_out_of_groups(place, now):
        note(tx, now, by, Action.UPDATE, changed.subject, changed.before, changed.after)
    tx.announce(Signal(Topic.ACCESS))


def _organization_in(tx: OrganizationTransaction, place: Scope) -> Organization:
    found = tx.organizations.find(Scope(place.account), place.org or "")
    if found is None:
        raise PlaceMissingError(place)
    return found


def _project_in(tx: OrganizationTransaction, place: Scope) -> Project:
    found = tx.projects.find(Scope(place.account, place.org), place.project or "")
    if found is None:
        raise PlaceMissingError(place)
    return found


def _organization(organization: Organization) -> Subject:
    place = Scope(organization.scope.account, organization.identifier)
    return Subject(place, ResourceType.ORGANIZATION, organization.identifier, organization.name)


def _project(project: Project) -> Subject:
    return Subject(project.place, ResourceType.PROJECT, project.identifier, project.name)


def _page(
    places: Iterable[P],
    request: PageRequest,
    search: str,
    identifiers: frozenset[str],
    sees: Callable[[P], bool] | None,
) -> Page[P]:
    found = [
        place
        for place in places
        if (not identifiers or place.identifier in identifiers)
        and _matches(place, search.casefold())
        and (sees is None or sees(place))
    ]
    found.sort(key=lambda place: (place.scope.org or "", place.identifier))
    found.sort(key=lambda place: place.last_modified_at, reverse=True)
    return Page(tuple(found[request.offset : request.offset + request.size]), len(found), request)


def _matches(place: Organization | Project, search: str) -> bool:
    texts = (place.name, place.identifier, *place.tags, *place.tags.values())
    return not search or any(search in text.casefold() for text in texts)
