"""Mirrors and their runs over HTTP. Who saves a mirror has to have the right to use its connectors and their secrets,
also later, whenever it runs; who only runs it does not."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Path

from pierhead.control.mirroring import MirrorDraft, MirrorRun
from pierhead.control.scopes import Scope
from pierhead.kit.paging import Page, PageRequest
from pierhead.server.auth import Call, OwnCall, own_caller
from pierhead.server.jobs.mirror_wants import check_names

from .answers import Answer, PageData, answer, page_data
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import OwnScope, SearchTerm, page_of
from .permissions.work import no_connector
from .refusals import FieldProblem, InvalidFieldsError
from .uses import use_connector
from .wire.mirror_runs import (
    ApprovalBody,
    ApprovalInfo,
    HoldingInfo,
    MirrorRunBody,
    MirrorRunInfo,
    MirrorRunSummary,
)
from .wire.mirrors import MirrorBody, MirrorInfo

router = LateRouter(prefix="/pierhead/v1", tags=["mirrors"], dependencies=[Depends(own_caller)])

Sent = Annotated[MirrorBody, Depends(json_body(MirrorBody))]
SentApproval = Annotated[ApprovalBody, Depends(json_body(ApprovalBody))]
SentRun = Annotated[MirrorRunBody | None, Depends(json_body(MirrorRunBody, is_optional=True))]
PageOfMirrors = Annotated[PageRequest, Depends(page_of(50, 200))]
RunId = Annotated[str, Path(alias="runId")]


@router.post("/mirrors", operation_id="createMirror", openapi_extra=takes(MirrorBody))
def create(call: OwnCall, scope: OwnScope, body: Sent) -> Answer[MirrorInfo]:
    draft = _draft(call, body, scope)
    return answer(call, MirrorInfo.of(call.app.mirroring.service.create(draft, by=call.actor)))


@router.get("/mirrors", operation_id="listMirrors")
def list_all(
    call: OwnCall, scope: OwnScope, page: PageOfMirrors, search: SearchTerm = ""
) -> Answer[PageData[MirrorInfo]]:
    """Those of this place, last modified first."""
    among = call.visible(scope)
    found = call.app.mirroring.service.list(scope, page, search, among)
    return answer(call, page_data(found, MirrorInfo.of))


@router.get("/mirrors/{identifier}", operation_id="getMirror")
def get(call: OwnCall, scope: OwnScope, identifier: str) -> Answer[MirrorInfo]:
    return answer(call, MirrorInfo.of(call.app.mirroring.service.get(scope, identifier)))


@router.put("/mirrors/{identifier}", operation_id="updateMirror", openapi_extra=takes(MirrorBody))
def update(call: OwnCall, scope: OwnScope, identifier: str, body: Sent) -> Answer[MirrorInfo]:
    """Replaces all of it but its identifier. With another target it holds nothing yet."""
    if body.identifier != identifier:
        raise InvalidFieldsError((FieldProblem("identifier", "is not the one in the path"),))
    draft = _draft(call, body, scope)
    return answer(call, MirrorInfo.of(call.app.mirroring.service.update(draft, by=call.actor)))


@router.delete("/mirrors/{identifier}", operation_id="deleteMirror")
def delete(call: OwnCall, scope: OwnScope, identifier: str) -> Answer[bool]:
    """Refused while it runs. What it brought to its target stays there."""
    call.app.mirroring.service.delete(scope, identifier, by=call.actor)
    return answer(call, True)


@router.get("/mirrors/{identifier}/holdings", operation_id="listMirrorHoldings")
def holdings(call: OwnCall, scope: OwnScope, identifier: str, page: PageOfMirrors) -> Answer[PageData[HoldingInfo]]:
    """What the mirror brought to its target, by repository and tag."""
    found = call.app.mirroring.service.held(scope, identifier)
    kept = Page(found[page.offset : page.offset + page.size], len(found), page)
    return answer(call, page_data(kept, HoldingInfo.of))


@router.post(
    "/mirrors/{identifier}/runs",
    operation_id="startMirrorRun",
    openapi_extra=takes(MirrorRunBody, is_required=False),
)
def start(call: OwnCall, scope: OwnScope, identifier: str, body: SentRun) -> Answer[MirrorRunInfo]:
    """Begins a run and answers at once; with ``dryRun`` it ends with its plan."""
    is_plan = body is not None and body.dry_run
    run = call.app.mirroring.tasks.start(
        scope, identifier, is_plan=is_plan, asked_key=call.principal.ref.key, by=call.actor
    )
    return answer(call, MirrorRunInfo.of(run))


@router.get("/mirrors/{identifier}/runs", operation_id="listMirrorRuns")
def runs(call: OwnCall, scope: OwnScope, identifier: str, page: PageOfMirrors) -> Answer[PageData[MirrorRunSummary]]:
    """The last begun first, without items."""
    return answer(call, page_data(call.app.mirroring.service.runs(scope, identifier, page), MirrorRunSummary.of))


@router.post("/mirrors/{identifier}/approvals", operation_id="approveMirroredImage", openapi_extra=takes(ApprovalBody))
def approve(call: OwnCall, scope: OwnScope, identifier: str, body: SentApproval) -> Answer[ApprovalInfo]:
    """The caller's word for an image that waits in quarantine. The next run asks the gates again."""
    given = call.app.mirroring.service.approve(
        scope, identifier, body.image, body.digest or "", body.reason, call.principal.ref.key, by=call.actor
    )
    return answer(call, ApprovalInfo.of(given))


@router.get("/mirror-runs/{runId}", operation_id="getMirrorRun")
def get_run(call: OwnCall, run_id: RunId) -> Answer[MirrorRunInfo]:
    """A run that goes on is told with what is on its way."""
    run = _run(call, run_id)
    return answer(call, MirrorRunInfo.of(run, call.app.mirroring.copies.latest(run)))


@router.post("/mirror-runs/{runId}/cancel", operation_id="cancelMirrorRun")
def cancel(call: OwnCall, run_id: RunId) -> Answer[MirrorRunInfo]:
    """Asks whoever performs it to stop; one that has ended stays as it is."""
    _run(call, run_id)
    return answer(call, MirrorRunInfo.of(call.app.mirroring.tasks.cancel(call.account, run_id, by=call.actor)))


def _run(call: Call, run_id: str) -> MirrorRun:
    run = call.lookup.mirroring.service.run(call.account, run_id)
    call.authorise(run.scope, run.mirror, asked_for=run_id)
    return run


def _draft(call: Call, body: MirrorBody, scope: Scope) -> MirrorDraft:
    """Raises also what a connector that is not there, or may not be used, is answered with."""
    if body.names_other_place(scope):
        problem = "body and query name different places; the query's is the one that counts"
        raise InvalidFieldsError((FieldProblem("orgIdentifier", problem),))
    draft = body.draft(scope)
    if draft.spec.gate_policy is not None:
        call.app.gating.policies.resolve(str(draft.spec.gate_policy), scope)
    for reference in (draft.spec.source, draft.spec.target):
        connector = call.app.connectors.resolve(str(reference), scope)
        use_connector(call, connector, no_connector)
        check_names(connector, draft.spec.repositories)
    return replace(draft, made_by=call.principal.ref.key)
