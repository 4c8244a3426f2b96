"""The application in memory, for tests of its edges: real services, a store in memory, and registries that obey.

Nothing is pulled and no registry is asked: what registries answer is what the test put in. Delegates are real: whoever
speaks the agent link gets real tasks, once somebody calls ``dispatcher.dispatch``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pierhead.adapters.keyring_file import FileKeyring
from pierhead.adapters.sql import SqlStore
from pierhead.control.access import AccessService, Account, HashCost, PasswordHashes, People, Rights
from pierhead.control.audit import SYSTEM, Action, Actor, AuditService, Subject, note
from pierhead.control.catalogue import Catalogue, CatalogueService
from pierhead.control.connectors import Connector, ConnectorService, FilterService
from pierhead.control.delegates import SealedTokens
from pierhead.control.organizations import OrganizationService, ProjectService
from pierhead.control.pipelines import RunService
from pierhead.control.scopes import ResourceType, Scope
from pierhead.control.secrets import ConfiguredStore, EncryptionKeys, SealedSecrets, SecretManagers, SecretService
from pierhead.control.tasks import TaskQueue, TaskRow
from pierhead.kit.errors import AppError
from pierhead.kit.ids import new_id
from pierhead.kit.redact import SecretValue
from pierhead.protocol.tasks import (
    CopyEvent,
    RepositoriesResult,
    ResolveResult,
    StepOutcome,
    TagsResult,
    TestReport,
    TestStep,
)
from pierhead.registry.transport import Transport
from pierhead.server.delegation import Delegation, delegation_on
from pierhead.server.jobs.connector_tasks import ConnectorTasks, Tested
from pierhead.server.jobs.platform_delegate import PlatformDelegate
from pierhead.server.jobs.registry_access import RegistrySecrets
from pierhead.server.jobs.test_work import status_of
from pierhead.server.jobs.work import Work, give_up_listener
from pierhead.server.jobs.works import all_works
from pierhead.server.joined import Joined, Tenancy
from pierhead.server.login import Login, login_on
from pierhead.server.login_settings import LoginSettings
from pierhead.server.settings import Settings
from pierhead.worker.runtimes.oci_layout import OciLayout

from .clock import FakeClock
from .memory import AUDIT_KEY, MemoryStore
from .places import make_place

Store = MemoryStore | SqlStore
Managers = tuple[ConfiguredStore, ...]
CHEAP = HashCost(memory_kib=64, passes=1)
"""Tests hash a lot, and guard nothing."""
GOOD_REPORT = TestReport(
    outcome="success", steps=(TestStep(name="connect", outcome=StepOutcome.OK, evidence="answered"),)
)
A_DIGEST = "sha256:" + "0" * 64


@dataclass
class ObedientTasks:
    """Answers with ``report``, ``tags`` (or ``tags_error``), ``repositories`` and ``resolved``.

    ``started`` are the tests that nobody waits for, ``unsaved`` the connectors that were tried without being saved.
    What is not a question is done by ``real``: copies are queued.
    """

    connectors: ConnectorService
    clock: FakeClock
    real: ConnectorTasks
    store: Store
    report: TestReport = GOOD_REPORT
    tags: tuple[str, ...] = ()
    tags_error: AppError | None = None
    repositories: tuple[str, ...] = ()
    resolved: str = A_DIGEST
    started: list[tuple[Scope, str]] = field(default_factory=list)
    unsaved: list[Connector] = field(default_factory=list)

    def tested(self, scope: Scope, identifier: str, *, by: Actor | None = None) -> Tested:
        connector = self.connectors.get(scope, identifier)
        self._tell(connector, by)
        self.connectors.set_status(scope, identifier, status_of(self.report, self.clock.now()))
        return Tested(self.report, "task", "the test asked for it")

    def tested_unsaved(self, connector: Connector, *, by: Actor | None = None) -> Tested:
        self.unsaved.append(connector)
        self._tell(connector, by)
        return Tested(self.report, "task", "the test asked for it")

    def start_test(self, scope: Scope, identifier: str) -> str:
        self.started.append((scope, identifier))
        return "task"

    def list_tags(self, scope: Scope, identifier: str, repository: str, limit: int) -> TagsResult:
        self._asked(scope, identifier)
        return TagsResult(name=repository, tags=self.tags[:limit], truncated=len(self.tags) > limit)

    def list_repositories(self, scope: Scope, identifier: str, limit: int) -> RepositoriesResult:
        self._asked(scope, identifier)
        found = self.repositories
        return RepositoriesResult(repositories=found[:limit], truncated=len(found) > limit)

    def resolve(self, scope: Scope, identifier: str, image: str) -> ResolveResult:
        self._asked(scope, identifier)
        media_type = "application/vnd.oci.image.manifest.v1+json"
        return ResolveResult(reference=image, digest=self.resolved, media_type=media_type, size_bytes=2)

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
        connectors = source_connector, source, target_connector, target
        return self.real.start_copy(scope, *connectors, digest, platforms, by=by)

    def copied(self, task_id: str) -> CopyEvent | None:
        return self.real.copied(task_id)

    def cancel(self, account: str, task_id: str, *, by: Actor = SYSTEM) -> TaskRow:
        return self.real.cancel(account, task_id, by=by)

    def _tell(self, connector: Connector, by: Actor | None) -> None:
        if by is not None:
            subject = Subject(connector.scope, ResourceType.CONNECTOR, connector.identifier, connector.name)
            with self.store.transaction() as tx:
                note(tx, self.clock.now(), by, Action.TEST, subject)

    def _asked(self, scope: Scope, identifier: str) -> None:
        self.connectors.get(scope, identifier)
        if self.tags_error is not None:
            raise self.tags_error


@dataclass(frozen=True, slots=True)
class MemoryApplication(Joined):
    """Has all that ``server.api.ports.Application`` asks for, and ``key``, its admin key."""

    settings: Settings
    clock: FakeClock
    store: Store
    account: Account
    key: SecretValue
    access: AccessService
    login: Login
    tenancy: Tenancy
    secrets: SecretService
    encryption_keys: EncryptionKeys
    connectors: ConnectorService
    catalogue: CatalogueService
    queue: TaskQueue
    runs: RunService
    works: Mapping[str, Work]
    delegation: Delegation
    connector_tasks: ObedientTasks

    def place(self, org: str, project: str | None = None) -> Scope:
        """The scope of that organization or project, made when it is not there."""
        return make_place(self.store, Scope(self.account.id, org, project), self.clock.now())

    def close(self) -> None:
        """Lets go of held polls and threads."""
        self.hub.close()


def memory_application(
    directory: Path, store: Store | None = None, *, approval: bool = True, managers: Managers = ()
) -> MemoryApplication:
    """``directory`` takes the key file, which is all that is written when the store is the one in memory."""
    clock, store, catalogue = FakeClock(), store or MemoryStore(), Catalogue.load()
    store.use_audit_key(AUDIT_KEY)
    keyring = FileKeyring(directory / "keyring")
    access = AccessService(store, clock, pepper=b"p" * 32)
    account, key = access.create_account()
    connectors = _connectors(store, clock, account, catalogue)
    queue = TaskQueue(store, clock, new_id)
    delegation = delegation_on(store, clock, queue, keyring, approval=approval)
    secrets, keys = _secrets(store, keyring, clock, managers)
    of_registries, in_use = RegistrySecrets(secrets), CatalogueService(store, clock, catalogue)
    runs = RunService(store, queue, catalogue, clock, new_id, dispatcher=delegation.dispatcher)
    works = all_works(store, queue, runs, connectors, in_use, of_registries, clock)
    delegation.dispatcher.on_given_up(give_up_listener(works))
    tasks = _real_tasks(directory, store, queue, delegation, connectors, of_registries, runs, works)
    return MemoryApplication(
        settings=Settings(data=directory, login=LoginSettings(requests_per_minute=0)),
        clock=clock,
        store=store,
        account=account,
        key=key,
        access=access,
        login=login_on(store, clock, keyring, LoginSettings(), PasswordHashes(CHEAP)),
        tenancy=_tenancy(store, clock, access),
        secrets=secrets,
        encryption_keys=keys,
        connectors=connectors,
        catalogue=in_use,
        queue=queue,
        runs=runs,
        works=works,
        delegation=delegation,
        connector_tasks=ObedientTasks(connectors, clock, tasks, store),
    )


def _connectors(store: Store, clock: FakeClock, account: Account, catalogue: Catalogue) -> ConnectorService:
    connectors = ConnectorService(store, clock, new_id, sample_images=catalogue.samples())
    connectors.ensure_default(account.id)
    return connectors


def _secrets(
    store: Store, keyring: FileKeyring, clock: FakeClock, managers: Managers
) -> tuple[SecretService, EncryptionKeys]:
    keys = EncryptionKeys(store, keyring, clock, (SealedSecrets(store), SealedTokens(store)))
    return SecretService(store, keyring, clock, SecretManagers(clock, managers)), keys


def _real_tasks(
    directory: Path,
    store: Store,
    queue: TaskQueue,
    delegation: Delegation,
    connectors: ConnectorService,
    secrets: RegistrySecrets,
    runs: RunService,
    works: Mapping[str, Work],
) -> ConnectorTasks:
    platform = PlatformDelegate(store, queue, runs, works, OciLayout(directory / "images"), Transport())
    return ConnectorTasks(store, queue, delegation.dispatcher, connectors, secrets, platform, works)


def _tenancy(store: Store, clock: FakeClock, access: AccessService) -> Tenancy:
    return Tenancy(
        audit=AuditService(store, clock, AUDIT_KEY),
        people=People.on(store, clock, access.pepper),
        rights=Rights.on(store, clock),
        organizations=OrganizationService(store, clock),
        projects=ProjectService(store, clock),
        filters=FilterService(store, clock),
    )
