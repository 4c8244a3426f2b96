"""Use cases of secrets: store, change, list, delete, and reveal to the few that may (harness-api §2).

Permissions are asked by the caller. Values leave through ``reveal`` alone; what the audit trail gets is their digest.
"""

from dataclasses import replace
from hmac import compare_digest

from pierhead.control.audit import SYSTEM, Action, Actor
from pierhead.control.organizations import check_place
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.kit.clock import Clock
from pierhead.kit.paging import Page, PageRequest
from pierhead.kit.redact import SecretValue

from .checks import check_draft, check_manager
from .errors import (
    EmptySecretError,
    RootKeyChangedError,
    SecretChangeError,
    SecretDamagedError,
    SecretExistsError,
    SecretInUseError,
    SecretMissingError,
    WrongKeyError,
)
from .managing import ConfiguredStore, SecretManagers, version_of_value
from .model import SealedValue, Secret, SecretDraft, ValueType
from .ports import Keyring, SecretStore
from .sealing import place_of, seal, unseal
from .trail import SecretTrail

ROOT_KEY = "encryption-root-key"
"""The property of the store that names the first key."""


class SecretService:
    """Thread-safe: it holds nothing that changes, except for what ``managers`` remember."""

    def __init__(
        self, store: SecretStore, keyring: Keyring, clock: Clock, managers: SecretManagers | None = None
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._clock = clock
        self._managers = managers or SecretManagers(clock)
        self._trail = SecretTrail(keyring)
        self._version_key = keyring.derive("versions of secrets")

    def managers(self) -> tuple[ConfiguredStore, ...]:
        """Outside stores that References may point to."""
        return self._managers.list()

    def check_keyring(self) -> None:
        """For the start of a program: raises WrongKeyError when stored secrets need a key that is not held, and
        RootKeyChangedError when the store began with another first key."""
        with self._store.snapshot() as tx:
            wanted, root = tx.secrets.key_ids(), tx.properties.get(ROOT_KEY)
        held = self._keyring.key_ids
        missing = sorted(wanted.difference(held))
        if missing:
            raise WrongKeyError(missing[0], held)
        if root is not None and root != self._keyring.root_key_id:
            raise RootKeyChangedError(root, self._keyring.root_key_id)

    def create(self, draft: SecretDraft, *, by: Actor = SYSTEM) -> Secret:
        """Raises InvalidSecretError and its kind, PlaceNotFoundError, SecretExistsError."""
        check_draft(draft)
        check_manager(draft, self._managers)
        if draft.value is None:
            raise EmptySecretError
        with self._store.transaction() as tx:
            check_place(tx, draft.scope)
            if tx.secrets.find(draft.scope, draft.identifier) is not None:
                raise SecretExistsError(draft.identifier)
            secret = self._new(draft)
            tx.secrets.add(secret)
            self._trail.note(tx, secret.created_at, by, Action.CREATE, None, secret)
        return secret

    def update(self, draft: SecretDraft, *, by: Actor = SYSTEM) -> Secret:
        """Replaces name, description, tags and, when one is given, the value. Where all is as it was, so are version
        and ``updated_at``, and yet it is noted: whoever gave the value has learned that it is the one. Raises as
        ``create`` does, SecretMissingError, and SecretChangeError for what is fixed at creation."""
        check_draft(draft)
        with self._store.transaction() as tx:
            before = tx.secrets.find(draft.scope, draft.identifier)
            if before is None:
                raise SecretMissingError(draft.identifier, "update")
            if (draft.value_type, draft.secret_manager) != (before.value_type, before.secret_manager):
                raise SecretChangeError
            if draft.value is not None:
                check_manager(draft, self._managers)
            after = self._changed(before, draft)
            if after != before:
                tx.secrets.replace(after)
            self._trail.note(tx, self._clock.now(), by, Action.UPDATE, before, after)
        return after

    def get(self, scope: Scope, identifier: str) -> Secret:
        """Raises SecretMissingError."""
        with self._store.snapshot() as tx:
            found = tx.secrets.find(scope, identifier)
        if found is None:
            raise SecretMissingError(identifier)
        return found

    def delete(self, scope: Scope, identifier: str, *, force: bool = False, by: Actor = SYSTEM) -> None:
        """``force``: also when connectors refer to it. Raises SecretInUseError, SecretMissingError."""
        with self._store.transaction() as tx:
            before = tx.secrets.find(scope, identifier)  # who is about to refer to it comes before or after this
            users = tx.connectors.referring_to(scope, identifier)
            if users and not force:
                raise SecretInUseError(identifier, tuple(sorted(((u.scope, u.identifier) for u in users), key=_place)))
            if before is None or not tx.secrets.remove(scope, identifier):
                raise SecretMissingError(identifier, "delete")
            self._trail.note(tx, self._clock.now(), by, Action.FORCE_DELETE if users else Action.DELETE, before, None)

    def list(
        self, scope: Scope, request: PageRequest, search: str = "", *, only: frozenset[str] | None = None
    ) -> Page[Secret]:
        """Those of exactly this scope; with ``only``, none but those with these identifiers."""
        with self._store.snapshot() as tx:
            return tx.secrets.page(scope, search, request, only)

    def around(self, scope: Scope, search: str = "", *, above: bool, below: bool) -> tuple[Secret, ...]:
        """All of the scope and of those that contain it (``above``) or that it contains (``below``), newest first."""
        with self._store.snapshot() as tx:
            return tx.secrets.around(scope, search, above=above, below=below)

    def validate_unique(self, scope: Scope, identifier: str) -> bool:
        with self._store.snapshot() as tx:
            return tx.secrets.find(scope, identifier) is None

    def reveal(self, reference: ScopedReference | str, user_scope: Scope) -> SecretValue:
        """The value. Raises InvalidReferenceError, SecretMissingError, WrongKeyError, SecretDamagedError, and for what
        lies elsewhere UnknownManagerError and the errors of ``manager_errors``."""
        secret = self._resolve(reference, user_scope)
        return unseal(secret, self._keyring) if secret.reference is None else self._read(secret, secret.reference)

    def version_of(self, reference: ScopedReference | str, user_scope: Scope) -> str:
        """A text that changes whenever the value does, also when the secret is deleted and made again. For what lies
        elsewhere it is read; raises as ``reveal``."""
        secret = self._resolve(reference, user_scope)
        if secret.reference is not None:
            value = self._read(secret, secret.reference)
            return f"{secret.version}-{version_of_value(value, self._version_key)}"
        return f"{secret.version}-{secret.sealed.nonce.hex() if secret.sealed else ''}"

    def _read(self, secret: Secret, path: str) -> SecretValue:
        return self._managers.read(secret.secret_manager, secret.scope, path, secret.reference_version)

    def _resolve(self, reference: ScopedReference | str, user_scope: Scope) -> Secret:
        parsed = ScopedReference.parse(reference) if isinstance(reference, str) else reference
        return self.get(*parsed.resolve(user_scope))

    def _new(self, draft: SecretDraft) -> Secret:
        now = self._clock.now()
        path, sealed = self._stored_value(draft, version=1)
        return Secret(
            scope=draft.scope,
            identifier=draft.identifier,
            name=draft.name,
            description=draft.description,
            tags=dict(draft.tags),
            secret_manager=draft.secret_manager,
            value_type=draft.value_type,
            reference=path,
            sealed=sealed,
            version=1,
            created_at=now,
            updated_at=now,
            reference_version=draft.reference_version if path is not None else None,
        )

    def _changed(self, before: Secret, draft: SecretDraft) -> Secret:
        described = replace(before, name=draft.name, description=draft.description, tags=dict(draft.tags))
        is_same = self._is_same(before, draft)
        if is_same and described == before:
            return before
        described = replace(described, updated_at=self._clock.now())
        if is_same or draft.value is None:
            return described
        version = before.version + 1
        path, sealed = self._stored_value(draft, version)
        kept = draft.reference_version if path is not None else None
        return replace(described, reference=path, reference_version=kept, sealed=sealed, version=version)

    def _is_same(self, before: Secret, draft: SecretDraft) -> bool:
        """Whether the value given is the one that is stored. One that cannot be opened any more is another."""
        if draft.value is None:
            return False
        given = draft.value.reveal()
        if before.reference is not None:
            return (given, draft.reference_version) == (before.reference, before.reference_version)
        try:
            return compare_digest(given.encode(), unseal(before, self._keyring).reveal().encode())
        except (SecretDamagedError, WrongKeyError):
            return False

    def _stored_value(self, draft: SecretDraft, version: int) -> tuple[str | None, SealedValue | None]:
        """Path or sealed value, as the value type says."""
        if draft.value is None:
            raise EmptySecretError
        if draft.value_type is ValueType.REFERENCE:
            return draft.value.reveal(), None
        return None, seal(draft.value, place_of(draft.scope, draft.identifier, version), self._keyring)


def _place(address: tuple[Scope, str]) -> tuple[str, str, str]:
    scope, identifier = address
    return identifier, scope.org or "", scope.project or ""
