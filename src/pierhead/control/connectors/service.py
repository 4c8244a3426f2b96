"""Use cases of connectors: store, change, read, delete, and say what a change means (harness-api §1.5).

Permissions are asked by the caller; testing a connection is a task and not done here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pierhead.control.scopes import Scope, ScopedReference
from pierhead.kit.clock import Clock
from pierhead.kit.ids import IdSource, new_id
from pierhead.kit.paging import Page, PageRequest

from .address import normalise_url
from .checks import RESERVED_IDENTIFIER, check_draft
from .defaults import DEFAULT_IDENTIFIER, default_draft, warn_deleted, warn_edited, warn_failing
from .errors import ConnectorExistsError, ConnectorMissingError, ConnectorNotFoundError, ForceDeleteError
from .model import (
    ConnectivityStatus,
    Connector,
    ConnectorDraft,
    ConnectorFilter,
    ConnectorStatus,
    ConnectorWarning,
    ProviderType,
)
from .naming import Preview, preview
from .ports import ConnectorStore, ConnectorTransaction
from .secret_use import check_secrets, warn_credential_moved


@dataclass(frozen=True, slots=True)
class SavedConnector:
    """What is stored now, and what to know about it."""

    connector: Connector
    warnings: tuple[ConnectorWarning, ...] = ()


class ConnectorService:
    """Thread-safe: it holds nothing that changes. ``sample_images`` are the names that a preview shows."""

    def __init__(
        self, store: ConnectorStore, clock: Clock, ids: IdSource = new_id, *, sample_images: Sequence[str] = ()
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._sample_images = tuple(sample_images)

    def create(self, draft: ConnectorDraft) -> SavedConnector:
        """Raises InvalidConnectorError, SecretUseError, ConnectorExistsError."""
        check_draft(draft)
        with self._store.transaction() as tx:
            check_secrets(draft.spec, draft.scope, tx.secrets)
            if tx.connectors.find(draft.scope, draft.identifier) is not None:
                raise ConnectorExistsError(draft.name, draft.identifier)
            connector = self._add(tx, draft)
        return SavedConnector(connector, _notes(connector))

    def update(self, draft: ConnectorDraft) -> SavedConnector:
        """Everything is replaced but id, creation time and status. Raises as ``create``, and ConnectorMissingError."""
        check_draft(draft)
        with self._store.transaction() as tx:
            before = _existing(tx, draft.scope, draft.identifier)
            check_secrets(draft.spec, draft.scope, tx.secrets)
            after = self._changed(before, draft)
            tx.connectors.replace(after)
        return SavedConnector(after, (*warn_credential_moved(before.spec, after.spec), *_notes(after)))

    def get(self, scope: Scope, identifier: str) -> Connector:
        """Raises ConnectorMissingError."""
        with self._store.snapshot() as tx:
            return _existing(tx, scope, identifier)

    def resolve(self, reference: str | ScopedReference, user_scope: Scope) -> Connector:
        """What a reference means to a user in that scope. Raises InvalidReferenceError, ConnectorNotFoundError."""
        parsed = ScopedReference.parse(reference) if isinstance(reference, str) else reference
        scope, identifier = parsed.resolve(user_scope)
        with self._store.snapshot() as tx:
            found = tx.connectors.find(scope, identifier)
        if found is None:
            raise ConnectorNotFoundError(identifier, scope.level)
        return found

    def list(self, scope: Scope, wanted: ConnectorFilter, request: PageRequest) -> Page[Connector]:
        with self._store.snapshot() as tx:
            return tx.connectors.page(scope, wanted, request)

    def delete(self, scope: Scope, identifier: str, *, force: bool = False) -> tuple[ConnectorWarning, ...]:
        """Raises ConnectorMissingError; ForceDeleteError, for accounts do not allow force."""
        if force:
            raise ForceDeleteError(scope.account)
        with self._store.transaction() as tx:
            if not tx.connectors.remove(scope, identifier):
                raise ConnectorMissingError(scope, identifier)
        return warn_deleted(scope, identifier)

    def validate_unique(self, scope: Scope, identifier: str) -> bool:
        """Whether a new connector may have the identifier as far as others have it."""
        if identifier == RESERVED_IDENTIFIER:
            return False
        with self._store.snapshot() as tx:
            return tx.connectors.find(scope, identifier) is None

    def set_status(self, scope: Scope, identifier: str, status: ConnectorStatus) -> tuple[ConnectorWarning, ...]:
        """Keeps what a connection test said. Raises ConnectorMissingError."""
        with self._store.transaction() as tx:
            if not tx.connectors.set_status(scope, identifier, status):
                raise ConnectorMissingError(scope, identifier)
        return warn_failing(scope, identifier) if status.status is ConnectivityStatus.FAILURE else ()

    def ensure_default(self, account: str) -> tuple[Connector, bool]:
        """The account's ``harnessImage``, made when there is none; True when it was made now."""
        draft = default_draft(account)
        with self._store.transaction() as tx:
            found = tx.connectors.find(draft.scope, DEFAULT_IDENTIFIER)
            return (found, False) if found else (self._add(tx, draft), True)

    def restore_default(self, account: str) -> SavedConnector:
        """``harnessImage`` as it was at the first start, whether it was deleted or changed."""
        connector, is_new = self.ensure_default(account)
        return SavedConnector(connector) if is_new else self.update(default_draft(account))

    def preview(self, url: str, provider_type: ProviderType = ProviderType.OTHER) -> Preview:
        """What a connector with this URL would do; nothing is stored. Raises InvalidRegistryUrlError."""
        return preview(normalise_url(url, provider_type), self._sample_images)

    def _add(self, tx: ConnectorTransaction, draft: ConnectorDraft) -> Connector:
        now = self._clock.now()
        connector = Connector(
            id=self._ids(),
            scope=draft.scope,
            identifier=draft.identifier,
            name=draft.name,
            description=draft.description,
            tags=dict(draft.tags),
            spec=draft.spec,
            version=1,
            created_at=now,
            last_modified_at=now,
        )
        tx.connectors.add(connector)
        return connector

    def _changed(self, before: Connector, draft: ConnectorDraft) -> Connector:
        return replace(
            before,
            name=draft.name,
            description=draft.description,
            tags=dict(draft.tags),
            spec=draft.spec,
            version=before.version + (draft.spec != before.spec),
            last_modified_at=self._clock.now(),
        )


def _existing(tx: ConnectorTransaction, scope: Scope, identifier: str) -> Connector:
    found = tx.connectors.find(scope, identifier)
    if found is None:
        raise ConnectorMissingError(scope, identifier)
    return found


def _notes(connector: Connector) -> tuple[ConnectorWarning, ...]:
    address = normalise_url(connector.spec.url, connector.spec.provider_type)
    return (*address.notes, *warn_edited(connector.scope, connector.identifier))
