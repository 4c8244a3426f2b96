"""Use cases of service accounts: principals for programs, each in one scope. Permissions are asked by the caller."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pierhead.control.audit import SYSTEM, Action, Actor, Subject, note
from pierhead.control.organizations import check_place
from pierhead.control.scopes import ResourceType, Scope, check_identifier, check_name
from pierhead.kit.clock import Clock
from pierhead.kit.paging import Page, PageRequest
from pierhead.kit.signals import Signal, Topic

from .emails import check_email
from .errors import PrincipalExistsError, PrincipalNotFoundError, TooManyPrincipalsError
from .escalation import THE_PROGRAM, Giver
from .granted import Granted, granted_to
from .grants import Identifiers
from .labels import check_labels
from .leavers import end_of_leaver
from .model import ServiceAccount
from .people_documents import service_account_document
from .people_pages import page_among
from .ports import AccessStore, AccessTransaction
from .principals import take_everything_from
from .turns import in_turn

MOST_IN_SCOPE = 1000


@dataclass(frozen=True, slots=True)
class ServiceAccountDraft:
    scope: Scope
    identifier: str
    name: str
    email: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class ServiceAccountService:
    """Thread-safe: it holds nothing that changes."""

    def __init__(self, store: AccessStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def list(self, scope: Scope, only: Identifiers = None) -> tuple[ServiceAccount, ...]:
        """Those of exactly this scope, oldest first; ``only`` those with these identifiers."""
        with self._store.snapshot() as tx:
            found = tx.service_accounts.list(scope)
        return tuple(account for account in found if only is None or account.identifier in only)

    def page(self, scope: Scope, search: str, request: PageRequest, only: Identifiers = None) -> Page[ServiceAccount]:
        """Last modified first."""
        if only is None:
            with self._store.snapshot() as tx:
                return tx.service_accounts.page(scope, search, request)
        found = sorted(self.list(scope, only), key=lambda account: account.last_modified_at, reverse=True)
        return page_among(found, search, request, _texts)

    def details(self, account: ServiceAccount) -> tuple[int, tuple[Granted, ...]]:
        """How many tokens it has, and what was granted to it, in every scope."""
        with self._store.snapshot() as tx:
            return len(tx.tokens.list(account.scope.account, account.ref)), granted_to(tx, account.ref)

    def get(self, scope: Scope, identifier: str) -> ServiceAccount:
        """Raises PrincipalNotFoundError."""
        with self._store.snapshot() as tx:
            return _found(tx, scope, identifier)

    def create(self, draft: ServiceAccountDraft, *, by: Actor = SYSTEM) -> ServiceAccount:
        """Raises PlaceNotFoundError, PrincipalExistsError, TooManyPrincipalsError and InvalidInputError."""
        check_identifier(draft.identifier)
        email, now = _checked(draft), self._clock.now()
        account = ServiceAccount(
            draft.scope, draft.identifier, draft.name, now, now, email, draft.description, draft.tags
        )
        with self._store.transaction() as tx:
            check_place(tx, draft.scope)
            if len(tx.service_accounts.list(draft.scope)) >= MOST_IN_SCOPE:
                raise TooManyPrincipalsError("service accounts in this scope", MOST_IN_SCOPE)
            if not tx.service_accounts.add(account):
                raise PrincipalExistsError("service account", draft.identifier)
            note(tx, now, by, Action.CREATE, _subject(account), after=service_account_document(account))
        return account

    def update(self, draft: ServiceAccountDraft, *, giver: Giver = THE_PROGRAM) -> ServiceAccount:
        """Replaces everything but scope and identifier; for whoever may do all that it may.

        Raises PrincipalNotFoundError, AccessDeniedError and InvalidInputError.
        """
        email, now = _checked(draft), self._clock.now()
        with in_turn(self._store, draft.scope.account) as tx:
            before = _found(tx, draft.scope, draft.identifier)
            giver.check_over(tx, before.ref)
            given = {"name": draft.name, "email": email, "description": draft.description, "tags": draft.tags}
            after = replace(before, last_modified_at=now, **given)  # type: ignore[arg-type]
            tx.service_accounts.replace(after)
            documents = service_account_document(before), service_account_document(after)
            note(tx, now, giver.actor, Action.UPDATE, _subject(after), *documents)
        return after

    def delete(self, scope: Scope, identifier: str, *, giver: Giver = THE_PROGRAM) -> None:
        """With its API keys, tokens and role assignments, and what it made for others; for whoever may do all that it
        may, and all that those may whose keys end.

        Raises PrincipalNotFoundError, AccessDeniedError.
        """
        with in_turn(self._store, scope.account) as tx:
            account = _found(tx, scope, identifier)
            giver.check_over(tx, account.ref)
            now = self._clock.now()
            ended = end_of_leaver(tx, account.ref, giver, now)
            take_everything_from(tx, account.ref)
            tx.service_accounts.remove(scope, identifier)
            before = service_account_document(account)
            note(tx, now, giver.actor, Action.DELETE, _subject(account), before, ended)
            tx.announce(Signal(Topic.ACCESS))


def _checked(draft: ServiceAccountDraft) -> str:
    """The email as it is kept."""
    check_name(draft.name)
    check_labels(draft.description, draft.tags)
    return check_email(draft.email) if draft.email.strip() else ""


def _found(tx: AccessTransaction, scope: Scope, identifier: str) -> ServiceAccount:
    account = tx.service_accounts.find(scope, identifier)
    if account is None:
        raise PrincipalNotFoundError("service account", identifier, scope)
    return account


def _subject(account: ServiceAccount) -> Subject:
    return Subject(account.scope, ResourceType.SERVICE_ACCOUNT, account.identifier, account.name)


def _texts(account: ServiceAccount) -> tuple[str, ...]:
    return (account.name, account.identifier, *account.tags, *account.tags.values())
