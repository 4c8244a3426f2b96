"""Accounts, organizations and projects as places, and references that point upwards between them."""

from .areas import Area, Areas, covered
from .entities import Entity, EntityRows
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
from .resources import ResourceType

__all__ = [
    "IDENTIFIER_PATTERN",
    "Area",
    "Areas",
    "Entity",
    "EntityRows",
    "InvalidIdentifierError",
    "InvalidReferenceError",
    "Level",
    "ResourceType",
    "Scope",
    "ScopedReference",
    "check_identifier",
    "check_name",
    "covered",
    "identifier_from_name",
]
