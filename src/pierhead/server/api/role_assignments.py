"""Role assignments over HTTP (harness-api §6.3).

Who gives a role to a person needs the right to manage people there, to a service account the right to edit it; and
nobody gives more than he has. Lists hold the assignments of those whom the caller may see.
"""

from typing import Annotated

from fastapi import Depends

from pierhead.control.access import (
    InvalidAssignmentError,
    Permission,
    ResourceGroupNotFoundError,
    RoleAssignment,
    RoleExistsError,
    RoleNotFoundError,
)
from pierhead.control.scopes import Scope
from pierhead.kit.paging import Page, PageRequest
from pierhead.server.auth import Call, ReferenceCall, reference_caller

from .answers import Answer, PageData, answer, page_data
from .assignment_rights import checked, found_to_change, found_to_see, sees_principal, visible_assignments
from .bodies import json_body
from .givers import giver_of
from .late_routes import LateRouter
from .openapi import takes
from .params import ReferenceScope, page_of
from .refusals import FieldProblem, InvalidFieldsError
from .wire.resource_groups import ResourceGroupItem, ResourceGroupOut
from .wire.role_assignments import (
    Named,
    RoleAssignmentAggregate,
    RoleAssignmentBody,
    RoleAssignmentDetail,
    RoleAssignmentFilterBody,
    RoleAssignmentItem,
    RoleAssignmentOut,
    RoleAssignmentsBody,
    ValidationAnswer,
    ValidationBody,
    ValidationResult,
)
from .wire.roles import RoleItem, ScopeOut

Many = Annotated[RoleAssignmentsBody, Depends(json_body(RoleAssignmentsBody))]
Proposed = Annotated[ValidationBody, Depends(json_body(ValidationBody))]

router = LateRouter(
    prefix="/authz/api/roleassignments", tags=["role-assignments"], dependencies=[Depends(reference_caller)]
)

Sent = Annotated[RoleAssignmentBody, Depends(json_body(RoleAssignmentBody))]
Filter = Annotated[RoleAssignmentFilterBody | None, Depends(json_body(RoleAssignmentFilterBody, is_optional=True))]
PageOfAssignments = Annotated[PageRequest, Depends(page_of(50, 1000))]
_FILTER = takes(RoleAssignmentFilterBody, is_required=False)


@router.post("", operation_id="createRoleAssignment", openapi_extra=takes(RoleAssignmentBody))
def create(call: ReferenceCall, scope: ReferenceScope, body: Sent) -> Answer[RoleAssignmentItem]:
    """Gives a role on a resource group to a person or a service account, in this place."""
    return answer(call, RoleAssignmentItem.of(_create(call, scope, body)))


@router.post("/multi", operation_id="createRoleAssignments", openapi_extra=takes(RoleAssignmentsBody))
def create_many(call: ReferenceCall, scope: ReferenceScope, body: Many) -> Answer[list[RoleAssignmentItem]]:
    """Gives several, one after the other. Those that are there already or cannot be are left out of the answer; one
    that the caller may not give refuses all that come after it."""
    for each in body.role_assignments:
        checked(call, scope, each)
    call.allow()
    made = [_tried(call, scope, each) for each in body.role_assignments]
    return answer(call, [RoleAssignmentItem.of(each) for each in made if each is not None])


@router.get("", operation_id="listRoleAssignments")
def list_assignments(
    call: ReferenceCall, scope: ReferenceScope, page: PageOfAssignments
) -> Answer[PageData[RoleAssignmentItem]]:
    """Assignments of exactly this place."""
    return answer(call, page_data(_page(visible_assignments(call, scope), page), RoleAssignmentItem.of))


@router.post("/filter", operation_id="filterRoleAssignments", openapi_extra=_FILTER)
def filtered(
    call: ReferenceCall, scope: ReferenceScope, page: PageOfAssignments, body: Filter
) -> Answer[PageData[RoleAssignmentItem]]:
    return answer(call, page_data(_page(_taken(call, scope, body), page), RoleAssignmentItem.of))


@router.post("/v2/filter", operation_id="filterRoleAssignmentsV2", openapi_extra=_FILTER)
def filtered_with_names(
    call: ReferenceCall, scope: ReferenceScope, page: PageOfAssignments, body: Filter
) -> Answer[PageData[RoleAssignmentDetail]]:
    """The same with the names of roles and resource groups."""
    return answer(call, page_data(_page(_taken(call, scope, body), page), lambda each: _detail(call, each)))


@router.post("/aggregate", operation_id="aggregateRoleAssignments", openapi_extra=_FILTER)
def aggregated(call: ReferenceCall, scope: ReferenceScope, body: Filter) -> Answer[RoleAssignmentAggregate]:
    """The same, at most 1,000 of them, with those whole roles and resource groups that the caller may see."""
    found = _taken(call, scope, body)[:1000]
    seen_roles = _seen(call, Permission.ROLE_VIEW, scope, {each.role for each in found})
    seen_groups = _seen(call, Permission.RESOURCE_GROUP_VIEW, scope, {each.resource_group for each in found})
    roles = [_role_of(call, scope, each) for each in seen_roles]
    groups = [_group_of(call, scope, each) for each in seen_groups]
    return answer(
        call,
        RoleAssignmentAggregate(
            role_assignments=[RoleAssignmentOut.of(each) for each in found],
            scope=ScopeOut.of(scope),
            roles=[each for each in roles if each is not None],
            resource_groups=[each for each in groups if each is not None],
        ),
    )


