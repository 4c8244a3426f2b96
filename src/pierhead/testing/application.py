"""The application in memory, for tests of its edges: real services, a store in memory, and registries that obey.

Nothing is pulled and no registry is asked: what registries answer is what the test put in. Delegates are real: whoever
speaks the agent link gets real tasks, once somebody calls ``dispatcher.dispatch``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pierhead.adapters.keyring_file import FileKeyring
from pierhead.adapters.sql import SqlStore
from pierhead.control.access import AccessService, Account, HashCost, PasswordHashes, People, Rights
from pierhead.control.audit import AuditService
from pierhead.control.catalogue import Catalogue, CatalogueService
from pierhead.control.connectors import ConnectorService, FilterService
from pierhead.control.delegates import SealedTokens
from pierhead.control.organizations import OrganizationService, ProjectService
from pierhead.control.pipelines import RunService
from pierhead.control.releases import ReleaseService, load_calendar
from pierhead.control.retirement import load_retired_hosts
from pierhead.control.scopes import Scope
from pierhead.control.secrets import ConfiguredStore, EncryptionKeys, SealedSecrets, SecretManagers, SecretService
from pierhead.control.sources import WatchService
from pierhead.control.tasks import TaskQueue
from pierhead.kit.ids import new_id
from pierhead.kit.redact import SecretValue
from pierhead.registry.transport import Transport
from pierhead.server.delegation import Delegation, delegation_on
from pierhead.server.gating import gating_on
from pierhead.server.jobs.connector_tasks import ConnectorTasks
from pierhead.server.jobs.platform_delegate import PlatformDelegate
from pierhead.server.jobs.registry_access import RegistrySecrets
from pierhead.server.jobs.work import Work, give_up_listener
from pierhead.server.jobs.works import all_works
from pierhead.server.joined import Joined, Tenancy
from pierhead.server.login import Login, login_on
from pierhead.server.login_settings import LoginSettings
from pierhead.server.mirroring import mirroring_on
from pierhead.server.noticing import noticing_on
from pierhead.server.settings import Settings
from pierhead.server.supply import Supply
from pierhead.worker.runtimes.oci_layout import OciLayout

from .clock import FakeClock
from .memory import AUDIT_KEY, MemoryStore
from .obedient_tasks import A_DIGEST as A_DIGEST
from .obedient_tasks import GOOD_REPORT as GOOD_REPORT
from .obedient_tasks import ObedientTasks as ObedientTasks
from .places import make_place
from .webhooks import ObedientWebhooks

Store = MemoryStore | SqlStore
Managers = tuple[ConfiguredStore, ...]
CHEAP = HashCost(memory_kib=64, passes=1)
"""Tests hash a lot, and guard nothing."""


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
    supply: Supply
    webhooks: ObedientWebhooks

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
    mirroring = mirroring_on(store, clock, queue, delegation.dispatcher, connectors, in_use, of_registries, access)
    works = {**all_works(store, queue, runs, connectors, in_use, of_registries, clock), **mirroring.works}
    delegation.dispatcher.on_given_up(give_up_listener(works))
    real = _real_tasks(directory, store, queue, delegation, connectors, of_registries, runs, works)
    tasks = ObedientTasks(connectors, clock, real, store)
    tenancy, webhooks = _tenancy(store, clock, access), ObedientWebhooks()
    releases = ReleaseService(in_use, load_calendar(), clock)
    supply = Supply(
        releases,
        load_retired_hosts(),
        mirroring,
        noticing_on(store, clock, secrets, releases, tenancy.watches, webhooks),
        gating_on(store, clock, tasks, connectors, directory),
    )
    mirroring.checks.checks = supply.gating.checks
    settings = Settings(data=directory, login=LoginSettings(requests_per_minute=0))
    login = login_on(store, clock, keyring, LoginSettings(), PasswordHashes(CHEAP))
    return MemoryApplication(
        settings, clock, store, account, key, access, login, tenancy, secrets, keys, connectors, in_use, queue, runs,
        works, delegation, tasks, supply, webhooks,
    )  # fmt: skip


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
        watches=WatchService(store, clock),
    )
