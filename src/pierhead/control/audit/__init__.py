"""The audit trail: every change, by whom, in a chain that shows what was done to it."""

from .chain import beginning, begun, behind_break, check, check_beginning, check_end, sealed
from .documents import document_of, text_of
from .errors import AuditBrokenError, AuditRecordNotFoundError, AuditTamperedError, AuditUnavailableError
from .model import (
    SYSTEM,
    Action,
    Actor,
    AuditFilter,
    Document,
    Entry,
    PrincipalType,
    Record,
    Subject,
    Tail,
)
from .ports import Auditing, AuditRows, AuditStore, AuditTransaction, PropertyRows
from .service import AuditService, Verdict
from .writing import note, secret_digest

__all__ = [
    "SYSTEM",
    "Action",
    "Actor",
    "AuditBrokenError",
    "AuditFilter",
    "AuditRecordNotFoundError",
    "AuditRows",
    "AuditService",
    "AuditStore",
    "AuditTamperedError",
    "AuditTransaction",
    "AuditUnavailableError",
    "Auditing",
    "Document",
    "Entry",
    "PrincipalType",
    "PropertyRows",
    "Record",
    "Subject",
    "Tail",
    "Verdict",
    "beginning",
    "begun",
    "behind_break",
    "check",
    "check_beginning",
    "check_end",
    "document_of",
    "note",
    "sealed",
    "secret_digest",
    "text_of",
]
