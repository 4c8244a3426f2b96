"""Puts the program together on a data directory, and takes it apart again.

The first start makes what has to be there: encryption key, database, account, admin key, ``harnessImage``. Every start
takes up the work that an earlier life of this process left behind.
"""

from dataclasses import dataclass

from pierhead.adapters.data_directory import DataDirectory, DirectoryLock
from pierhead.adapters.keyring_file import FileKeyring
from pierhead.adapters.sql import SqlStore
from pierhead.control.access import AccessService, Account
from pierhead.control.catalogue import Catalogue, CatalogueService
from pierhead.control.connectors import ConnectorService
from pierhead.control.pipelines import RunService
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretService
from pierhead.control.tasks import TaskQueue
from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.ids import new_id
from pierhead.kit.redact import SecretValue
from pierhead.registry.transport import Transport
from pierhead.worker.runtimes.oci_layout import OciLayout

from .first_start import FirstStart
from .jobs.platform_delegate import PlatformDelegate
from .settings import Settings


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
    delegate: PlatformDelegate

    @property
    def scope(self) -> Scope:
        return Scope(self.account.id)

    def close(self) -> None:
        """Stops the work (what is unfinished goes on at the next start) and lets go of the directory."""
        self.delegate.close()
        self.store.close()
        self.lock.release()


def open_application(settings: Settings, *, clock: Clock | None = None, serves: bool = True) -> Application:
    """A server takes up waiting tasks at once; with ``serves`` off, only once this process queues one itself.

    Raises DirectoryInUseError, or another AppError that says what about the directory is not right.
    """
    lock = DataDirectory(settings.data).acquire()
    try:
        application = _assemble(settings, lock, clock or SystemClock())
    except BaseException:
        lock.release()
        raise
    if serves:
        application.delegate.start()
    else:
        application.delegate.start_when_needed()
    return application


def _assemble(settings: Settings, lock: DirectoryLock, clock: Clock) -> Application:
    directory = lock.directory
    keyring = FileKeyring(directory.key_file, create=not directory.database.exists())
    store = SqlStore(directory.database)
    catalogue = Catalogue.load()
    access = AccessService(store, clock, keyring.derive("api keys"))
    first_start = FirstStart(access, directory.admin_key)
    account, first_key = first_start.account()
    secrets = SecretService(store, keyring, clock)
    secrets.check_keyring()
    connectors = ConnectorService(store, clock, new_id, sample_images=catalogue.samples(settings.release_line))
    if first_key is not None:
        connectors.ensure_default(account.id)
        first_start.done()
    queue = TaskQueue(store, clock, new_id)
    runs = RunService(store, queue, catalogue, clock, new_id, settings.release_line)
    layout = OciLayout(settings.images_directory)
    delegate = PlatformDelegate(store, queue, runs, connectors, secrets, layout, Transport(), clock)
    return Application(
        settings=settings,
        lock=lock,
        store=store,
        clock=clock,
        account=account,
        first_key=first_key,
        access=access,
        secrets=secrets,
        connectors=connectors,
        catalogue=CatalogueService(store, clock, catalogue, line=settings.release_line),
        queue=queue,
        runs=runs,
        delegate=delegate,
    )
