"""Gate policies, exceptions and checks over HTTP. Who may change settings may keep them; who may use a connector may
check what is behind it."""

from typing import Annotated

from fastapi import Depends

from pierhead.kit.paging import PageRequest
from pierhead.server.auth import OwnCall, own_caller
from pierhead.server.jobs.gate_evidence import Surroundings
from pierhead.server.jobs.question_work import named

from .answers import Answer, PageData, answer, page_data
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import OwnScope, SearchTerm, page_of
from .permissions.work import no_connector
from .refusals import FieldProblem, InvalidFieldsError
from .slow_calls import Slow
from .uses import use_connector
from .wire.gates import (
    GateCheckBody,
    GateExceptionBody,
    GateExceptionInfo,
    GatePolicyBody,
    GatePolicyInfo,
    VerdictInfo,
)

router = LateRouter(prefix="/pierhead/v1", tags=["gates"], dependencies=[Depends(own_caller)])

SentPolicy = Annotated[GatePolicyBody, Depends(json_body(GatePolicyBody))]
SentException = Annotated[GateExceptionBody, Depends(json_body(GateExceptionBody))]
SentCheck = Annotated[GateCheckBody, Depends(json_body(GateCheckBody))]
_Page = Annotated[PageRequest, Depends(page_of(50, 200))]


@router.post("/gate-policies", operation_id="createGatePolicy", openapi_extra=takes(GatePolicyBody))
def create_policy(call: OwnCall, scope: OwnScope, body: SentPolicy) -> Answer[GatePolicyInfo]:
    return answer(call, GatePolicyInfo.of(call.app.gating.policies.create(body.draft(scope), by=call.actor)))


@router.get("/gate-policies", operation_id="listGatePolicies")
def list_policies(
    call: OwnCall, scope: OwnScope, page: _Page, search: SearchTerm = ""
) -> Answer[PageData[GatePolicyInfo]]:
    """Those of this place, last modified first."""
    return answer(call, page_data(call.app.gating.policies.list(scope, search, page), GatePolicyInfo.of))


@router.get("/gate-policies/{identifier}", operation_id="getGatePolicy")
def get_policy(call: OwnCall, scope: OwnScope, identifier: str) -> Answer[GatePolicyInfo]:
    return answer(call, GatePolicyInfo.of(call.app.gating.policies.get(scope, identifier)))


@router.put("/gate-policies/{identifier}", operation_id="updateGatePolicy", openapi_extra=takes(GatePolicyBody))
def update_policy(call: OwnCall, scope: OwnScope, identifier: str, body: SentPolicy) -> Answer[GatePolicyInfo]:
    """Replaces all of it but its identifier, and counts its version up."""
    if body.identifier != identifier:
        raise InvalidFieldsError((FieldProblem("identifier", "is not the one in the path"),))
    return answer(call, GatePolicyInfo.of(call.app.gating.policies.update(body.draft(scope), by=call.actor)))


@router.delete("/gate-policies/{identifier}", operation_id="deleteGatePolicy")
def delete_policy(call: OwnCall, scope: OwnScope, identifier: str) -> Answer[bool]:
    call.app.gating.policies.delete(scope, identifier, by=call.actor)
    return answer(call, True)


@router.post("/gate-policies/{identifier}/check", operation_id="checkImage", openapi_extra=takes(GateCheckBody))
def check(call: OwnCall, scope: OwnScope, slow: Slow, identifier: str, body: SentCheck) -> Answer[VerdictInfo]:
    """Looks at the image through the connector, and says what each gate says of it. Nothing is changed by it."""
    app = call.app
    connector = app.connectors.resolve(body.connector_ref, scope)
    use_connector(call, connector, no_connector)
    policy = app.gating.policies.get(scope, identifier)
    named(connector, body.image)
    with slow.one("checks", call.share_key):
        verdict = app.gating.checks.check(scope, body.connector_ref, body.image, policy, Surroundings(), body.digest)
    return answer(call, VerdictInfo.of(verdict))


@router.post("/gate-exceptions", operation_id="createGateException", openapi_extra=takes(GateExceptionBody))
def create_exception(call: OwnCall, scope: OwnScope, body: SentException) -> Answer[GateExceptionInfo]:
    """Whoever calls is named as who made it."""
    return answer(call, GateExceptionInfo.of(call.app.gating.exceptions.create(body.draft(scope), by=call.actor)))


@router.get("/gate-exceptions", operation_id="listGateExceptions")
def list_exceptions(
    call: OwnCall, scope: OwnScope, page: _Page, search: SearchTerm = ""
) -> Answer[PageData[GateExceptionInfo]]:
    """Those of this place, last made first, and those that have ended among them."""
    return answer(call, page_data(call.app.gating.exceptions.list(scope, search, page), GateExceptionInfo.of))


@router.get("/gate-exceptions/{identifier}", operation_id="getGateException")
def get_exception(call: OwnCall, scope: OwnScope, identifier: str) -> Answer[GateExceptionInfo]:
    return answer(call, GateExceptionInfo.of(call.app.gating.exceptions.get(scope, identifier)))


@router.delete("/gate-exceptions/{identifier}", operation_id="deleteGateException")
def delete_exception(call: OwnCall, scope: OwnScope, identifier: str) -> Answer[bool]:
    call.app.gating.exceptions.delete(scope, identifier, by=call.actor)
    return answer(call, True)
