"""What can go wrong with roles, resource groups and role assignments."""

from pierhead.control.scopes import Scope
from pierhead.kit.errors import ConflictError, InvalidInputError, NotFoundError


class RoleNotFoundError(NotFoundError):
    code = "role-not-found"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Role not found with the given scope and identifier {identifier}")


class ResourceGroupNotFoundError(NotFoundError):
    code = "resource-group-not-found"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Resource Group with given identifier {identifier} not found.")


class AssignmentNotFoundError(NotFoundError):
    code = "role-assignment-not-found"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Role Assignment not found with the given scope and identifier {identifier}")


class RoleExistsError(ConflictError):
    """A role, a resource group, or an assignment of the same role to the same principal."""

    code = "role-exists"

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(f"{kind} [{identifier}] already exists; please enter a unique identifier")


class ManagedRoleError(InvalidInputError):
    """What comes with the program is the same in every account."""

    code = "managed-role"

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(
            f"{kind} [{identifier}] comes with Pierhead and cannot be changed or taken away",
            hint="make one of your own with the permissions or resources that you need",
        )


class StillAssignedError(ConflictError):
    code = "still-assigned"

    def __init__(self, kind: str, identifier: str, count: int) -> None:
        uses = "1 role assignment at this place uses" if count == 1 else f"{count:,} role assignments at this place use"
        super().__init__(
            f"Could not delete the {kind} {identifier}: {uses} it",
            hint="delete those first; see `pierhead role-assignment list`",
        )


class InvalidRoleError(InvalidInputError):
    code = "invalid-role"


class InvalidResourceGroupError(InvalidInputError):
    code = "invalid-resource-group"


class InvalidAssignmentError(InvalidInputError):
    code = "invalid-role-assignment"


class TooManyRolesError(ConflictError):
    code = "too-many-roles"

    def __init__(self, kind: str, scope: Scope, cap: int) -> None:
        super().__init__(f"there are {cap:,} {kind}s at this {scope.level} already, which is as many as there can be")
