"""From role assignments to grants: which role and resource group each one means, and what they add up to; pure.

An assignment never reaches beyond its own scope: whatever else its resource group includes counts for nothing there.
"""

from collections.abc import Callable, Iterable, Mapping

from pierhead.control.scopes import ResourceType

from .grants import Grant, Grants, Identifiers
from .model import ResourceGroup, ResourceSelector, Role, RoleAssignment

RoleOf = Callable[[RoleAssignment], Role | None]
GroupOf = Callable[[RoleAssignment], ResourceGroup | None]
CONNECTOR_CATEGORY = "ARTIFACTORY"
"""The reference's category of every connector that there is here: registries."""


def grants_of(assignments: Iterable[RoleAssignment], role_of: RoleOf, group_of: GroupOf) -> Grants:
    """An assignment whose role or group is gone, or that is disabled, grants nothing."""
    found: list[Grant] = []
    for assignment in assignments:
        role, group = role_of(assignment), group_of(assignment)
        if role is not None and group is not None and not assignment.is_disabled:
            found += grants_by(assignment, role, group)
    return Grants(tuple(found))


def grants_by(assignment: RoleAssignment, role: Role, group: ResourceGroup) -> list[Grant]:
    """What one assignment grants while it is not disabled; nothing where role or group cannot be assigned."""
    scope = assignment.scope
    if scope.level not in role.levels or scope.level not in group.levels:
        return []
    resources = _resources(group)
    included = [one for one in group.included_scopes if scope.contains(one.scope)]
    return [Grant(role.permissions, one.scope, one.with_children, resources) for one in included]


def _resources(group: ResourceGroup) -> Mapping[ResourceType, Identifiers] | None:
    if group.selectors is None:
        return None
    found: dict[ResourceType, Identifiers] = {}
    for selector in group.selectors:
        before, named = found.get(selector.type, frozenset()), _named(selector)
        found[selector.type] = None if before is None or named is None else before | named
    return found


def _named(selector: ResourceSelector) -> Identifiers:
    """A category that is not known selects nothing: it was meant to make the selection smaller."""
    if selector.attributes is not None:
        is_all = selector.type is ResourceType.CONNECTOR and CONNECTOR_CATEGORY in selector.attributes
        return selector.identifiers if is_all else frozenset()
    return selector.identifiers
