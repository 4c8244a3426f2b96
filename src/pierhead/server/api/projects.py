"""Projects over HTTP, as the reference's clients know them. Without ``orgIdentifier`` the default organization is
meant, except in lists, which then are of the whole account."""

from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.access import Permission
from pierhead.control.organizations import DEFAULT_ORGANIZATION, PlaceChangeError, Project
from pierhead.control.scopes import Scope
from pierhead.kit.paging import Page, PageRequest
from pierhead.server.auth import Call, ReferenceCall, reference_caller

from .answers import Answer, PageData, answer, page_data
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import OrgIdentifier, SearchTerm, page_of
from .wire.places import ProjectBody, ProjectItem

router = LateRouter(prefix="/ng/api/projects", tags=["projects"], dependencies=[Depends(reference_caller)])

Sent = Annotated[ProjectBody, Depends(json_body(ProjectBody))]
Identifiers = Annotated[list[str] | None, Query(max_length=1000)]
OrgIdentifiers = Annotated[list[str] | None, Query(alias="orgIdentifiers", max_length=1000)]
PageOfProjects = Annotated[PageRequest, Depends(page_of(50, 100))]


@router.post("", operation_id="createProject", openapi_extra=takes(ProjectBody))
def create(call: ReferenceCall, body: Sent, org: OrgIdentifier = None) -> Answer[ProjectItem]:
    scope = _organization(call, org, body)
    call.authorise(scope)
    return answer(call, ProjectItem.of(call.app.projects.create(body.draft(scope), by=call.actor)))


@router.get("", operation_id="listProjects")
def list_plain(
    call: ReferenceCall,
    page: PageOfProjects,
    org: OrgIdentifier = None,
    search: SearchTerm = "",
    identifiers: Identifiers = None,
) -> Answer[PageData[ProjectItem]]:
    """The projects of an organization, or of all, that the caller may see."""
    scope = Scope(call.account, org or None)
    return answer(call, page_data(_visible(call, scope, page, search, identifiers), ProjectItem.of))


@router.get("/list", operation_id="listProjectsOfOrganizations")
def list_of_many(
    call: ReferenceCall,
    page: PageOfProjects,
    orgs: OrgIdentifiers = None,
    search: SearchTerm = "",
    identifiers: Identifiers = None,
) -> Answer[PageData[ProjectItem]]:
    """The same for several organizations."""
    wanted = frozenset(orgs or ())
    found = _visible(call, Scope(call.account), page, search, identifiers, wanted)
    return answer(call, page_data(found, ProjectItem.of))


@router.get("/{identifier}", operation_id="getProject")
def get(call: ReferenceCall, identifier: str, org: OrgIdentifier = None) -> Answer[ProjectItem]:
    scope = _organization(call, org)
    call.authorise(Scope(call.account, scope.org, identifier), identifier)
    return answer(call, ProjectItem.of(call.app.projects.get(scope, identifier)))


@router.put("/{identifier}", operation_id="updateProject", openapi_extra=takes(ProjectBody))
def update(call: ReferenceCall, identifier: str, body: Sent, org: OrgIdentifier = None) -> Answer[ProjectItem]:
    """Replaces name, color, description and tags, and the modules when they are sent."""
    scope = _organization(call, org, body)
    call.authorise(Scope(call.account, scope.org, identifier), identifier)
    if body.project.identifier != identifier:
        raise PlaceChangeError("project.identifier")
    return answer(call, ProjectItem.of(call.app.projects.update(body.draft(scope), by=call.actor)))


@router.delete("/{identifier}", operation_id="deleteProject")
def delete(call: ReferenceCall, identifier: str, org: OrgIdentifier = None) -> Answer[bool]:
    """Refused while it holds connectors, secrets or delegates; all else in it goes along."""
    scope = _organization(call, org)
    call.authorise(Scope(call.account, scope.org, identifier), identifier)
    call.app.projects.delete(scope, identifier, by=call.actor)
    return answer(call, True)


def _organization(call: Call, org: str | None, body: ProjectBody | None = None) -> Scope:
    """Raises PlaceChangeError when query and body disagree."""
    inside = body.project.org_identifier if body else None
    if org and inside and org != inside:
        raise PlaceChangeError("project.orgIdentifier")
    return Scope(call.account, org or inside or DEFAULT_ORGANIZATION)


def _visible(
    call: Call,
    scope: Scope,
    page: PageRequest,
    search: str,
    identifiers: list[str] | None,
    orgs: frozenset[str] = frozenset(),
) -> Page[Project]:
    call.visible(scope)

    def sees(project: Project) -> bool:
        is_wanted = not orgs or project.scope.org in orgs
        return is_wanted and call.may(Permission.PROJECT_VIEW, project.place, project.identifier)

    return call.app.projects.list(scope, page, search, identifiers=identifiers or (), sees=sees)
