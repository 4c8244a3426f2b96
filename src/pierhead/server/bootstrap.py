"""Puts the program together on a data directory and its database, and takes it apart again.

The first start makes what has to be there: encryption key, database, account, admin key, ``harnessImage``, a delegate
token. Every start takes up the work that an earlier life of this process left behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pierhead.adapters.data_directory import DataDirectory, DirectoryLock
from pierhead.adapters.keyring import AesKeyring
from pierhead.adapters.notifiers import HttpWebhooks
from pierhead.adapters.sql import SqlStore
from pierhead.control.access import AccessService, Account, People, Rights
from pierhead.control.audit import AuditService
from pierhead.control.catalogue import Catalogue, CatalogueService
from pierhead.control.connectors import ConnectorService, FilterService
from pierhead.control.organizations import OrganizationService, ProjectService
from pierhead.control.pipelines import RunService
from pierhead.control.releases import ReleaseService, load_calendar
from pierhead.control.retirement import load_retired_hosts
from pierhead.control.scopes import Scope
from pierhead.control.secrets import EncryptionKeys, SecretService
from pierhead.control.sources import WatchService
from pierhead.control.tasks import TaskQueue
from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.ids import new_id
from pierhead.kit.redact import SecretValue
from pierhead.registry.transport import Transport
from pierhead.worker.runtimes.oci_layout import OciLayout

from .background import Background
from .delegation import Delegation, delegation_on
from .first_start import FirstStart
from .gating import gating_on
from .jobs.connector_tasks import ConnectorTasks
from .jobs.makers_rights import MakersRights
from .jobs.platform_delegate import ALONE, PlatformDelegate, one_of_many
from .jobs.watching import Watching, WatchPolling
from .jobs.work import Work, give_up_listener
from .jobs.works import all_works
from .joined import Joined, Tenancy
from .login import Login, login_on
from .mirroring import mirroring_on
from .noticing import noticing_on
from .own_addresses import platform_policy
from .settings import Settings
from .storage import encryption_keys, open_keyring, open_secrets, open_store, registry_secrets
from .supply import Supply


@dataclass(frozen=True, slots=True)
class Application(Joined):
    """Everything the edges call. ``first_key`` is the admin key when this start made it."""

    settings: Settings
    lock: DirectoryLock
    store: SqlStore
    clock: Clock
    account: Account
    first_key: SecretValue | None
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
    supply: Supply
    connector_tasks: ConnectorTasks
    background: Background

    @property
    def scope(self) -> Scope:
        return Scope(self.account.id)

    def close(self) -> None:
        """Stops the work (what is unfinished goes on at the next start) and lets go of store and directory."""
        self.background.close()
        self.store.close()
        self.lock.release()


def open_application(
    settings: Settings,
    *,
    clock: Clock | None = None,
    serves: bool = True,
    listener: tuple[str, int] | None = None,
) -> Application:
    """A server takes up waiting tasks at once; with ``serves`` off, only once this process queues one itself.

    ``listener``: the address and port at which this process serves, where its own worker never goes.

    Raises DirectoryInUseError, or another AppError that says what about directory or database is not right.
    """
    lock = DataDirectory(settings.data).acquire()
    try:
        store = open_store(settings, lock.directory)
        transport = Transport(addresses=platform_policy(settings, listener))
        try:
            application = _assemble(settings, lock, store, clock or SystemClock(), transport, serves=serves)
        except BaseException:
            store.close()
            raise
    except BaseException:
        lock.release()
        raise
    if serves:
        application.background.start()
    else:
        application.background.start_when_needed()
    return application


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a first start makes and every other finds."""

    keyring: AesKeyring
    keys: EncryptionKeys
    audit_key: bytes
    access: AccessService
    login: Login
    secrets: SecretService
    account: Account
    first_key: SecretValue | None
    first_start: FirstStart


def _ground(settings: Settings, directory: DataDirectory, store: SqlStore, clock: Clock) -> _Ground:
    keyring = open_keyring(settings, directory, store)
    audit_key = keyring.derive("audit")
    store.use_audit_key(audit_key)
    access = AccessService(store, clock, keyring.derive("api keys"))
    secrets = open_secrets(settings, store, keyring, clock)
    secrets.check_keyring()
    keys = encryption_keys(store, keyring, clock)
    keys.check()
    first_start = FirstStart(access, directory.admin_key)
    account, first_key = first_start.account()
    login = login_on(store, clock, keyring, settings.login)
    AuditService(store, clock, audit_key).begin(account.id)
    return _Ground(keyring, keys, audit_key, access, login, secrets, account, first_key, first_start)


