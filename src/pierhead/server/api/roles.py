"""Roles and permissions over HTTP (harness-api §6.3). Nobody puts more into a role that is in use than he has."""

from typing import Annotated

from fastapi import Depends

from pierhead.control.access import Permission, resource_type_of
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import ReferenceCall, reference_caller

from .answers import Answer, PageData, answer, page_data
from .bodies import json_body
from .givers import giver_of
from .late_routes import LateRouter
from .openapi import takes
from .params import ReferenceScope, SearchTerm, page_of
from .refusals import FieldProblem, InvalidFieldsError
from .wire.roles import PermissionItem, RoleBody, RoleItem

router = LateRouter(prefix="/authz/api", tags=["roles"], dependencies=[Depends(reference_caller)])

Sent = Annotated[RoleBody, Depends(json_body(RoleBody))]
PageOfRoles = Annotated[PageRequest, Depends(page_of(50, 1000))]


@router.post("/roles", operation_id="createRole", openapi_extra=takes(RoleBody))
def create(call: ReferenceCall, scope: ReferenceScope, body: Sent) -> Answer[RoleItem]:
    """A custom role of this place. It is good for this place only."""
    return answer(call, RoleItem.of(call.app.rights.roles.create(body.draft(scope), giver=giver_of(call))))


@router.get("/roles", operation_id="listRoles")
def list_roles(
    call: ReferenceCall, scope: ReferenceScope, page: PageOfRoles, search: SearchTerm = ""
) -> Answer[PageData[RoleItem]]:
    """Custom roles of this place, then the managed ones that can be given here."""
    among = call.visible(scope)
    return answer(call, page_data(call.app.rights.roles.list(scope, page, search, among), RoleItem.of))


@router.get("/roles/{identifier}", operation_id="getRole")
def get(call: ReferenceCall, scope: ReferenceScope, identifier: str) -> Answer[RoleItem]:
    return answer(call, RoleItem.of(call.app.rights.roles.get(scope, identifier)))


@router.put("/roles/{identifier}", operation_id="updateRole", openapi_extra=takes(RoleBody))
def update(call: ReferenceCall, scope: ReferenceScope, identifier: str, body: Sent) -> Answer[RoleItem]:
    """Replaces all of it but its identifier."""
    if body.identifier != identifier:
        raise InvalidFieldsError((FieldProblem("identifier", "is not the one in the path"),))
    return answer(call, RoleItem.of(call.app.rights.roles.update(body.draft(scope), giver=giver_of(call))))


@router.delete("/roles/{identifier}", operation_id="deleteRole")
def delete(call: ReferenceCall, scope: ReferenceScope, identifier: str) -> Answer[RoleItem]:
    """Refused while an assignment uses it."""
    return answer(call, RoleItem.of(call.app.rights.roles.delete(scope, identifier, giver=giver_of(call))))


@router.get("/permissions", operation_id="listPermissions")
def list_permissions(call: ReferenceCall, scope: ReferenceScope) -> Answer[list[PermissionItem]]:
    """Every permission that there is; which of them mean anything at which level is said with each."""
    del scope
    return answer(call, [PermissionItem.of(each) for each in Permission])


@router.get("/permissions/resourcetypes", operation_id="listPermissionResourceTypes")
def list_resource_types(call: ReferenceCall, scope: ReferenceScope) -> Answer[list[str]]:
    del scope
    return answer(call, sorted({str(resource_type_of(each)) for each in Permission}))
