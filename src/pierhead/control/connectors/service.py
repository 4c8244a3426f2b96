"""Use cases of connectors: store, change, read, delete, and say what a change means (harness-api §1.5).

Permissions on connectors are asked by the caller, those on the secrets in them here, of the caller's ``Authority``;
testing a connection is a task and not done here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from pierhead.control.audit import SYSTEM, Action, Actor, Subject, note
from pierhead.control.organizations import check_place
from pierhead.control.scopes import ResourceType, Scope, ScopedReference
from pierhead.kit.clock import Clock
from pierhead.kit.ids import IdSource, new_id
from pierhead.kit.paging import Page, PageRequest

from .address import normalise_url
from .authority import UNLIMITED, Authority, authority_of
from .checks import RESERVED_IDENTIFIER, check_draft
from .cloud import notes_of_login
from .defaults import DEFAULT_IDENTIFIER, default_draft, warn_deleted, warn_edited, warn_failing
from .document import render_connector
from .errors import (
    ConnectorExistsError,
    ConnectorInUseError,
    ConnectorMissingError,
    ConnectorNotFoundError,
    ConnectorTakenError,
)
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
from .secret_use import check_reach, check_secrets, warn_credential_moved
from .uses import Use, uses_of_connector, uses_of_secret

_TESTED_WITHIN = timedelta(minutes=30)
"""A connector whose tests begin with a change; a test that whoever changed it may start comes at once."""


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

    def create(
        self, draft: ConnectorDraft, *, by: Actor = SYSTEM, authority: Authority | None = None
    ) -> SavedConnector:
        """Raises InvalidConnectorError, PlaceNotFoundError, SecretUseError, ConnectorExistsError, AccessDeniedError."""
        check_draft(draft)
        with self._store.transaction() as tx:
            check_place(tx, draft.scope)
            _check_use(tx, draft, authority_of(by, authority))
            if tx.connectors.find(draft.scope, draft.identifier) is not None:
                raise ConnectorExistsError(draft.name, draft.identifier)
            connector = self._add(tx, draft, by)
        return SavedConnector(connector, _notes(connector))

    def update(
        self, draft: ConnectorDraft, *, by: Actor = SYSTEM, authority: Authority | None = None
    ) -> SavedConnector:
        """Everything is replaced but id, creation time and status. Raises as ``create``, and ConnectorMissingError."""
        check_draft(draft)
        with self._store.transaction() as tx:
            before = _existing(tx, draft.scope, draft.identifier)
            _check_use(tx, draft, authority_of(by, authority), before)
            after = self._changed(before, draft)
            tx.connectors.replace(after)
            if before.spec.ignore_test_connection and not after.spec.ignore_test_connection:
                tx.connectors.set_next_test(after.scope, after.identifier, self._clock.now() + _TESTED_WITHIN)
            self._note(tx, by, Action.UPDATE, before, after)
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

    def unsaved(self, draft: ConnectorDraft, authority: Authority) -> Connector:
        """The connector that the draft would become, to be tried and thrown away. Raises as ``create`` does, but for
        an identifier that is taken."""
        check_draft(draft)
        with self._store.snapshot() as tx:
            check_place(tx, draft.scope)
            _check_use(tx, draft, authority)
        return self._new(draft)

    def list(self, scope: Scope, wanted: ConnectorFilter, request: PageRequest) -> Page[Connector]:
        with self._store.snapshot() as tx:
            return tx.connectors.page(scope, wanted, request)

    def find_all(self, places: Iterable[tuple[Scope, str]]) -> tuple[Connector, ...]:
        """Those that are there of scopes and identifiers, in their order."""
        with self._store.snapshot() as tx:
            found = [tx.connectors.find(scope, identifier) for scope, identifier in places]
        return tuple(connector for connector in found if connector is not None)

    def uses_of_secret(self, scope: Scope, identifier: str) -> tuple[Use, ...]:
        """Who refers to the secret of that scope."""
        with self._store.snapshot() as tx:
            return uses_of_secret(tx.connectors.referring_to(scope, identifier))

    def delete(
        self, scope: Scope, identifier: str, *, force: bool = False, by: Actor = SYSTEM
    ) -> tuple[ConnectorWarning, ...]:
        """``force``: also when something refers to it. Raises ConnectorMissingError, ConnectorInUseError."""
        with self._store.transaction() as tx:
            before = _existing(tx, scope, identifier)
            users = tuple(use.name for use in uses_of_connector(before))
            if users and not force:
                raise ConnectorInUseError(identifier, users)
            tx.connectors.remove(scope, identifier)
            self._note(tx, by, Action.FORCE_DELETE if users else Action.DELETE, before, None)
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

    def ensure_default(self, account: str, *, by: Actor = SYSTEM) -> tuple[Connector, bool]:
        """The account's ``harnessImage``, made when there is none; True when it was made now."""
        draft = default_draft(account)
        with self._store.transaction() as tx:
            found = tx.connectors.find(draft.scope, DEFAULT_IDENTIFIER)
            return (found, False) if found else (self._add(tx, draft, by), True)

    def restore_default(self, account: str, *, by: Actor = SYSTEM) -> SavedConnector:
        """``harnessImage`` as it was at the first start, whether it was deleted or changed."""
        connector, is_new = self.ensure_default(account, by=by)
        return SavedConnector(connector) if is_new else self.update(default_draft(account), by=by, authority=UNLIMITED)

    def preview(self, url: str, provider_type: ProviderType = ProviderType.OTHER) -> Preview:
        """What a connector with this URL would do; nothing is stored. Raises InvalidRegistryUrlError."""
        return preview(normalise_url(url, provider_type), self._sample_images)

    def _add(self, tx: ConnectorTransaction, draft: ConnectorDraft, by: Actor) -> Connector:
        connector = self._new(draft)
        try:
            tx.connectors.add(connector)
        except ConnectorExistsError:
            raise ConnectorTakenError(draft.identifier) from None
        self._note(tx, by, Action.CREATE, None, connector)
        return connector

    def _new(self, draft: ConnectorDraft) -> Connector:
        now = self._clock.now()
        return Connector(
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

    def _note(
        self, tx: ConnectorTransaction, by: Actor, action: Action, before: Connector | None, after: Connector | None
    ) -> None:
        one = after or before
        assert one is not None
        subject = Subject(one.scope, ResourceType.CONNECTOR, one.identifier, one.name)
        documents = [None if state is None else render_connector(state) for state in (before, after)]
        note(tx, self._clock.now(), by, action, subject, *documents)


def _check_use(
    tx: ConnectorTransaction, draft: ConnectorDraft, authority: Authority, before: Connector | None = None
) -> None:
    """Whether the one who saves may give the connector its secrets and its reach."""
    was = None if before is None else before.spec
    check_secrets(draft.spec, draft.scope, tx.secrets, authority, was)
    check_reach(draft.spec, draft.scope.account, authority, was)


def _existing(tx: ConnectorTransaction, scope: Scope, identifier: str) -> Connector:
    found = tx.connectors.find(scope, identifier)
    if found is None:
        raise ConnectorMissingError(scope, identifier)
    return found


def _notes(connector: Connector) -> tuple[ConnectorWarning, ...]:
    address = normalise_url(connector.spec.url, connector.spec.provider_type)
    return (*address.notes, *notes_of_login(connector.spec), *warn_edited(connector.scope, connector.identifier))
