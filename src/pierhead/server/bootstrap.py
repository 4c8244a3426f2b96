"""Puts the program together on a data directory and its database, and takes it apart again.

The first start makes what has to be there: encryption key, database, account, admin key, ``harnessImage``, a delegate
token. Every start takes up the work that an earlier life of this process left behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pierhead.adapters.data_directory import DataDirectory, DirectoryLock
from pierhead.adapters.keyring import AesKeyring
from pierhead.adapters.sql import SqlStore
from pierhead.control.access import AccessService, Account
from pierhead.control.catalogue import Catalogue, CatalogueService
from pierhead.control.connectors import ConnectorService
from pierhead.control.delegates import AgentService, DelegateService, Dispatcher, TokenService
from pierhead.control.pipelines import RunService
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretService
from pierhead.control.tasks import TaskQueue
from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.ids import new_id
from pierhead.kit.redact import SecretValue
from pierhead.protocol.signatures import SigningKey
from pierhead.registry.transport import Transport
from pierhead.worker.runtimes.oci_layout import OciLayout

from .background import Background
from .delegates.hub import Hub
from .delegation import Delegation, delegation_on
from .first_start import FirstStart
from .jobs.connector_tasks import ConnectorTasks
from .jobs.platform_delegate import ALONE, PlatformDelegate, one_of_many
from .jobs.work import Work, give_up_listener
from .jobs.works import all_works
from .settings import Settings
from .storage import open_keyring, open_store


@dataclass(frozen=True, slots=True)
class Application:
    """Everything the edges call. ``first_key`` is the admin key when this start made it."""

    settings: Settings
    lock: DirectoryLock
    store: SqlStore
    clock: Clock
    account: Account
    first_key: SecretValue | None
    access: AccessService
    secrets: SecretService
    connectors: ConnectorService
    catalogue: CatalogueService
    queue: TaskQueue
    runs: RunService
    works: Mapping[str, Work]
    delegation: Delegation
    connector_tasks: ConnectorTasks
    background: Background

    @property
    def scope(self) -> Scope:
        return Scope(self.account.id)

    @property
    def dispatcher(self) -> Dispatcher:
        return self.delegation.dispatcher

    @property
    def delegates(self) -> DelegateService:
        return self.delegation.delegates

    @property
    def delegate_tokens(self) -> TokenService:
        return self.delegation.tokens

    @property
    def agents(self) -> AgentService:
        return self.delegation.agents

    @property
    def server_key(self) -> SigningKey:
        return self.delegation.server_key

    @property
    def hub(self) -> Hub:
        return self.delegation.hub

    def close(self) -> None:
        """Stops the work (what is unfinished goes on at the next start) and lets go of store and directory."""
        self.background.close()
        self.store.close()
        self.lock.release()


def open_application(settings: Settings, *, clock: Clock | None = None, serves: bool = True) -> Application:
    """A server takes up waiting tasks at once; with ``serves`` off, only once this process queues one itself.

    Raises DirectoryInUseError, or another AppError that says what about directory or database is not right.
    """
    lock = DataDirectory(settings.data).acquire()
    try:
        store = open_store(settings, lock.directory)
        try:
            application = _assemble(settings, lock, store, clock or SystemClock(), serves=serves)
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
    access: AccessService
    secrets: SecretService
    account: Account
    first_key: SecretValue | None
    first_start: FirstStart


def _ground(settings: Settings, directory: DataDirectory, store: SqlStore, clock: Clock) -> _Ground:
    keyring = open_keyring(settings, directory, store)
    store.use_audit_key(keyring.derive("audit"))
    access = AccessService(store, clock, keyring.derive("api keys"))
    secrets = SecretService(store, keyring, clock)
    secrets.check_keyring()
    first_start = FirstStart(access, directory.admin_key)
    account, first_key = first_start.account()
    return _Ground(keyring, access, secrets, account, first_key, first_start)


def _assemble(settings: Settings, lock: DirectoryLock, store: SqlStore, clock: Clock, *, serves: bool) -> Application:
    catalogue = CatalogueService(store, clock, Catalogue.load(), line=settings.release_line)
    samples = catalogue.catalogue.samples(settings.release_line)
    connectors = ConnectorService(store, clock, new_id, sample_images=samples)
    queue = TaskQueue(store, clock, new_id, lease_s=settings.lease_s)
    with store.exclusive("start"):  # of servers that start at once on a new database, one makes what has to be there
        ground = _ground(settings, lock.directory, store, clock)
        delegation = delegation_on(store, clock, queue, ground.keyring, approval=settings.is_approval_required)
        delegation.tokens.check_keyring(ground.account.id)
        delegation.tokens.ensure_default(ground.account.id)  # older directories have none
        if ground.first_key is not None:
            connectors.ensure_default(ground.account.id)
            ground.first_start.done()
    line, dispatcher = settings.release_line, delegation.dispatcher
    runs = RunService(store, queue, catalogue.catalogue, clock, new_id, line, dispatcher=dispatcher)
    works = all_works(store, queue, runs, connectors, catalogue, ground.secrets, clock)
    dispatcher.on_given_up(give_up_listener(works))
    platform = _platform(settings, store, queue, runs, works)
    tasks = ConnectorTasks(store, queue, dispatcher, connectors, ground.secrets, platform, works)
    return Application(
        settings=settings,
        lock=lock,
        store=store,
        clock=clock,
        account=ground.account,
        first_key=ground.first_key,
        access=ground.access,
        secrets=ground.secrets,
        connectors=connectors,
        catalogue=catalogue,
        queue=queue,
        runs=runs,
        works=works,
        delegation=delegation,
        connector_tasks=tasks,
        background=Background(store, clock, queue, works, delegation, platform, tasks, serves=serves),
    )


def _platform(
    settings: Settings, store: SqlStore, queue: TaskQueue, runs: RunService, works: Mapping[str, Work]
) -> PlatformDelegate:
    owner = ALONE if settings.database_url is None else one_of_many()
    layout = OciLayout(settings.images_directory)
    return PlatformDelegate(store, queue, runs, works, layout, Transport(), owner=owner)
