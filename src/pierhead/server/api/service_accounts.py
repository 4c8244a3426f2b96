"""Service accounts over HTTP (harness-api §6.3)."""

from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.access import Identifiers, ServiceAccount
from pierhead.control.secrets import check_same_scope
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import Call, ReferenceCall, reference_caller

from .answers import Answer, PageData, answer, page_data
from .assignment_rights import told_of
from .bodies import json_body
from .givers import giver_of
from .late_routes import LateRouter
from .openapi import takes
from .params import ReferenceScope, SearchTerm, page_of
from .refusals import FieldProblem, InvalidFieldsError
from .wire.grants import AssignmentNote
from .wire.service_accounts import ServiceAccountAggregate, ServiceAccountIn, ServiceAccountOut

router = LateRouter(
    prefix="/ng/api/serviceaccount", tags=["service-accounts"], dependencies=[Depends(reference_caller)]
)

Sent = Annotated[ServiceAccountIn, Depends(json_body(ServiceAccountIn))]
Wanted = Annotated[list[str] | None, Query(alias="identifiers", max_length=1000)]


@router.post("", operation_id="createServiceAccount", openapi_extra=takes(ServiceAccountIn))
def create(call: ReferenceCall, scope: ReferenceScope, body: Sent) -> Answer[ServiceAccountOut]:
    """Query and body both name the scope, and must agree."""
    check_same_scope(body.scope(call.account), scope)
    made = call.app.people.service_accounts.create(body.draft(scope), by=call.actor)
    return answer(call, ServiceAccountOut.of(made))


@router.get("", operation_id="listServiceAccounts")
def list_all(call: ReferenceCall, scope: ReferenceScope, wanted: Wanted = None) -> Answer[list[ServiceAccountOut]]:
    """Those of one scope, oldest first."""
    only = _among(call.visible(scope), wanted)
    return answer(call, [ServiceAccountOut.of(each) for each in call.app.people.service_accounts.list(scope, only)])


@router.get("/aggregate", operation_id="listServiceAccountAggregates")
def list_aggregates(
    call: ReferenceCall,
    scope: ReferenceScope,
    page: Annotated[PageRequest, Depends(page_of(50, 100))],
    wanted: Wanted = None,
    search: SearchTerm = "",
) -> Answer[PageData[ServiceAccountAggregate]]:
    """Those of one scope with what belongs to them, last modified first."""
    only = _among(call.visible(scope), wanted)
    found = call.app.people.service_accounts.page(scope, search, page, only)
    return answer(call, page_data(found, lambda each: _aggregate(call, each)))


@router.get("/aggregate/{identifier}", operation_id="getServiceAccountAggregate")
def get_aggregate(call: ReferenceCall, scope: ReferenceScope, identifier: str) -> Answer[ServiceAccountAggregate]:
    return answer(call, _aggregate(call, call.app.people.service_accounts.get(scope, identifier)))


@router.put("/{identifier}", operation_id="updateServiceAccount", openapi_extra=takes(ServiceAccountIn))
def update(call: ReferenceCall, scope: ReferenceScope, identifier: str, body: Sent) -> Answer[ServiceAccountOut]:
    """Replaces name, email, description and tags."""
    check_same_scope(body.scope(call.account), scope)
    if body.identifier != identifier:
        raise InvalidFieldsError((FieldProblem("identifier", "cannot be changed"),))
    changed = call.app.people.service_accounts.update(body.draft(scope), giver=giver_of(call))
    return answer(call, ServiceAccountOut.of(changed))


@router.delete("/{identifier}", operation_id="deleteServiceAccount")
def delete(call: ReferenceCall, scope: ReferenceScope, identifier: str) -> Answer[bool]:
    """With its API keys, tokens and role assignments."""
    call.app.people.service_accounts.delete(scope, identifier, giver=giver_of(call))
    return answer(call, True)


def _among(visible: Identifiers, wanted: list[str] | None) -> Identifiers:
    if not wanted:
        return visible
    return frozenset(wanted) if visible is None else visible & frozenset(wanted)


def _aggregate(call: Call, account: ServiceAccount) -> ServiceAccountAggregate:
    tokens, granted = call.app.people.service_accounts.details(account)
    return ServiceAccountAggregate.of(account, tokens, map(AssignmentNote.of, told_of(call, granted)))
