"""What the HTTP edge needs of the application; how it is put together is not known here."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from pierhead.control.access import AccessService, People, Rights
from pierhead.control.audit import SYSTEM, Actor, AuditService
from pierhead.control.catalogue import CatalogueService
from pierhead.control.connectors import Connector, ConnectorService, FilterService
from pierhead.control.delegates import AgentService, DelegateService, Dispatcher, TokenService
from pierhead.control.organizations import OrganizationService, ProjectService
from pierhead.control.pipelines import RunService
from pierhead.control.releases import ReleaseService
from pierhead.control.retirement import RetiredHosts
from pierhead.control.scopes import Scope
from pierhead.control.secrets import EncryptionKeys, SecretService
from pierhead.control.sources import WatchService
from pierhead.control.tasks import TaskQueue, TaskRow
from pierhead.kit.clock import Clock
from pierhead.protocol.signatures import SigningKey
from pierhead.protocol.tasks import CopyEvent, RepositoriesResult, ResolveResult, TagFactsResult, TagsResult
from pierhead.server.delegates.hub import Hub
from pierhead.server.gating import Gating
from pierhead.server.jobs.connector_tasks import Tested
from pierhead.server.jobs.copy_wishes import CopyAsked
from pierhead.server.jobs.work import Work, WorkStore
from pierhead.server.login import Login
from pierhead.server.mirroring import Mirroring
from pierhead.server.noticing import Noticing
from pierhead.server.settings import Settings


class ConnectorTasks(Protocol):
    """Has registries asked for us, by whoever reaches them. What waits may wait for two minutes."""

    def tested(self, scope: Scope, identifier: str, *, by: Actor | None = None) -> Tested:
        """Tests a saved connector and stores its status. A failing test is a result. Raises ConnectorMissingError."""

    def tested_unsaved(self, connector: Connector, *, by: Actor | None = None) -> Tested:
        """Tests a connector that is stored nowhere. A failing test is a result."""

    def start_test(self, scope: Scope, identifier: str) -> str:
        """The same without waiting; gives the id of the task."""

    def list_tags(self, scope: Scope, identifier: str, repository: str, limit: int) -> TagsResult:
        """At most ``limit`` tags. Raises AppError."""

    def tag_pages(self, scope: Scope, identifier: str, repository: str, limit: int) -> Iterator[TagsResult]:
        """At most ``limit`` tags as they arrive. Raises AppError."""

    def list_repositories(self, scope: Scope, identifier: str, limit: int) -> RepositoriesResult:
        """At most ``limit`` repositories. Raises AppError."""

    def resolve(self, scope: Scope, identifier: str, image: str) -> ResolveResult:
        """What the image's tag means now. Raises AppError."""

    def read_tags(
        self, scope: Scope, identifier: str, repository: str, tags: Sequence[str], *, with_configs: bool = False
    ) -> TagFactsResult:
        """What up to 1,000 tags mean now; with the configs of the first 100 where wanted. Raises AppError."""

    def resolve_at(self, connector: Connector, image: str) -> ResolveResult:
        """The same at a connector that may be stored nowhere. Raises AppError."""

    def start_copy(
        self,
        scope: Scope,
        source_connector: str,
        source: str,
        target_connector: str,
        target: str,
        digest: str | None = None,
        platforms: tuple[str, ...] = (),
        *,
        by: Actor = SYSTEM,
    ) -> str:
        """Queues the copy of one image and gives the id of the task. Raises AppError."""

    def start_copies(self, scope: Scope, images: Sequence[CopyAsked], *, by: Actor = SYSTEM) -> str:
        """The same of several images in one task. Raises AppError."""

    def copied(self, task_id: str) -> tuple[CopyEvent, ...]:
        """How far each image of a copy is that goes on, as far as this process was told."""

    def cancel(self, account: str, task_id: str, *, by: Actor = SYSTEM) -> TaskRow:
        """Ends a waiting task, asks the holder of a running one; gives it afterwards. Raises TaskNotFoundError."""


class WatchedStore(WorkStore, Protocol):
    def figures(self) -> Mapping[str, Mapping[tuple[str, ...], int]]:
        """Counts of what is in it, by name and by the values of the labels. Raises AppError."""

    def check(self) -> None:
        """Whether it answers, with the schema of this code. Raises AppError."""


class Application(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> WatchedStore: ...
    @property
    def access(self) -> AccessService: ...
    @property
    def login(self) -> Login: ...
    @property
    def people(self) -> People: ...
    @property
    def rights(self) -> Rights: ...
    @property
    def organizations(self) -> OrganizationService: ...
    @property
    def projects(self) -> ProjectService: ...
    @property
    def audit(self) -> AuditService: ...
    @property
    def secrets(self) -> SecretService: ...
    @property
    def encryption_keys(self) -> EncryptionKeys: ...
    @property
    def connectors(self) -> ConnectorService: ...
    @property
    def filters(self) -> FilterService: ...
    @property
    def watches(self) -> WatchService: ...
    @property
    def catalogue(self) -> CatalogueService: ...
    @property
    def releases(self) -> ReleaseService: ...
    @property
    def retired_hosts(self) -> RetiredHosts: ...
    @property
    def queue(self) -> TaskQueue: ...
    @property
    def runs(self) -> RunService: ...
    @property
    def works(self) -> Mapping[str, Work]: ...
    @property
    def connector_tasks(self) -> ConnectorTasks: ...
    @property
    def mirroring(self) -> Mirroring: ...
    @property
    def noticing(self) -> Noticing: ...
    @property
    def gating(self) -> Gating: ...
    @property
    def dispatcher(self) -> Dispatcher: ...
    @property
    def delegates(self) -> DelegateService: ...
    @property
    def delegate_tokens(self) -> TokenService: ...
    @property
    def agents(self) -> AgentService: ...
    @property
    def server_key(self) -> SigningKey: ...
    @property
    def hub(self) -> Hub: ...
