"""The audit trail."""

from collections.abc import Mapping

from pierhead.control.access import Permission as P
from pierhead.control.audit import AuditRecordNotFoundError
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError
from pierhead.server.api.rules import Rule, account, later


def _no_record(_: Scope, audit_id: str) -> AppError:
    return AuditRecordNotFoundError(audit_id)


RULES: Mapping[str, Rule] = {
    "listAudits": later(P.AUDIT_VIEW),
    "getAuditYaml": later(P.AUDIT_VIEW, _no_record),
    "verifyAudit": account(P.AUDIT_VIEW),
}
