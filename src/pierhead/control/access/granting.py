"""From role assignments to grants: which role and resource group each one means, and what they add up to; pure."""

from collections.abc import Callable, Iterable

from .grants import Grant, Grants
from .model import ResourceGroup, Role, RoleAssignment

RoleOf = Callable[[RoleAssignment], Role | None]
GroupOf = Callable[[RoleAssignment], ResourceGroup | None]


def grants_of(assignments: Iterable[RoleAssignment], role_of: RoleOf, group_of: GroupOf) -> Grants:
    """An assignment whose role or group is gone, or that is disabled, grants nothing."""
    found: list[Grant] = []
    for assignment in assignments:
        role, group = role_of(assignment), group_of(assignment)
        if role is not None and group is not None and not assignment.is_disabled:
            found += _grants(role, group)
    return Grants(tuple(found))


def _grants(role: Role, group: ResourceGroup) -> list[Grant]:
    return [Grant(role.permissions, one.scope, one.with_children) for one in group.included_scopes]
