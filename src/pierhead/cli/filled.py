"""What the server adds to a document that leaves it out, so that what it gives back compares equal; pure."""

from collections.abc import Mapping
from typing import Any

_LEVELS = ("account", "organization", "project")
_NO_CHILDREN = "EXCLUDING_CHILD_SCOPES"


def filled_role(entity: Mapping[str, Any]) -> dict[str, Any]:
    """A role that names no levels is for the level it is made at."""
    level = _LEVELS[2 if entity.get("projectIdentifier") else 1 if entity.get("orgIdentifier") else 0]
    return {**entity, "allowedScopeLevels": entity.get("allowedScopeLevels") or [level]}


def filled_group(entity: Mapping[str, Any]) -> dict[str, Any]:
    """A group that names no places holds its own, without what is below."""
    own = {name: entity[name] for name in ("orgIdentifier", "projectIdentifier") if entity.get(name)}
    scopes = entity.get("includedScopes") or [own]
    if isinstance(scopes, list):
        scopes = [{"filter": _NO_CHILDREN, **one} if isinstance(one, Mapping) else one for one in scopes]
    return {**filled_role(entity), "includedScopes": scopes}


def filled_account(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Email addresses are kept in small letters."""
    email = entity.get("email")
    return {**entity, "email": email.strip().lower()} if isinstance(email, str) else dict(entity)


def filled_assignment(entity: Mapping[str, Any]) -> dict[str, Any]:
    """The role may stand in ``roleReference`` alone."""
    reference = entity.get("roleReference")
    named = reference.get("identifier") if isinstance(reference, Mapping) else None
    return {**entity, "roleIdentifier": entity.get("roleIdentifier") or named}
