"""What stands and falls with a principal: its keys, tokens, sessions and grants; and who may not go."""

from datetime import datetime

from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope

from .admins import admins_at
from .errors import PrincipalNotFoundError
from .model import PrincipalRef
from .ports import AccessTransaction

KINDS = {PrincipalType.USER: "user", PrincipalType.SERVICE_ACCOUNT: "service account"}


def check_present(tx: AccessTransaction, ref: PrincipalRef) -> None:
    """Raises PrincipalNotFoundError. In a transaction that writes, the principal stays there until its end."""
    if ref.type is PrincipalType.USER:
        found = tx.users.find(ref.scope.account, ref.identifier) is not None
    else:
        found = tx.service_accounts.find(ref.scope, ref.identifier) is not None
    if not found:
        place = ref.scope if ref.type is PrincipalType.SERVICE_ACCOUNT else None
        raise PrincipalNotFoundError(KINDS.get(ref.type, "principal"), ref.identifier, place)


def take_everything_from(tx: AccessTransaction, ref: PrincipalRef) -> None:
    """Whoever is made anew under the same identifier gets nothing of what this one had."""
    account = ref.scope.account
    tx.tokens.remove_of(account, [ref])
    for key in tx.api_keys.list(ref.scope, ref.key):
        tx.api_keys.remove(key.scope, key.identifier, key.parent)
    for one in tx.role_assignments.list_about(account, ref.key):
        tx.role_assignments.remove(one.scope, one.identifier, one.parent)
    if ref.type is PrincipalType.USER:
        tx.sessions.remove_of(account, ref.identifier)


def only_admin(tx: AccessTransaction, account: str, at: datetime) -> str | None:
    """The id of the person without whom nobody could make an account admin any more; None when there are several
    who can get in then.

    Ask before the person's own row is read: all who ask take the same rows in the same order.
    """
    scope = Scope(account)
    found = [tx.role_assignments.find(scope, identifier) for identifier in sorted(admins_at(tx, scope, at))]
    people = {one.principal.identifier for one in found if one is not None}
    return people.pop() if len(people) == 1 else None
