"""Use cases of secrets: store, change, list, delete, and reveal to the few that may (harness-api §2).

Permissions are asked by the caller. Values leave through ``reveal`` alone.
"""

from dataclasses import replace

from pierhead.control.scopes import Scope, ScopedReference
from pierhead.kit.clock import Clock
from pierhead.kit.paging import Page, PageRequest
from pierhead.kit.redact import SecretValue

from .checks import check_draft
from .errors import (
    EmptySecretError,
    SecretChangeError,
    SecretExistsError,
    SecretInUseError,
    SecretMissingError,
    SecretReferenceUnsupportedError,
    WrongKeyError,
)
from .model import SealedValue, Secret, SecretDraft, ValueType
from .ports import Keyring, SecretStore
from .sealing import place_of, seal, unseal


class SecretService:
    """Thread-safe: it holds nothing that changes."""

    def __init__(self, store: SecretStore, keyring: Keyring, clock: Clock) -> None:
        self._store = store
        self._keyring = keyring
        self._clock = clock

    def check_keyring(self) -> None:
        """For the start of a program: raises WrongKeyError when stored secrets need a key that is not held."""
        with self._store.snapshot() as tx:
            wanted = tx.secrets.key_ids()
        missing = sorted(wanted - {self._keyring.current_key_id})
        if missing:
            raise WrongKeyError(missing[0], self._keyring.current_key_id)

    def create(self, draft: SecretDraft) -> Secret:
        """Raises InvalidSecretError and its kind, SecretExistsError."""
        check_draft(draft)
        if draft.value is None:
            raise EmptySecretError
        with self._store.transaction() as tx:
            if tx.secrets.find(draft.scope, draft.identifier) is not None:
                raise SecretExistsError(draft.identifier)
            secret = self._new(draft)
            tx.secrets.add(secret)
        return secret

    def update(self, draft: SecretDraft) -> Secret:
        """Replaces name, description, tags and, when one is given, the value. Raises as ``create`` does,
        SecretMissingError, and SecretChangeError for what is fixed at creation."""
        check_draft(draft)
        with self._store.transaction() as tx:
            before = tx.secrets.find(draft.scope, draft.identifier)
            if before is None:
                raise SecretMissingError(draft.identifier, "update")
            if (draft.value_type, draft.secret_manager) != (before.value_type, before.secret_manager):
                raise SecretChangeError
            after = self._changed(before, draft)
            tx.secrets.replace(after)
        return after

    def get(self, scope: Scope, identifier: str) -> Secret:
        """Raises SecretMissingError."""
        with self._store.snapshot() as tx:
            found = tx.secrets.find(scope, identifier)
        if found is None:
            raise SecretMissingError(identifier)
        return found

    def delete(self, scope: Scope, identifier: str) -> None:
        """Raises SecretInUseError, SecretMissingError."""
        with self._store.transaction() as tx:
            tx.secrets.find(scope, identifier)  # a connector that is about to refer to it comes before or after this
            users = tx.connectors.using_secret(scope, identifier)
            if users:
                raise SecretInUseError(identifier, users)
            if not tx.secrets.remove(scope, identifier):
                raise SecretMissingError(identifier, "delete")

    def list(self, scope: Scope, request: PageRequest, search: str = "") -> Page[Secret]:
        with self._store.snapshot() as tx:
            return tx.secrets.page(scope, search, request)

    def validate_unique(self, scope: Scope, identifier: str) -> bool:
        with self._store.snapshot() as tx:
            return tx.secrets.find(scope, identifier) is None

    def reveal(self, reference: ScopedReference | str, user_scope: Scope) -> SecretValue:
        """The value. Raises InvalidReferenceError, SecretMissingError, SecretReferenceUnsupportedError, WrongKeyError,
        SecretDamagedError."""
        secret = self._resolve(reference, user_scope)
        if secret.reference is not None:
            raise SecretReferenceUnsupportedError(secret.identifier, secret.reference)
        return unseal(secret, self._keyring)

    def version_of(self, reference: ScopedReference | str, user_scope: Scope) -> str:
        """A text that changes whenever the value does, also when the secret is deleted and made again."""
        secret = self._resolve(reference, user_scope)
        return f"{secret.version}-{secret.sealed.nonce.hex() if secret.sealed else secret.reference}"

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
        )

    def _changed(self, before: Secret, draft: SecretDraft) -> Secret:
        described = replace(
            before,
            name=draft.name,
            description=draft.description,
            tags=dict(draft.tags),
            updated_at=self._clock.now(),
        )
        if draft.value is None:
            return described
        version = before.version + 1
        path, sealed = self._stored_value(draft, version)
        return replace(described, reference=path, sealed=sealed, version=version)

    def _stored_value(self, draft: SecretDraft, version: int) -> tuple[str | None, SealedValue | None]:
        """Path or sealed value, as the value type says."""
        if draft.value is None:
            raise EmptySecretError
        if draft.value_type is ValueType.REFERENCE:
            return draft.value.reveal(), None
        return None, seal(draft.value, place_of(draft.scope, draft.identifier, version), self._keyring)
