"""The audit trail: every change, by whom, in a chain that shows what was done to it."""

from .chain import check, sealed
from .errors import AuditRecordNotFoundError, AuditTamperedError
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
from .ports import Auditing, AuditRows, AuditStore
from .service import AuditService
from .writing import note, secret_digest

__all__ = [
    "SYSTEM",
    "Action",
    "Actor",
    "AuditFilter",
    "AuditRecordNotFoundError",
    "AuditRows",
    "AuditService",
    "AuditStore",
    "AuditTamperedError",
    "Auditing",
    "Document",
    "Entry",
    "PrincipalType",
    "Record",
    "Subject",
    "Tail",
    "check",
    "note",
    "sealed",
    "secret_digest",
]
