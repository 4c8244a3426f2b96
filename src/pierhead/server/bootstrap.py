"""Puts the program together on a data directory, and takes it apart again.

The first start makes what has to be there: encryption key, database, account, admin key, ``harnessImage``. Every start
takes up the work that an earlier life of this process left behind.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from pierhead.adapters.data_directory import DataDirectory, DirectoryLock
from pierhead.adapters.keyring_file import FileKeyring
from pierhead.adapters.sql import SqlStore
from pierhead.control.access import AccessService, Account
from pierhead.control.catalogue import Catalogue, CatalogueService, Infra
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


def open_application(settings: Settings, *, clock: Clock | None = None) -> Application:
    """Raises DirectoryInUseError, or another AppError that says what about the directory is not right."""
    lock = DataDirectory(settings.data).acquire()
    try:
        return _assemble(settings, lock, clock or SystemClock())
    except BaseException:
        lock.release()
        raise


def _assemble(settings: Settings, lock: DirectoryLock, clock: Clock) -> Application:
    directory = lock.directory
    keyring = FileKeyring(directory.key_file)
    store = SqlStore(directory.database)
    catalogue = Catalogue.load()
    access = AccessService(store, clock, keyring.derive("api keys"))
    account, first_key = _account(access, directory.admin_key)
    secrets = SecretService(store, keyring, clock)
    secrets.check_keyring()
    samples = tuple(catalogue.defaults(Infra.K8, settings.release_line).values())
    connectors = ConnectorService(store, clock, new_id, sample_images=samples[:3])
    connectors.ensure_default(account.id)
    queue = TaskQueue(store, clock, new_id)
    runs = RunService(store, queue, catalogue, clock, new_id, settings.release_line)
    layout = OciLayout(settings.images_directory)
    delegate = PlatformDelegate(store, queue, runs, connectors, secrets, layout, Transport(), clock)
    application = Application(
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
    delegate.start()
    return application


def _account(access: AccessService, key_file: Path) -> tuple[Account, SecretValue | None]:
    """The account, made with its admin key at the first start.

    The draft file stands until the key is on disk: a start that was cut short between the two makes a new key, since
    nobody has seen the first one.
    """
    draft = key_file.with_suffix(".draft")
    accounts = access.accounts()
    if accounts and not draft.exists():
        return accounts[0], None
    _write_private(draft, "")
    if accounts:
        account = accounts[0]
        for key in access.keys(account.id):
            if key.revoked_at is None:
                access.revoke_key(account.id, key.id)
        _, text = access.create_key(account.id, "admin")
    else:
        account, text = access.create_account_with_admin_key()
    _write_private(draft, text.reveal() + "\n")
    draft.replace(key_file)
    return account, text


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
