"""Use cases of people: who is there, who may come, who is kept out. Permissions are asked by the caller.

Passwords and sessions are seen to elsewhere; a person without a password comes in by single sign-on or not at all.
"""

from collections.abc import Callable
from dataclasses import replace

from pierhead.control.audit import SYSTEM, Action, Actor, Document, PrincipalType, Subject, note
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.clock import Clock
from pierhead.kit.ids import random_text
from pierhead.kit.paging import Page, PageRequest
from pierhead.kit.signals import Signal, Topic

from .emails import canonical_email, check_email
from .errors import LastAdminError, PrincipalExistsError, PrincipalNotFoundError
from .escalation import THE_PROGRAM, Giver
from .granted import Granted, granted_to
from .grants import Identifiers
from .labels import check_person_name
from .leavers import end_of_leaver
from .model import USER_ID_LENGTH, User
from .people_documents import user_document
from .people_pages import page_among
from .ports import AccessStore, AccessTransaction
from .principals import only_admin, take_everything_from
from .resolving import would_grant
from .turns import in_turn


class UserService:
    """Thread-safe: it holds nothing that changes."""

    def __init__(self, store: AccessStore, clock: Clock, ids: Callable[[int], str] = random_text) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    def list(self, account: str, search: str, request: PageRequest, only: Identifiers = None) -> Page[User]:
        """By email; ``only`` those with these ids."""
        with self._store.snapshot() as tx:
            if only is None:
                return tx.users.page(account, search, request)
            found = [user for one in only if (user := tx.users.find(account, one)) is not None]
        by_email = sorted(found, key=lambda user: user.email)
        return page_among(by_email, search, request, lambda user: (user.email, user.name))

    def in_scope(self, scope: Scope, search: str, request: PageRequest, only: Identifiers = None) -> Page[User]:
        """People to whom something was granted in exactly this scope, by email; ``only`` those with these ids."""
        with self._store.snapshot() as tx:
            principals = {one.principal for one in tx.role_assignments.list(scope)}
        ids = frozenset(ref.identifier for ref in principals if ref.type is PrincipalType.USER)
        return self.list(scope.account, search, request, ids if only is None else ids & only)

    def granted(self, user: User) -> tuple[Granted, ...]:
        """What was granted to the person, in every scope."""
        with self._store.snapshot() as tx:
            return granted_to(tx, user.ref)

    def get(self, account: str, user_id: str) -> User:
        """Raises PrincipalNotFoundError."""
        with self._store.snapshot() as tx:
            return _found(tx, account, user_id)

    def find_by_email(self, account: str, email: str) -> User | None:
        with self._store.snapshot() as tx:
            return tx.users.find_by_email(account, canonical_email(email))

    def create(self, account: str, email: str, name: str = "", *, by: Actor = SYSTEM) -> User:
        """A person with no password and no rights yet; without ``name`` called as the email begins.

        Raises InvalidPrincipalError and PrincipalExistsError.
        """
        email, now = check_email(email), self._clock.now()
        name = check_person_name(name or email.partition("@")[0])
        user = User(account, self._ids(USER_ID_LENGTH), email, name, now, now)
        with self._store.transaction() as tx:
            if not tx.users.add(user):
                raise PrincipalExistsError("user", email)
            note(tx, now, by, Action.CREATE, _subject(user), after=user_document(user))
        return user

    def rename(self, account: str, user_id: str, name: str, *, giver: Giver = THE_PROGRAM) -> User:
        """For whoever may do all that this person may.

        Raises InvalidPrincipalError, PrincipalNotFoundError and AccessDeniedError.
        """
        name = check_person_name(name)
        with in_turn(self._store, account) as tx:
            user = _found(tx, account, user_id)
            giver.check_over(tx, user.ref)
            return self._change(tx, user, giver.actor, name=name)

    def disable(self, account: str, user_id: str, *, giver: Giver = THE_PROGRAM) -> User:
        """Ends the person's sessions, and what he made for others; keys open nothing until ``enable``. For whoever may
        do all that this person may, and all that those may whose keys end.

        Raises PrincipalNotFoundError, AccessDeniedError and LastAdminError.
        """
        with in_turn(self._store, account) as tx:
            user = self._dispensable(tx, account, user_id, giver)
            ended = end_of_leaver(tx, user.ref, giver, self._clock.now())
            tx.sessions.remove_of(account, user_id)
            return self._change(tx, user, giver.actor, ended, is_disabled=True)

    def enable(self, account: str, user_id: str, *, giver: Giver = THE_PROGRAM) -> User:
        """For whoever may do all that this person may. Raises PrincipalNotFoundError, AccessDeniedError."""
        with in_turn(self._store, account) as tx:
            user = _found(tx, account, user_id)
            giver.check_over(tx, user.ref)
            return self._change(tx, user, giver.actor, is_disabled=False)

    def delete(self, account: str, user_id: str, *, giver: Giver = THE_PROGRAM) -> None:
        """With all keys, sessions and role assignments, and what he made for others. Raises as ``disable``."""
        with in_turn(self._store, account) as tx:
            user = self._dispensable(tx, account, user_id, giver)
            now = self._clock.now()
            ended = end_of_leaver(tx, user.ref, giver, now)
            take_everything_from(tx, user.ref)
            tx.users.remove(account, user_id)
            note(tx, now, giver.actor, Action.DELETE, _subject(user), user_document(user), ended)
            tx.announce(Signal(Topic.ACCESS))

    def leave(self, scope: Scope, user_id: str, *, giver: Giver = THE_PROGRAM) -> None:
        """Takes away what was granted to the person in exactly this organization or project: from somebody else, for
        whoever may do all of it himself.

        Raises PrincipalNotFoundError when that is nothing, and AccessDeniedError.
        """
        with in_turn(self._store, scope.account) as tx:
            user = _found(tx, scope.account, user_id)
            granted = [one for one in tx.role_assignments.list_about(scope.account, user.ref.key) if one.scope == scope]
            if not granted:
                raise PrincipalNotFoundError("user", user_id)
            for one in granted:
                giver.check(tx, user.ref, would_grant(tx, one), ())
                tx.role_assignments.remove(one.scope, one.identifier, one.parent)
            subject = Subject(scope, ResourceType.USER, user.id, user.email)
            gone = {"roleAssignments": [one.identifier for one in granted]}
            note(tx, self._clock.now(), giver.actor, Action.DELETE, subject, before=gone)
            tx.announce(Signal(Topic.ACCESS))

    def _dispensable(self, tx: AccessTransaction, account: str, user_id: str, giver: Giver) -> User:
        admin, user = only_admin(tx, account, self._clock.now()), _found(tx, account, user_id)
        giver.check_over(tx, user.ref)
        if admin == user_id:
            raise LastAdminError(user.email)
        return user

    def _change(
        self, tx: AccessTransaction, user: User, by: Actor, more: Document | None = None, **changes: object
    ) -> User:
        now = self._clock.now()
        changed = replace(user, last_modified_at=now, **changes)  # type: ignore[arg-type]
        tx.users.replace(changed)
        after = {**user_document(changed), **(more or {})}
        note(tx, now, by, Action.UPDATE, _subject(changed), user_document(user), after)
        tx.announce(Signal(Topic.ACCESS))
        return changed


def _found(tx: AccessTransaction, account: str, user_id: str) -> User:
    user = tx.users.find(account, user_id)
    if user is None:
        raise PrincipalNotFoundError("user", user_id)
    return user


def _subject(user: User) -> Subject:
    return Subject(Scope(user.account), ResourceType.USER, user.id, user.email)
