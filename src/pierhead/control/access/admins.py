"""The account admins: an account always has one who can get in, so that somebody can mend what others broke."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope

from .errors import LastAdminError, LastWayInError
from .managed import ACCOUNT_ADMIN, EVERYTHING
from .model import PrincipalRef, RoleAssignment, User
from .ports import AccessTransaction

Admins = frozenset[str]
"""Identifiers of the assignments that make an enabled person account admin."""


def admins_at(tx: AccessTransaction, scope: Scope, at: datetime) -> Admins:
    """Of those who can get in then; when nobody can, of all. None below the account. Each row is read for change, and
    always in one order: of two admins who take each other's role at once, the second sees what the first did."""
    if scope.org is not None:
        return frozenset()
    people = _admins(tx, scope)
    able = frozenset(name for name, user in people.items() if _has_way_in(tx, user, at))
    return able or frozenset(people)


def check_admin_remains(admins: Admins, without: RoleAssignment) -> None:
    """Raises LastAdminError."""
    if admins == {without.identifier}:
        raise LastAdminError(without.principal.identifier)


@contextmanager
def way_in_kept(tx: AccessTransaction, owner: PrincipalRef, at: datetime) -> Iterator[None]:
    """For what takes keys from a person. Raises LastWayInError when no account admin could get in then, and one could
    before. Begin with it: all who ask take the same rows in the same order."""
    account = Scope(owner.scope.account)
    if owner.type is not PrincipalType.USER or not _someone_gets_in(tx, account, at):
        yield
        return
    yield
    if not _someone_gets_in(tx, account, at):
        raise LastWayInError


def is_last_way_in(tx: AccessTransaction, owner: PrincipalRef, maker: str, leaver: PrincipalRef, at: datetime) -> bool:
    """Whether, once the leaver is gone, no account admin gets in but this owner, and he by nothing but what this maker
    made."""
    users = PrincipalType.USER
    gone = leaver.identifier if leaver.type is users else ""
    people = {user.id: user for user in _admins(tx, Scope(owner.scope.account)).values() if user.id != gone}
    user = people.pop(owner.identifier, None) if owner.type is users else None
    if user is None or any(_has_way_in(tx, other, at) for other in people.values()):
        return False
    return _has_way_in(tx, user, at) and not _has_way_in(tx, user, at, but_by=maker)


def _someone_gets_in(tx: AccessTransaction, account: Scope, at: datetime) -> bool:
    return any(_has_way_in(tx, user, at) for user in _admins(tx, account).values())


def _has_way_in(tx: AccessTransaction, user: User, at: datetime, but_by: str | None = None) -> bool:
    """``but_by``: what this one made is none."""
    if user.subject is not None or (user.password_hash is not None and user.password_by != but_by):
        return True
    return any(token.is_live(at) and token.made_by != but_by for token in tx.tokens.list(user.account, user.ref))


def _admins(tx: AccessTransaction, scope: Scope) -> dict[str, User]:
    """Enabled people, by the assignment that makes them admin."""
    listed = sorted(each.identifier for each in tx.role_assignments.list(scope) if _is_admin(each))
    found = [tx.role_assignments.find(scope, identifier) for identifier in listed]
    made = [each for each in found if each is not None and _is_admin(each)]
    people = {each.identifier: tx.users.find(scope.account, each.principal.identifier) for each in made}
    return {name: user for name, user in people.items() if user is not None and not user.is_disabled}


def _is_admin(assignment: RoleAssignment) -> bool:
    has_all = (assignment.role, assignment.resource_group) == (ACCOUNT_ADMIN, EVERYTHING)
    return has_all and assignment.principal.type is PrincipalType.USER and not assignment.is_disabled
