"""What was granted to a principal, as its own entry tells it (harness-api §6.3)."""

from typing import Self

from pierhead.control.access import Granted

from .common import Wire


class AssignmentNote(Wire):
    """``orgIdentifier`` and ``projectIdentifier`` are ours: the place in which it was granted."""

    identifier: str
    role_identifier: str
    role_name: str
    role_scope_level: str
    resource_group_identifier: str
    resource_group_name: str
    managed_role: bool
    managed_role_assignment: bool
    org_identifier: str | None
    project_identifier: str | None

    @classmethod
    def of(cls, granted: Granted) -> Self:
        assignment = granted.assignment
        return cls(
            identifier=assignment.identifier,
            role_identifier=assignment.role,
            role_name=granted.role_name,
            role_scope_level=assignment.scope.level,
            resource_group_identifier=assignment.resource_group,
            resource_group_name=granted.group_name,
            managed_role=granted.is_role_managed,
            managed_role_assignment=assignment.is_managed,
            org_identifier=assignment.scope.org,
            project_identifier=assignment.scope.project,
        )