@router.post("/validate", operation_id="validateRoleAssignment", openapi_extra=takes(ValidationBody))
def validate(call: ReferenceCall, scope: ReferenceScope, body: Proposed) -> Answer[ValidationAnswer]:
    """Whether what a proposed assignment is made of is there; a principal that the caller may not see is not."""
    kind = checked(call, scope, body.role_assignment)
    call.allow()
    principal, role, group = call.app.rights.assignments.parts(body.role_assignment.draft(scope, kind))
    if principal is not None and not sees_principal(call, scope, principal):
        principal = None
    said = body.role_assignment
    return answer(
        call,
        ValidationAnswer(
            principal_validation_result=_result(body.validate_principal, principal, said.principal.identifier),
            role_validation_result=_result(body.validate_role, role, said.role),
            resource_group_validation_result=_result(
                body.validate_resource_group, group, said.resource_group_identifier or ""
            ),
        ),
    )


@router.get("/{identifier}", operation_id="getRoleAssignment")
def get(call: ReferenceCall, scope: ReferenceScope, identifier: str) -> Answer[RoleAssignmentItem]:
    return answer(call, RoleAssignmentItem.of(found_to_see(call, scope, identifier)))


@router.put("/{identifier}", operation_id="updateRoleAssignment", openapi_extra=takes(RoleAssignmentBody))
def update(call: ReferenceCall, scope: ReferenceScope, identifier: str, body: Sent) -> Answer[RoleAssignmentItem]:
    """Switches one off or on; nothing else of it can be changed."""
    before = found_to_change(call, scope, identifier)
    said = (body.identifier or identifier, body.role or before.role, body.principal.identifier)
    if said != (identifier, before.role, before.principal.identifier):
        problem = "only disabled can be changed; delete the assignment and make another one"
        raise InvalidFieldsError((FieldProblem("roleAssignment", problem),))
    after = call.app.rights.assignments.set_disabled(scope, identifier, body.disabled, giver=giver_of(call))
    return answer(call, RoleAssignmentItem.of(after))


@router.delete("/{identifier}", operation_id="deleteRoleAssignment")
def delete(call: ReferenceCall, scope: ReferenceScope, identifier: str) -> Answer[RoleAssignmentItem]:
    """Takes it away, which counts within seconds. The last account admin stays."""
    found_to_change(call, scope, identifier)
    gone = call.app.rights.assignments.delete(scope, identifier, giver=giver_of(call))
    return answer(call, RoleAssignmentItem.of(gone))


def _create(call: Call, scope: Scope, body: RoleAssignmentBody) -> RoleAssignment:
    kind = checked(call, scope, body)
    call.allow()
    return call.app.rights.assignments.create(body.draft(scope, kind), giver=giver_of(call))


def _tried(call: Call, scope: Scope, body: RoleAssignmentBody) -> RoleAssignment | None:
    try:
        return _create(call, scope, body)
    except (RoleExistsError, InvalidAssignmentError):
        return None


def _taken(call: Call, scope: Scope, body: RoleAssignmentFilterBody | None) -> list[RoleAssignment]:
    wanted = body or RoleAssignmentFilterBody()
    return [each for each in visible_assignments(call, scope) if wanted.takes(each)]


def _page(found: list[RoleAssignment], request: PageRequest) -> Page[RoleAssignment]:
    return Page(tuple(found[request.offset : request.offset + request.size]), len(found), request)


def _detail(call: Call, each: RoleAssignment) -> RoleAssignmentDetail:
    out, item = RoleAssignmentOut.of(each), RoleAssignmentItem.of(each)
    role, group = _role_of(call, each.scope, each.role), _group_of(call, each.scope, each.resource_group)
    return RoleAssignmentDetail(
        identifier=each.identifier,
        principal=out.principal,
        role=Named(identifier=each.role, name=role.role.name if role else each.role),
        resource_group=Named(identifier=each.resource_group, name=group.name if group else each.resource_group),
        scope=item.scope,
        disabled=each.is_disabled,
        harness_managed=each.is_managed,
        created_at=item.created_at,
        last_modified_at=item.last_modified_at,
    )


def _seen(call: Call, permission: Permission, scope: Scope, names: set[str]) -> list[str]:
    return [name for name in sorted(names) if call.may(permission, scope, name)]


def _role_of(call: Call, scope: Scope, identifier: str) -> RoleItem | None:
    try:
        return RoleItem.of(call.app.rights.roles.get(scope, identifier))
    except RoleNotFoundError:
        return None


def _group_of(call: Call, scope: Scope, identifier: str) -> ResourceGroupOut | None:
    try:
        return ResourceGroupItem.of(call.app.rights.resource_groups.get(scope, identifier)).resource_group
    except ResourceGroupNotFoundError:
        return None


def _result(is_asked: bool, found: object, what: str) -> ValidationResult | None:
    if not is_asked:
        return None
    return ValidationResult(valid=found is not None, error_message=None if found else f"there is no {what!r}")
