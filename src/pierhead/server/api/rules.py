"""How a route is authorised: which permission, on what, and what the caller hears who may not even see it; pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from pierhead.control.access import Permission
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError

Absent = Callable[[Scope, str], AppError]
"""What a thing that is not there is answered with, by scope and identifier."""


class At(Enum):
    """Where the permission is asked for."""

    OPEN = auto()
    """Nowhere: open to everyone, without a key."""
    ANY = auto()
    """Nowhere: every key of the account will do."""
    ACCOUNT = auto()
    """At the account."""
    OPERATOR = auto()
    """At the account, which has to be that of the server's operator, too."""
    SCOPE = auto()
    """In the scope that the query names, for the thing that ``named`` names."""
    LATER = auto()
    """By the route itself, with ``Call.authorise``, once it knows what the call is about."""
    LIST = auto()
    """By the route itself, with ``Call.visible``: a list holds what the caller may see, and is never refused but for a
    place that is not there for the caller."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``named``: the parameter of path or query with the thing's identifier. ``absent``: what is answered when the
    caller may not see the thing; None: a refusal that says which permission is missing."""

    at: At
    permission: Permission | None = None
    named: str = ""
    absent: Absent | None = None


OPEN = Rule(At.OPEN)
ANY = Rule(At.ANY)


def account(permission: Permission) -> Rule:
    return Rule(At.ACCOUNT, permission)


def operator(permission: Permission) -> Rule:
    return Rule(At.OPERATOR, permission)


def scoped(permission: Permission, named: str = "", absent: Absent | None = None) -> Rule:
    return Rule(At.SCOPE, permission, named, absent)


def later(permission: Permission, absent: Absent | None = None) -> Rule:
    return Rule(At.LATER, permission, absent=absent)


def listed(permission: Permission) -> Rule:
    return Rule(At.LIST, permission)
