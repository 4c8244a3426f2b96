"""What the API needs of the program it is part of; the Application of ``server.bootstrap`` has all of it."""

from typing import Protocol

from pierhead.control.access import AccessService
from pierhead.control.catalogue import CatalogueService
from pierhead.control.connectors import ConnectorService
from pierhead.control.pipelines import RunService
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretService
from pierhead.kit.clock import Clock
from pierhead.protocol.tasks import TagsResult, TestReport
from pierhead.server.settings import Settings


class Delegate(Protocol):
    """Whoever talks to registries for us. What waits may wait for minutes."""

    def test_connection(self, scope: Scope, identifier: str) -> TestReport:
        """Tests a saved connector and stores its status. A failing test is a result. Raises ConnectorMissingError."""

    def start_test(self, scope: Scope, identifier: str) -> str:
        """The same without waiting; gives the id of the task."""

    def list_tags(self, scope: Scope, identifier: str, repository: str, limit: int) -> TagsResult:
        """At most ``limit`` tags. Raises AppError."""


class Application(Protocol):
    @property
    def settings(self) -> Settings: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def access(self) -> AccessService: ...

    @property
    def secrets(self) -> SecretService: ...

    @property
    def connectors(self) -> ConnectorService: ...

    @property
    def catalogue(self) -> CatalogueService: ...

    @property
    def runs(self) -> RunService: ...

    @property
    def delegate(self) -> Delegate: ...
