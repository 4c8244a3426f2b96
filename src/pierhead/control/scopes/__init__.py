"""Accounts, organizations and projects as places, and references that point upwards between them."""

from .model import (
    IDENTIFIER_PATTERN,
    InvalidIdentifierError,
    InvalidReferenceError,
    Level,
    Scope,
    ScopedReference,
    check_identifier,
    check_name,
    identifier_from_name,
)

__all__ = [
    "IDENTIFIER_PATTERN",
    "InvalidIdentifierError",
    "InvalidReferenceError",
    "Level",
    "Scope",
    "ScopedReference",
    "check_identifier",
    "check_name",
    "identifier_from_name",
]
