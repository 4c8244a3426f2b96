"""Roles, resource groups, assignments and checks.

What one must be allowed to do with an assignment depends on its principal (``server.api.assignment_rights``); the
permission here is the one for people.
"""

from collections.abc import Mapping

from pierhead.control.access import AssignmentNotFoundError, ResourceGroupNotFoundError, RoleNotFoundError
from pierhead.control.access import Permission as P
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError
from pierhead.server.api.rules import ANY, Rule, later, listed, scoped


def _no_role(_: Scope, identifier: str) -> AppError:
    return RoleNotFoundError(identifier)


def _no_group(_: Scope, identifier: str) -> AppError:
    return ResourceGroupNotFoundError(identifier)


def _no_assignment(_: Scope, identifier: str) -> AppError:
    return AssignmentNotFoundError(identifier)


_GROUPS: Mapping[str, Rule] = {
    "createResourceGroup": scoped(P.RESOURCE_GROUP_EDIT),
    "listResourceGroups": listed(P.RESOURCE_GROUP_VIEW),
    "filterResourceGroups": listed(P.RESOURCE_GROUP_VIEW),
    "getResourceGroup": scoped(P.RESOURCE_GROUP_VIEW, "identifier", _no_group),
    "updateResourceGroup": scoped(P.RESOURCE_GROUP_EDIT, "identifier", _no_group),
    "deleteResourceGroup": scoped(P.RESOURCE_GROUP_DELETE, "identifier", _no_group),
}
RULES: Mapping[str, Rule] = {
    "createRole": scoped(P.ROLE_EDIT),
    "listRoles": listed(P.ROLE_VIEW),
    "getRole": scoped(P.ROLE_VIEW, "identifier", _no_role),
    "updateRole": scoped(P.ROLE_EDIT, "identifier", _no_role),
    "deleteRole": scoped(P.ROLE_DELETE, "identifier", _no_role),
    "listPermissions": ANY,
    "listPermissionResourceTypes": ANY,
    **_GROUPS,
    **{f"{operation}V1": rule for operation, rule in _GROUPS.items()},
    "createRoleAssignment": later(P.USER_MANAGE),
    "createRoleAssignments": later(P.USER_MANAGE),
    "validateRoleAssignment": later(P.USER_MANAGE),
    "listRoleAssignments": listed(P.USER_VIEW),
    "filterRoleAssignments": listed(P.USER_VIEW),
    "filterRoleAssignmentsV2": listed(P.USER_VIEW),
    "aggregateRoleAssignments": listed(P.USER_VIEW),
    "getRoleAssignment": later(P.USER_VIEW, _no_assignment),
    "updateRoleAssignment": later(P.USER_MANAGE, _no_assignment),
    "deleteRoleAssignment": later(P.USER_MANAGE, _no_assignment),
    "checkAccess": ANY,
}
