"""Organizations over HTTP, as the reference's clients know them. Who sees a project sees its organization."""

from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.access import Permission
from pierhead.control.organizations import Organization, PlaceChangeError, PlaceMissingError
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import Call, ReferenceCall, reference_caller

from .answers import Answer, PageData, answer, page_data
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import SearchTerm, page_of
from .wire.places import OrganizationBody, OrganizationItem

router = LateRouter(prefix="/ng/api/organizations", tags=["organizations"], dependencies=[Depends(reference_caller)])

Sent = Annotated[OrganizationBody, Depends(json_body(OrganizationBody))]
Identifiers = Annotated[list[str] | None, Query(max_length=1000)]


@router.post("", operation_id="createOrganization", openapi_extra=takes(OrganizationBody))
def create(call: ReferenceCall, body: Sent) -> Answer[OrganizationItem]:
    made = call.app.organizations.create(body.draft(call.account), by=call.actor)
    return answer(call, OrganizationItem.of(made))


@router.get("", operation_id="listOrganizations")
def list_plain(
    call: ReferenceCall,
    page: Annotated[PageRequest, Depends(page_of(50, 100))],
    search: SearchTerm = "",
    identifiers: Identifiers = None,
) -> Answer[PageData[OrganizationItem]]:
    """The organizations that the caller may see, or that hold a project that the caller may see."""
    call.visible(Scope(call.account))
    inside = _with_a_visible_project(call, Scope(call.account))

    def sees(organization: Organization) -> bool:
        return organization.identifier in inside or _may_view(call, organization.place)

    found = call.app.organizations.list(call.account, page, search, identifiers=identifiers or (), sees=sees)
    return answer(call, page_data(found, OrganizationItem.of))


@router.get("/{identifier}", operation_id="getOrganization")
def get(call: ReferenceCall, identifier: str) -> Answer[OrganizationItem]:
    place = Scope(call.account, identifier)
    call.visible(place)
    if not _may_view(call, place) and not _with_a_visible_project(call, place):
        raise PlaceMissingError(place)
    return answer(call, OrganizationItem.of(call.app.organizations.get(call.account, identifier)))


@router.put("/{identifier}", operation_id="updateOrganization", openapi_extra=takes(OrganizationBody))
def update(call: ReferenceCall, identifier: str, body: Sent) -> Answer[OrganizationItem]:
    """Replaces name, description and tags."""
    call.authorise(Scope(call.account, identifier), identifier)
    draft = body.draft(call.account)
    if draft.identifier != identifier:
        raise PlaceChangeError("organization.identifier")
    return answer(call, OrganizationItem.of(call.app.organizations.update(draft, by=call.actor)))


@router.delete("/{identifier}", operation_id="deleteOrganization")
def delete(call: ReferenceCall, identifier: str) -> Answer[bool]:
    """Refused while it holds projects, connectors, secrets or delegates; all else in it goes along."""
    call.authorise(Scope(call.account, identifier), identifier)
    call.app.organizations.delete(call.account, identifier, by=call.actor)
    return answer(call, True)


def _may_view(call: Call, place: Scope) -> bool:
    return call.may(Permission.ORGANIZATION_VIEW, place, place.org or "")


def _with_a_visible_project(call: Call, scope: Scope) -> frozenset[str]:
    return frozenset(
        project.scope.org or ""
        for project in call.app.projects.below(scope)
        if call.may(Permission.PROJECT_VIEW, project.place, project.identifier)
    )
