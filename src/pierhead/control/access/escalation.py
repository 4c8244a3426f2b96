"""Nobody gives away what he does not have: what others get is checked against the caller's own grants."""

from collections.abc import Iterable
from dataclasses import dataclass

from pierhead.control.audit import SYSTEM, Actor, PrincipalType

from .errors import AccessDeniedError, FailedCheck
from .grants import Grant, Grants
from .model import PrincipalRef
from .ports import AccessTransaction
from .resolving import grants_in


@dataclass(frozen=True, slots=True)
class Giver:
    """Who changes what others may do. ``actor`` is said in the audit trail; ``principal`` None is the program itself,
    which is the only one without limits."""

    actor: Actor = SYSTEM
    principal: PrincipalRef | None = None

    def __post_init__(self) -> None:
        if self.principal is None and self.actor.type is not PrincipalType.SYSTEM:
            raise ValueError("only the program itself gives without limits")

    def check(self, tx: AccessTransaction, after: Iterable[Grant], before: Iterable[Grant] = ()) -> None:
        """Refuses ``after`` where it goes beyond both ``before`` and the giver's own grants as they are now.

        Raises AccessDeniedError, which names the first permission that the giver does not have himself.
        """
        if self.principal is None:
            return
        found = beyond(after, grants_in(tx, self.principal), Grants(tuple(before)))
        if found is not None:
            raise AccessDeniedError(self.principal.type, self.principal.identifier, found)


def beyond(wanted: Iterable[Grant], *held: Grants) -> FailedCheck | None:
    """The first permission that ``wanted`` has and no one of ``held``; None when they hold all of it."""
    for grant in wanted:
        for permission in sorted(grant.permissions):
            if not any(one.covers(permission, grant) for one in held):
                return FailedCheck(permission, grant.scope, "")
    return None


THE_PROGRAM = Giver()
