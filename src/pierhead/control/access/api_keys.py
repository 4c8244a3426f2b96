"""Use cases of API keys, the named containers of a principal's tokens. Permissions are asked by the caller."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pierhead.control.audit import Action, Subject, note
from pierhead.control.scopes import ResourceType, check_identifier, check_name
from pierhead.kit.clock import Clock
from pierhead.kit.signals import Signal, Topic

from .admins import way_in_kept
from .errors import PrincipalExistsError, PrincipalNotFoundError, TooManyPrincipalsError
from .escalation import THE_PROGRAM, Giver
from .labels import check_labels
from .lifetimes import default_of
from .model import ApiKey, PrincipalRef
from .people_documents import api_key_document
from .ports import AccessStore, AccessTransaction
from .principals import check_present
from .turns import in_turn

MOST_OF_OWNER = 100


@dataclass(frozen=True, slots=True)
class ApiKeyDraft:
    owner: PrincipalRef
    identifier: str
    name: str
    default_expiry_ms: int | None = None
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class ApiKeyService:
    """Thread-safe: it holds nothing that changes."""

    def __init__(self, store: AccessStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def list(self, owner: PrincipalRef) -> tuple[ApiKey, ...]:
        """Oldest first. Raises PrincipalNotFoundError when there is no such owner."""
        with self._store.snapshot() as tx:
            check_present(tx, owner)
            return tx.api_keys.list(owner.scope, owner.key)

    def get(self, owner: PrincipalRef, identifier: str) -> ApiKey:
        """Raises PrincipalNotFoundError."""
        with self._store.snapshot() as tx:
            return found_key(tx, owner, identifier)

    def create(self, draft: ApiKeyDraft, *, giver: Giver = THE_PROGRAM) -> ApiKey:
        """For whoever may do all that the owner may: others would only use up the owner's number of them.

        Raises PrincipalNotFoundError, AccessDeniedError, PrincipalExistsError, TooManyPrincipalsError and
        InvalidInputError.
        """
        check_identifier(draft.identifier)
        _check(draft)
        owner, now = draft.owner, self._clock.now()
        key = ApiKey(
            owner.scope, draft.identifier, draft.name, owner, now, now,
            draft.default_expiry_ms, draft.description, draft.tags,
        )  # fmt: skip
        with in_turn(self._store, owner.scope.account) as tx:
            check_present(tx, owner)
            giver.check_over(tx, owner)
            if len(tx.api_keys.list(owner.scope, owner.key)) >= MOST_OF_OWNER:
                raise TooManyPrincipalsError("API keys of this owner", MOST_OF_OWNER)
            if not tx.api_keys.add(key):
                raise PrincipalExistsError("API key", draft.identifier)
            note(tx, now, giver.actor, Action.CREATE, _subject(key), after=api_key_document(key))
        return key

    def update(self, draft: ApiKeyDraft, *, giver: Giver = THE_PROGRAM) -> ApiKey:
        """Replaces everything but owner and identifier; tokens in it stay as they are. For whoever may do all that the
        owner may.

        Raises PrincipalNotFoundError, AccessDeniedError and InvalidInputError.
        """
        _check(draft)
        now = self._clock.now()
        with in_turn(self._store, draft.owner.scope.account) as tx:
            before = found_key(tx, draft.owner, draft.identifier)
            giver.check_over(tx, draft.owner)
            after = replace(
                before,
                name=draft.name,
                default_expiry_ms=draft.default_expiry_ms,
                description=draft.description,
                tags=draft.tags,
                last_modified_at=now,
            )
            tx.api_keys.replace(after)
            documents = api_key_document(before), api_key_document(after)
            note(tx, now, giver.actor, Action.UPDATE, _subject(after), *documents)
        return after

    def delete(self, owner: PrincipalRef, identifier: str, *, giver: Giver = THE_PROGRAM) -> None:
        """With its tokens, which open nothing from now on. For whoever may do all that the owner may.

        Raises PrincipalNotFoundError, AccessDeniedError and LastWayInError.
        """
        now = self._clock.now()
        with in_turn(self._store, owner.scope.account) as tx, way_in_kept(tx, owner, now):
            key = found_key(tx, owner, identifier)
            giver.check_over(tx, owner)
            tokens = tx.tokens.list(owner.scope.account, owner, identifier)
            for token in tokens:
                tx.tokens.remove(token.id)
            tx.api_keys.remove(key.scope, key.identifier, key.parent)
            before = {**api_key_document(key), "tokens": [token.identifier for token in tokens]}
            note(tx, now, giver.actor, Action.DELETE, _subject(key), before=before)
            tx.announce(Signal(Topic.ACCESS))


def found_key(tx: AccessTransaction, owner: PrincipalRef, identifier: str) -> ApiKey:
    """Raises PrincipalNotFoundError. In a transaction that writes, it stays there until its end."""
    key = tx.api_keys.find(owner.scope, identifier, owner.key)
    if key is None:
        raise PrincipalNotFoundError("API key", identifier)
    return key


def _check(draft: ApiKeyDraft) -> None:
    check_name(draft.name)
    check_labels(draft.description, draft.tags)
    default_of(draft.default_expiry_ms)


def _subject(key: ApiKey) -> Subject:
    return Subject(key.scope, ResourceType.API_KEY, key.identifier, key.name)
