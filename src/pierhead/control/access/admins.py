"""The account admins: an account always has one who can get in, so that somebody can mend what others broke."""

from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope

from .errors import LastAdminError
from .managed import ACCOUNT_ADMIN, EVERYTHING
from .model import RoleAssignment
from .ports import AccessTransaction

Admins = frozenset[str]
"""Identifiers of the assignments that make an enabled person account admin."""


def admins_at(tx: AccessTransaction, scope: Scope) -> Admins:
    """None below the account. Each row is read for change, and always in one order: of two admins who take each
    other's role at once, the second sees what the first did."""
    if scope.org is not None:
        return frozenset()
    listed = sorted(each.identifier for each in tx.role_assignments.list(scope) if _is_admin(each))
    found = [tx.role_assignments.find(scope, identifier) for identifier in listed]
    return frozenset(
        each.identifier for each in found if each is not None and _is_admin(each) and _is_enabled(tx, each)
    )


def check_admin_remains(admins: Admins, without: RoleAssignment) -> None:
    """Raises LastAdminError."""
    if admins == {without.identifier}:
        raise LastAdminError(without.principal.identifier)


def _is_admin(assignment: RoleAssignment) -> bool:
    has_all = (assignment.role, assignment.resource_group) == (ACCOUNT_ADMIN, EVERYTHING)
    return has_all and assignment.principal.type is PrincipalType.USER and not assignment.is_disabled


def _is_enabled(tx: AccessTransaction, assignment: RoleAssignment) -> bool:
    user = tx.users.find(assignment.scope.account, assignment.principal.identifier)
    return user is not None and not user.is_disabled
