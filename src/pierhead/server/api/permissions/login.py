"""Sessions of people, and their passwords."""

from collections.abc import Mapping

from pierhead.control.access import Permission, PrincipalNotFoundError
from pierhead.control.scopes import Scope
from pierhead.server.api.rules import ANY, OPEN, Rule, later


def _no_user(_: Scope, identifier: str) -> PrincipalNotFoundError:
    return PrincipalNotFoundError("user", identifier)


RULES: Mapping[str, Rule] = {
    "logIn": OPEN,
    "beginOidcLogin": OPEN,
    "finishOidcLogin": OPEN,
    "getSession": ANY,
    "logOut": ANY,
    "setPassword": later(Permission.USER_MANAGE, _no_user),
}
