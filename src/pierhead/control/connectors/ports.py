"""What the connector service needs of a store."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from pierhead.control.audit import Auditing
from pierhead.control.organizations import PlaceTransaction
from pierhead.control.scopes import Scope
from pierhead.kit.paging import Page, PageRequest

from .model import Connector, ConnectorFilter, ConnectorStatus

if TYPE_CHECKING:  # loading the secrets loads the cryptography, which deciding about images does not need
    from pierhead.control.secrets import Secret


class ConnectorRows(Protocol):
    def add(self, connector: Connector) -> None:
        """Raises ConnectorExistsError when the identifier is taken in the scope (the lost race)."""

    def find(self, scope: Scope, identifier: str) -> Connector | None: ...

    def replace(self, connector: Connector) -> None:
        """Writes over the row with the same scope and identifier, which is there."""

    def remove(self, scope: Scope, identifier: str) -> bool:
        """False when there was none."""

    def page(self, scope: Scope, wanted: ConnectorFilter, request: PageRequest) -> Page[Connector]:
        """Connectors of ``wanted.places(scope)`` that ``wanted.matches``, last modified first."""

    def set_status(self, scope: Scope, identifier: str, status: ConnectorStatus) -> bool:
        """Changes nothing else, ``last_modified_at`` included. False when there is no such connector."""

    def claim_due_tests(self, now: datetime, next_at: datetime, limit: int) -> tuple[tuple[Scope, str], ...]:
        """Scope and identifier of connectors whose test was due by ``now``, the longest due first.

        Their next one is set to ``next_at``, so that nobody else gets them meanwhile.
        """

    def set_next_test(self, scope: Scope, identifier: str, at: datetime | None) -> bool:
        """When to test it again unasked; None, as for a new connector, means never. False when there is none."""

    def referring_to(self, scope: Scope, identifier: str) -> tuple[Connector, ...]:
        """The connectors of the account whose ``Connector.secrets()`` has this secret, in no order."""


class SecretLookup(Protocol):
    def find(self, scope: Scope, identifier: str) -> "Secret | None": ...


class ConnectorTransaction(PlaceTransaction, Auditing, Protocol):
    @property
    def connectors(self) -> ConnectorRows: ...

    @property
    def secrets(self) -> SecretLookup: ...


class ConnectorStore(Protocol):
    def transaction(self) -> AbstractContextManager[ConnectorTransaction]:
        """Commits when the block ends, rolls back when it raises."""

    def snapshot(self) -> AbstractContextManager[ConnectorTransaction]:
        """One consistent view, for reading only; waits for no writer."""
