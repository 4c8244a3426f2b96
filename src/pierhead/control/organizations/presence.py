"""Is the place there in which something shall be made?"""

from pierhead.control.scopes import Scope

from .errors import PlaceNotFoundError
from .ports import PlaceTransaction


def check_place(tx: PlaceTransaction, scope: Scope) -> None:
    """Raises PlaceNotFoundError for an organization or a project that is not there. An account always is."""
    if scope.org is None:
        return
    account = Scope(scope.account)
    if tx.organizations.find(account, scope.org) is None:
        raise PlaceNotFoundError(Scope(scope.account, scope.org))
    if scope.project is not None and tx.projects.find(Scope(scope.account, scope.org), scope.project) is None:
        raise PlaceNotFoundError(scope)
