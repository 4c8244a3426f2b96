"""Use cases of gate policies and exceptions: make, change, read, list, delete. Permissions are asked by the caller.

An exception names who made it from the caller, never from what the caller writes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from pierhead.control.audit import SYSTEM, Action, Actor, Subject, note
from pierhead.control.organizations import check_place
from pierhead.control.scopes import Level, ResourceType, Scope, ScopedReference, check_identifier, check_name
from pierhead.kit.clock import Clock
from pierhead.kit.paging import Page, PageRequest

from .decide import decide
from .documents import exception_document, policy_document
from .errors import (
    GateExceptionExistsError,
    GateExceptionMissingError,
    GatePolicyExistsError,
    GatePolicyMissingError,
    InvalidGateExceptionError,
    TooManyGateEntitiesError,
)
from .evidence import Evidence
from .model import GateException, GatePolicy
from .ports import GateStore, GateTransaction
from .settings import Gate, GateKind
from .verdict import Verdict

MAX_POLICIES: Final = 200
MAX_EXCEPTIONS: Final = 1000
LONGEST_EXCEPTION: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class GatePolicyDraft:
    """What a user asks to be stored."""

    scope: Scope
    identifier: str
    name: str
    gates: tuple[Gate, ...]
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GateExceptionDraft:
    """What a user asks to be stored. As in ``GateException``."""

    scope: Scope
    identifier: str
    name: str
    gate: GateKind
    image: str
    reason: str
    expires_at: datetime
    policy: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class GatePolicyService:
    """Thread-safe: it holds nothing that changes."""

    def __init__(self, store: GateStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def create(self, draft: GatePolicyDraft, *, by: Actor = SYSTEM) -> GatePolicy:
        """Raises InvalidIdentifierError, InvalidInputError for the name, InvalidGateError, PlaceNotFoundError,
        TooManyGateEntitiesError, GatePolicyExistsError."""
        check_identifier(draft.identifier)
        check_name(draft.name)
        now = self._clock.now()
        made = GatePolicy(
            draft.scope, draft.identifier, draft.name, draft.gates, now, now, draft.description, dict(draft.tags)
        )
        with self._store.transaction() as tx:
            check_place(tx, draft.scope)
            if len(tx.gate_policies.list(draft.scope)) >= MAX_POLICIES:
                raise TooManyGateEntitiesError("gate policies", MAX_POLICIES)
            if not tx.gate_policies.add(made):
                raise GatePolicyExistsError(draft.identifier)
            note(tx, now, by, Action.CREATE, _policy(made), None, policy_document(made))
        return made

    def update(self, draft: GatePolicyDraft, *, by: Actor = SYSTEM) -> GatePolicy:
        """Replaces all but the identifier, and counts the version up. Raises as ``create``, GatePolicyMissingError."""
        check_name(draft.name)
        now = self._clock.now()
        with self._store.transaction() as tx:
            before = _found(tx, draft.scope, draft.identifier)
            after = replace(
                before,
                name=draft.name,
                gates=draft.gates,
                description=draft.description,
                tags=dict(draft.tags),
                version=before.version + 1,
                last_modified_at=now,
            )
            tx.gate_policies.replace(after)
            note(tx, now, by, Action.UPDATE, _policy(after), policy_document(before), policy_document(after))
        return after

    def get(self, scope: Scope, identifier: str) -> GatePolicy:
        """Raises GatePolicyMissingError."""
        with self._store.snapshot() as tx:
            return _found(tx, scope, identifier)

    def resolve(self, reference: str, user: Scope) -> GatePolicy:
        """The policy that ``user`` means by ``id``, ``org.id`` or ``account.id``. Raises InvalidReferenceError too."""
        scope, identifier = ScopedReference.parse(reference).resolve(user)
        return self.get(scope, identifier)

    def list(self, scope: Scope, search: str, request: PageRequest) -> Page[GatePolicy]:
        """Last modified first."""
        with self._store.snapshot() as tx:
            return tx.gate_policies.page(scope, search, request)

    def delete(self, scope: Scope, identifier: str, *, by: Actor = SYSTEM) -> None:
        """Raises GatePolicyMissingError. Whoever still names it is refused, not let through."""
        with self._store.transaction() as tx:
            gone = _found(tx, scope, identifier)
            tx.gate_policies.remove(scope, identifier)
            note(tx, self._clock.now(), by, Action.DELETE, _policy(gone), policy_document(gone))

    def decide(self, policy: GatePolicy, user: Scope, evidence: Evidence) -> Verdict:
        """With the exceptions of ``user`` and of the scopes above it."""
        with self._store.snapshot() as tx:
            exceptions = [one for scope in _upwards(user) for one in tx.gate_exceptions.list(scope)]
        return decide(policy, evidence, exceptions, self._clock.now())


class GateExceptionService:
    """Thread-safe: it holds nothing that changes."""

    def __init__(self, store: GateStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def create(self, draft: GateExceptionDraft, *, by: Actor = SYSTEM) -> GateException:
        """Raises InvalidIdentifierError, InvalidInputError for the name, InvalidGateExceptionError for one without
        reason or end, over already or longer than a year, PlaceNotFoundError, GateExceptionExistsError."""
        check_identifier(draft.identifier)
        check_name(draft.name)
        now = self._clock.now()
        made = GateException(
            scope=draft.scope,
            identifier=draft.identifier,
            name=draft.name,
            gate=draft.gate,
            image=draft.image,
            reason=draft.reason,
            made_by=f"{by.type.value}/{by.identifier}",
            expires_at=draft.expires_at,
            created_at=now,
            last_modified_at=now,
            policy=draft.policy,
            tags=dict(draft.tags),
        )
        _check_end(made, now)
        with self._store.transaction() as tx:
            check_place(tx, draft.scope)
            if len(tx.gate_exceptions.list(draft.scope)) >= MAX_EXCEPTIONS:
                raise TooManyGateEntitiesError("gate exceptions", MAX_EXCEPTIONS)
            if not tx.gate_exceptions.add(made):
                raise GateExceptionExistsError(draft.identifier)
            note(tx, now, by, Action.CREATE, _exception(made), None, exception_document(made))
        return made

    def get(self, scope: Scope, identifier: str) -> GateException:
        """Raises GateExceptionMissingError."""
        with self._store.snapshot() as tx:
            return _exception_in(tx, scope, identifier)

    def list(self, scope: Scope, search: str, request: PageRequest) -> Page[GateException]:
        """Last modified first, those that have ended among them."""
        with self._store.snapshot() as tx:
            return tx.gate_exceptions.page(scope, search, request)

    def delete(self, scope: Scope, identifier: str, *, by: Actor = SYSTEM) -> None:
        """Raises GateExceptionMissingError. There is no update: another exception has a reason of its own."""
        with self._store.transaction() as tx:
            gone = _exception_in(tx, scope, identifier)
            tx.gate_exceptions.remove(scope, identifier)
            note(tx, self._clock.now(), by, Action.DELETE, _exception(gone), exception_document(gone))


def _upwards(scope: Scope) -> Iterable[Scope]:
    levels = list(Level)
    return dict.fromkeys(scope.at(level) for level in levels[: levels.index(scope.level) + 1])


def _check_end(made: GateException, now: datetime) -> None:
    if made.is_over(now):
        raise InvalidGateExceptionError(made.identifier, "would be over already")
    if made.expires_at - now > LONGEST_EXCEPTION:
        raise InvalidGateExceptionError(made.identifier, f"is for more than {LONGEST_EXCEPTION.days} days")


def _found(tx: GateTransaction, scope: Scope, identifier: str) -> GatePolicy:
    found = tx.gate_policies.find(scope, identifier)
    if found is None:
        raise GatePolicyMissingError(identifier)
    return found


def _exception_in(tx: GateTransaction, scope: Scope, identifier: str) -> GateException:
    found = tx.gate_exceptions.find(scope, identifier)
    if found is None:
        raise GateExceptionMissingError(identifier)
    return found


def _policy(policy: GatePolicy) -> Subject:
    return Subject(policy.scope, ResourceType.GATE_POLICY, policy.identifier, policy.name)


def _exception(made: GateException) -> Subject:
    return Subject(made.scope, ResourceType.GATE_EXCEPTION, made.identifier, made.name)