def _assemble(
    settings: Settings, lock: DirectoryLock, store: SqlStore, clock: Clock, transport: Transport, *, serves: bool
) -> Application:
    catalogue, releases = _releases(settings, store, clock)
    line, known = settings.release_line, catalogue.catalogue
    connectors = ConnectorService(store, clock, new_id, sample_images=known.samples(line))
    queue = TaskQueue(store, clock, new_id, lease_s=settings.lease_s)
    with store.exclusive("start"):  # of servers that start at once on a new database, one makes what has to be there
        ground = _ground(settings, lock.directory, store, clock)
        delegation = delegation_on(store, clock, queue, ground.keyring, approval=settings.is_approval_required)
        _complete(ground, delegation, connectors)
    runs = RunService(store, queue, known, clock, new_id, line, dispatcher=delegation.dispatcher)
    of_registries = registry_secrets(settings, ground.secrets, clock)
    dispatcher = delegation.dispatcher
    mirroring = mirroring_on(store, clock, queue, dispatcher, connectors, catalogue, of_registries, ground.access)
    works = {**all_works(store, queue, runs, connectors, catalogue, of_registries, clock), **mirroring.works}
    dispatcher.on_given_up(give_up_listener(works))
    platform = _platform(settings, store, queue, runs, works, transport)
    tasks = ConnectorTasks(store, queue, dispatcher, connectors, of_registries, platform, works)
    tenancy = _tenancy(store, clock, ground)
    webhooks = HttpWebhooks(transport.clock, transport.addresses)
    supply = Supply(
        releases,
        load_retired_hosts(settings.retired_hosts_file),
        mirroring,
        noticing_on(store, clock, ground.secrets, releases, tenancy.watches, webhooks),
        gating_on(store, clock, tasks, connectors, settings.data),
    )
    mirroring.checks.checks = supply.gating.checks
    watching = Watching(tenancy.watches, WatchPolling(tenancy.watches, connectors, tasks, MakersRights(ground.access)))
    loops = (watching, mirroring.scheduling, supply.noticing.loop)
    background = Background(store, clock, queue, works, delegation, platform, tasks, loops, serves=serves)
    return Application(
        settings, lock, store, clock, ground.account, ground.first_key, ground.access, ground.login, tenancy,
        ground.secrets, ground.keys, connectors, catalogue, queue, runs, works, delegation, supply, tasks, background,
    )  # fmt: skip


def _complete(ground: _Ground, delegation: Delegation, connectors: ConnectorService) -> None:
    delegation.tokens.ensure_default(ground.account.id)  # older directories have none
    if ground.first_key is not None:
        connectors.ensure_default(ground.account.id)
        ground.first_start.done()


def _releases(settings: Settings, store: SqlStore, clock: Clock) -> tuple[CatalogueService, ReleaseService]:
    directory = settings.release_lines_directory
    calendar = load_calendar(directory)
    known = Catalogue.read(directory, calendar.today(clock.now()))
    catalogue = CatalogueService(store, clock, known, line=settings.release_line)
    return catalogue, ReleaseService(catalogue, calendar, clock)


def _tenancy(store: SqlStore, clock: Clock, ground: _Ground) -> Tenancy:
    return Tenancy(
        audit=AuditService(store, clock, ground.audit_key),
        people=People.on(store, clock, ground.access.pepper),
        rights=Rights.on(store, clock),
        organizations=OrganizationService(store, clock),
        projects=ProjectService(store, clock),
        filters=FilterService(store, clock),
        watches=WatchService(store, clock),
    )


def _platform(
    settings: Settings,
    store: SqlStore,
    queue: TaskQueue,
    runs: RunService,
    works: Mapping[str, Work],
    transport: Transport,
) -> PlatformDelegate:
    owner = ALONE if settings.database_url is None else one_of_many()
    layout = OciLayout(settings.images_directory)
    return PlatformDelegate(store, queue, runs, works, layout, transport, owner=owner)
