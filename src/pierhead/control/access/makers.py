"""Who stands behind a key or a password, and that nobody rises with keys of somebody who is made more than he is.

Whoever makes a key for somebody else, or sets the password, holds it. As long as he may do himself all that its owner
may, he gains nothing; when the owner is given more than that, the key ends. What is made with such a key, or in a
session that such a password opened, has the same maker behind it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from pierhead.control.audit import Action, Actor, PrincipalType, Subject, note
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.signals import Signal, Topic

from .errors import InvalidTokenError
from .escalation import Giver, beyond
from .grants import Grants
from .model import PrincipalRef, Token, User
from .ports import AccessTransaction
from .resolving import grants_in, powers_in

PROGRAM = "SYSTEM"
"""The maker of what the program itself made; whoever runs it may do everything anyway."""
_SESSION = "session:"
WOULD_END = "keys or a password that others made for that one would end with it;"
_MADE_AT = "#"
"""Between the key of a service account and when it was made: the name may be another one's one day. Ids of people are
given out once."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How many of each ended."""

    tokens: int = 0
    passwords: int = 0


def maker_of(tx: AccessTransaction, giver: Giver, now: datetime) -> str:
    """Who stands behind what the giver makes, as it is kept with it. Raises InvalidTokenError when the key or the
    password that he came in with is no more: nobody can tell then whose it was."""
    ref = giver.principal
    if ref is None:
        return PROGRAM
    credential = giver.actor.credential
    if not credential or credential.startswith(_SESSION):
        return _behind_session(tx, ref, is_session=bool(credential)) or as_maker(tx, ref)
    token = tx.tokens.find(credential)
    if token is None or token.owner != ref or not token.is_live(now):
        raise InvalidTokenError(ref.scope.account)
    is_old_good = token.old_until is not None and now < token.old_until
    return (token.old_made_by if is_old_good else "") or token.made_by or as_maker(tx, ref)


@contextmanager
def reckoned(tx: AccessTransaction, principals: Iterable[PrincipalRef], giver: Giver, now: datetime) -> Iterator[None]:
    """What is done within may give these more: then keys end whose makers may not do all of it themselves. Nobody gives
    a little to those who may do more than he, so that their keys end: then it raises AccessDeniedError."""
    in_order = sorted(set(principals), key=lambda ref: ref.key)
    for ref in in_order:
        _hold(tx, ref)
    before = {ref: grants_in(tx, ref) for ref in in_order}
    yield
    for ref, had in before.items():
        after = grants_in(tx, ref)
        if beyond(after.all, had) is not None and end_of_others(tx, ref, after, giver.actor, now):
            giver.check_over(tx, ref, WOULD_END)


def end_of_others(tx: AccessTransaction, ref: PrincipalRef, grants: Grants, by: Actor, now: datetime) -> bool:
    """Ends keys and password of this principal behind which stands somebody who may not do all of ``grants``; says
    whether there were any."""
    known = {"": True, PROGRAM: True, as_maker(tx, ref): True}

    def is_good(maker: str) -> bool:
        if maker not in known:
            known[maker] = beyond(grants.all, _held(tx, ref.scope.account, maker)) is None
        return known[maker]

    reason = "made by somebody who may do less than this principal from now on"
    return end_all_but(tx, ref, is_good, is_good, by, now, reason) != Ended()


def end_all_but(
    tx: AccessTransaction,
    ref: PrincipalRef,
    is_good: Callable[[str], bool],
    is_password_good: Callable[[str], bool],
    by: Actor,
    now: datetime,
    reason: str,
) -> Ended:
    """Ends keys and password of this principal whose makers are not good, with one record that tells the reason."""
    ended = [token.identifier for token in tx.tokens.list(ref.scope.account, ref) if _end(tx, token, is_good, now)]
    after: dict[str, object] = {"tokensEnded": ended} if ended else {}
    user = _hold(tx, ref)
    has_bad = user is not None and user.password_hash is not None and not is_password_good(user.password_by)
    if user is not None and has_bad:
        tx.users.replace(replace(user, password_hash=None, password_by="", last_modified_at=now))
        sessions = tx.sessions.remove_of(user.account, user.id)
        after |= {"hasPassword": False, "sessionsEnded": sessions}
    if after:
        note(tx, now, by, Action.REVOKE_TOKEN, _subject(ref, user), after={**after, "reason": reason})
        tx.announce(Signal(Topic.ACCESS))
    return Ended(len(ended), int(has_bad))


def _end(tx: AccessTransaction, token: Token, is_good: Callable[[str], bool], now: datetime) -> bool:
    """Whether something of it had to end: the whole token, or no more than its secret before a rotation."""
    if token.revoked_at is None and not is_good(token.made_by):
        tx.tokens.replace(replace(token, revoked_at=now, old_hash=None, old_until=None, old_made_by=""))
    elif token.old_hash is not None and not is_good(token.old_made_by):
        tx.tokens.replace(replace(token, old_hash=None, old_until=None, old_made_by=""))
    else:
        return False
    return True


def _behind_session(tx: AccessTransaction, ref: PrincipalRef, *, is_session: bool) -> str:
    user = tx.users.find(ref.scope.account, ref.identifier) if ref.type is PrincipalType.USER else None
    has_way = user is not None and (user.password_hash is not None or user.subject is not None)
    if is_session and not has_way:
        raise InvalidTokenError(ref.scope.account)
    return user.password_by if user is not None and user.password_hash is not None else ""


def as_maker(tx: AccessTransaction, ref: PrincipalRef) -> str:
    """The maker as it is kept."""
    if ref.type is PrincipalType.USER:
        return ref.key
    account = tx.service_accounts.find(ref.scope, ref.identifier)
    return ref.key if account is None else f"{ref.key}{_MADE_AT}{account.created_at.timestamp():.6f}"


def _held(tx: AccessTransaction, account: str, maker: str) -> Grants:
    """What the maker may do himself: nothing for one who is disabled or gone, whoever has the name now."""
    ref = PrincipalRef.of_key(account, maker.partition(_MADE_AT)[0])
    return powers_in(tx, ref) if as_maker(tx, ref) == maker else Grants()


def _hold(tx: AccessTransaction, ref: PrincipalRef) -> User | None:
    """Whoever makes a key or sets a password of this principal meanwhile comes before or after this transaction."""
    if ref.type is PrincipalType.USER:
        return tx.users.find(ref.scope.account, ref.identifier)
    tx.service_accounts.find(ref.scope, ref.identifier)
    return None


def _subject(ref: PrincipalRef, user: User | None) -> Subject:
    if user is not None:
        return Subject(Scope(user.account), ResourceType.USER, user.id, user.email)
    return Subject(ref.scope, ResourceType.SERVICE_ACCOUNT, ref.identifier)
