"""What somebody who is deleted or disabled made for others ends with him: he holds those keys and passwords still.

Left is only the last way in of the last account admin: somebody has to be able to mend the rest.
"""

from collections.abc import Iterator
from datetime import datetime

from pierhead.control.audit import Document
from pierhead.kit.paging import PageRequest

from .admins import is_last_way_in
from .escalation import Giver
from .makers import WOULD_END, Ended, as_maker, end_all_but
from .model import PrincipalRef, User
from .ports import AccessTransaction

_REASON = "made by somebody who was deleted or disabled"
_AT_ONCE = 500


def end_of_leaver(tx: AccessTransaction, leaver: PrincipalRef, giver: Giver, now: datetime) -> Document | None:
    """Ends what he made for others, in a transaction that has its turn, while he is still there. The giver's own comes
    last, so that what has to be left is his.

    Gives how many of each ended, as the record of the leaving tells it; None where nothing did. Raises
    AccessDeniedError where something ends of somebody who may do more than the giver.
    """
    maker = as_maker(tx, leaver)
    tokens = passwords = 0
    for owner in sorted(_owners(tx, leaver, maker), key=lambda ref: (ref == giver.principal, ref.key)):
        ended = _end(tx, owner, leaver, maker, giver, now)
        if ended != Ended():
            giver.check_over(tx, owner, WOULD_END)
        tokens, passwords = tokens + ended.tokens, passwords + ended.passwords
    return {"tokensOfOthersEnded": tokens, "passwordsOfOthersEnded": passwords} if tokens or passwords else None


def _end(
    tx: AccessTransaction, owner: PrincipalRef, leaver: PrincipalRef, maker: str, giver: Giver, now: datetime
) -> Ended:
    """Of the last way in the password stays, or without one the keys."""
    is_last = is_last_way_in(tx, owner, maker, leaver, now)
    user = tx.users.find(owner.scope.account, owner.identifier) if is_last else None
    are_keys_kept = user is not None and user.password_hash is None
    return end_all_but(
        tx,
        owner,
        lambda by: are_keys_kept or by != maker,
        lambda by: is_last or by != maker,
        giver.actor,
        now,
        _REASON,
    )


def _owners(tx: AccessTransaction, leaver: PrincipalRef, maker: str) -> set[PrincipalRef]:
    account = leaver.scope.account
    found = {each.owner for each in tx.tokens.list(account) if maker in (each.made_by, each.old_made_by)}
    found |= {user.ref for user in _people(tx, account) if user.password_by == maker}
    return found - {leaver}


def _people(tx: AccessTransaction, account: str) -> Iterator[User]:
    index = 0
    while items := tx.users.page(account, "", PageRequest(index, _AT_ONCE)).items:
        yield from items
        index += 1
