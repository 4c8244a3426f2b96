"""The audit trail over HTTP: the reference's list and YAML (harness-api §6.5), and our own check of the chain."""

from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.audit import AuditTamperedError
from pierhead.kit.paging import PageRequest
from pierhead.server.auth import OwnCall, ReferenceCall, own_caller, reference_caller
from pierhead.server.call import Call

from .answers import Answer, PageData, answer, page_data
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import ReferenceScope, page_of
from .wire.audit import AuditEvent, AuditFilterBody, AuditVerdict, AuditYaml

router = LateRouter(tags=["audit"])

Filter = Annotated[AuditFilterBody | None, Depends(json_body(AuditFilterBody, is_optional=True))]


@router.post(
    "/audit/api/audits/list",
    operation_id="listAudits",
    openapi_extra=takes(AuditFilterBody, is_required=False),
    dependencies=[Depends(reference_caller)],
)
def list_audits(
    call: ReferenceCall, scope: ReferenceScope, body: Filter, page: Annotated[PageRequest, Depends(page_of(50, 1000))]
) -> Answer[PageData[AuditEvent]]:
    """Events of the scopes asked for and of those in them that the caller may see, newest first."""
    wanted = body or AuditFilterBody()
    scopes = wanted.scopes_in(call.account, scope)
    for each in scopes or (scope,):
        call.authorise(each)
    areas = tuple(dict.fromkeys(area for each in scopes for area in call.areas(each)))
    found = call.app.audit.list(call.account, wanted.value(areas, _people(call, wanted.people or [])), page)
    return answer(call, page_data(found, AuditEvent.of))


def _people(call: Call, named: list[str]) -> tuple[str, ...]:
    """Whoever has one of these emails is found by the identifier that the records know them by."""
    emails = (name for name in named if "@" in name)
    users = (call.app.people.users.find_by_email(call.account, email) for email in emails)
    return (*named, *(user.id for user in users if user is not None))


@router.get("/audit/api/auditYaml", operation_id="getAuditYaml", dependencies=[Depends(reference_caller)])
def get_yaml(
    call: ReferenceCall, audit_id: Annotated[str, Query(alias="auditId", max_length=200)]
) -> Answer[AuditYaml]:
    """What was there before the event and after it; of a secret, a keyed digest."""
    record = call.lookup.audit.get(call.account, audit_id)
    call.authorise(record.entry.subject.scope, audit_id)
    token = call.app.people.api_tokens.find(call.account, record.entry.by.credential)
    return answer(call, AuditYaml.of(record, token))


@router.get("/pierhead/v1/audit/verify", operation_id="verifyAudit", dependencies=[Depends(own_caller)])
def verify(call: OwnCall) -> Answer[AuditVerdict]:
    """Whether every event of the account is as it was written, where it was written."""
    try:
        verdict = call.app.audit.verify(call.account)
    except AuditTamperedError as error:
        return answer(call, AuditVerdict(intact=False, broken_at=error.sequence, problem=error.problem))
    return answer(call, AuditVerdict(intact=True, records=verdict.records, seal=verdict.seal))
