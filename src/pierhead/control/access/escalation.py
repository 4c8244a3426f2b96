"""Nobody gives away what he does not have, and what he could not give he does not take from others either.

Whatever changes what somebody may do, or whether he gets in, is checked here against the caller's own grants.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pierhead.control.audit import SYSTEM, Actor, PrincipalType

from .errors import AccessDeniedError, FailedCheck
from .grants import Grant, Grants
from .model import PrincipalRef
from .ports import AccessTransaction
from .resolving import grants_in, powers_in


@dataclass(frozen=True, slots=True)
class Giver:
    """Who changes what others may do. ``actor`` is said in the audit trail; ``principal`` None is the program itself,
    which is the only one without limits."""

    actor: Actor = SYSTEM
    principal: PrincipalRef | None = None

    def __post_init__(self) -> None:
        if self.principal is None and self.actor.type is not PrincipalType.SYSTEM:
            raise ValueError("only the program itself gives without limits")

    def check(
        self,
        tx: AccessTransaction,
        whose: PrincipalRef,
        before: Iterable[Grant],
        after: Iterable[Grant],
        reason: str = "",
    ) -> None:
        """Refuses to give somebody, or to take from somebody else, what goes beyond the giver's own grants as they are
        now. From himself everybody may take what he has.

        Raises AccessDeniedError, which names the first permission that the giver does not have himself.
        """
        ref = self.principal
        if ref is None:
            return
        own, had, gets = powers_in(tx, ref), Grants(tuple(before)), Grants(tuple(after))
        if (given := beyond(gets.all, own, had)) is not None:
            raise AccessDeniedError(ref.type, ref.identifier, given, reason)
        if whose != ref and (taken := beyond(had.all, own, gets)) is not None:
            raise AccessDeniedError(ref.type, ref.identifier, taken, _TAKEN)

    def check_over(self, tx: AccessTransaction, whose: PrincipalRef, reason: str = "") -> None:
        """For what lets somebody in, acts as him, or keeps him out: the giver may do all that this one may. ``reason``:
        why that is asked, where it does not go without saying.

        Raises AccessDeniedError.
        """
        self.check(tx, whose, (), grants_in(tx, whose).all, reason)


def beyond(wanted: Iterable[Grant], *held: Grants) -> FailedCheck | None:
    """The first permission that ``wanted`` has and no one of ``held``; None when they hold all of it."""
    for grant in wanted:
        for permission in sorted(grant.permissions):
            if not any(one.covers(permission, grant) for one in held):
                return FailedCheck(permission, grant.scope, "")
    return None


_TAKEN = "it would be taken from somebody else, and nobody takes what he could not give;"
THE_PROGRAM = Giver()
