"""Roles, resource groups and assignments as clients see them, in answers and in the audit trail (harness-api §6.3)."""

from pierhead.control.audit import Document
from pierhead.control.scopes import Level, Scope

from .model import ResourceGroup, ResourceSelector, Role, RoleAssignment

LEVEL_WORDS = {Level.ACCOUNT: "account", Level.ORG: "organization", Level.PROJECT: "project"}
LEVELS = {word: level for level, word in LEVEL_WORDS.items()}
CATEGORY = "category"


def render_role(role: Role) -> dict[str, object]:
    return {
        "identifier": role.identifier,
        "name": role.name,
        "permissions": sorted(role.permissions),
        "allowedScopeLevels": level_words(role.levels),
        "description": role.description,
        "tags": dict(role.tags),
    }


def render_group(group: ResourceGroup) -> dict[str, object]:
    return {
        **render_scope(group.scope),
        "identifier": group.identifier,
        "name": group.name,
        "color": group.color,
        "tags": dict(group.tags),
        "description": group.description,
        "allowedScopeLevels": level_words(group.levels),
        "includedScopes": [
            {"filter": _filter_word(one.with_children), **render_scope(one.scope)} for one in group.included_scopes
        ],
        "resourceFilter": {
            "includeAllResources": group.selectors is None,
            "resources": [_selector(each) for each in group.selectors or ()],
        },
    }


def render_assignment(assignment: RoleAssignment) -> dict[str, object]:
    principal = assignment.principal
    return {
        "identifier": assignment.identifier,
        "resourceGroupIdentifier": assignment.resource_group,
        "roleIdentifier": assignment.role,
        "roleReference": {
            "identifier": assignment.role,
            "scopeLevel": LEVEL_WORDS[assignment.scope.level],
        },
        "principal": {
            "scopeLevel": LEVEL_WORDS[principal.scope.level],
            "identifier": principal.identifier,
            "type": str(principal.type),
        },
        "disabled": assignment.is_disabled,
        "managed": assignment.is_managed,
        "internal": False,
    }


def render_scope(scope: Scope) -> dict[str, str | None]:
    return {"accountIdentifier": scope.account, "orgIdentifier": scope.org, "projectIdentifier": scope.project}


def level_words(levels: frozenset[Level]) -> list[str]:
    """Highest first."""
    return [LEVEL_WORDS[level] for level in Level if level in levels]


def _filter_word(with_children: bool) -> str:
    return "INCLUDING_CHILD_SCOPES" if with_children else "EXCLUDING_CHILD_SCOPES"


def _selector(selector: ResourceSelector) -> Document:
    by_attribute = {"attributeName": CATEGORY, "attributeValues": list(selector.attributes or ())}
    return {
        "resourceType": str(selector.type),
        "identifiers": sorted(selector.identifiers or ()),
        "attributeFilter": None if selector.attributes is None else by_attribute,
    }
