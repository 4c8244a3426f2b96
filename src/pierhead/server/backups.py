"""Backups of everything that is in the store: made beside a running server, and restored where there is none yet.

Images are not in them, nor is the encryption key. A restored store begins a new epoch: what was let in before has to
prove itself anew.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pierhead.adapters import backup_file
from pierhead.adapters.data_directory import DataDirectory
from pierhead.adapters.keyring_file import FileKeyring
from pierhead.adapters.sql import SqlStore
from pierhead.adapters.sql.backup import read_rows, schema_of_backups, write_rows
from pierhead.adapters.sql.epoch import begin_epoch
from pierhead.control.access import AccessService
from pierhead.control.audit import SYSTEM, Action, AuditService, AuditTamperedError, Subject, note
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.errors import InvalidInputError, NotFoundError
from pierhead.kit.redact import SecretValue

from .delegation import DerivingKeyring
from .first_start import write_private
from .settings import Settings
from .storage import given_keyring, open_keyring, open_store

_PURPOSE = "backup"


class NothingToBackUpError(NotFoundError):
    code = "nothing-to-back-up"

    def __init__(self, where: Path) -> None:
        super().__init__(f"there is no database in {where}", hint="say --data, or set PIERHEAD_DATABASE_URL")


class BackupVersionError(InvalidInputError):
    code = "backup-version"

    def __init__(self, found: object, known: str) -> None:
        super().__init__(
            f"the backup is of schema {found}, and this version of Pierhead restores {known}",
            hint="restore it with the version that made it, then upgrade",
        )


@dataclass(frozen=True, slots=True)
class Restored:
    """``key``: a new admin key, when the keys of the backup were not kept. ``fault``: what is wrong with the audit
    trail in it: somebody has to hear of that, and yet the place has to be usable."""

    rows: int
    made_at: datetime
    epoch: int
    key: SecretValue | None
    fault: str = ""


def create_backup(settings: Settings, path: Path, clock: Clock | None = None) -> int:
    """Writes everything as of one moment to ``path``; servers may go on. Says how many rows.

    Raises NothingToBackUpError, DatabaseTooOldError, the errors of ``backup_file.write`` and of the keyrings.
    """
    with _opened(settings) as (store, keyring):
        head = {"schema": schema_of_backups(), "createdAt": (clock or SystemClock()).now().isoformat()}
        return backup_file.write(path, head, read_rows(store), keyring.derive(_PURPOSE))


def check_backup(settings: Settings, path: Path) -> int:
    """Reads it to the end with the encryption key alone, changes nothing; says how many rows.

    Raises KeyNotThereError, the errors of the keyrings, and those of reading.
    """
    return _checked(path, _held_keyring(settings))


def restore_backup(settings: Settings, path: Path, *, keeps_access: bool, clock: Clock | None = None) -> Restored:
    """Puts a backup into an empty store, all of it or nothing.

    Without ``keeps_access`` every key in it is revoked and every delegate waits for approval, because nobody knows what
    was revoked after the backup was made. It is read to its end first: where it is refused, no database is made.
    Raises StoreNotEmptyError, BackupVersionError, KeyNotThereError, and the errors of reading.
    """
    clock = clock or SystemClock()
    keyring = _held_keyring(settings)
    _checked(path, keyring, _check_version)
    directory = DataDirectory(settings.data)
    with directory.acquire():
        store = open_store(settings, directory)
        try:
            restored = _Restoring(store, keyring, clock, keeps_access).run(path)
            if restored.key is not None:
                write_private(directory.admin_key, restored.key.reveal() + "\n")
            return restored
        finally:
            store.close()


class _Restoring:
    def __init__(self, store: SqlStore, keyring: DerivingKeyring, clock: Clock, keeps_access: bool) -> None:
        self._store = store
        self._keyring = keyring
        self._clock = clock
        self._keeps_access = keeps_access
        self._epoch = 0
        self._made_at = clock.now()

    def run(self, path: Path) -> Restored:
        rows = backup_file.read(path, self._write)
        audit_key = self._keyring.derive("audit")
        self._store.use_audit_key(audit_key)
        access = AccessService(self._store, self._clock, self._keyring.derive("api keys"))
        audit, key, faults = AuditService(self._store, self._clock, audit_key), None, []
        for account in access.accounts():
            fault = _fault_of(audit, account.id)
            if fault:
                faults.append(fault)
            self._note(account.id, account.name, rows, fault)
            if not self._keeps_access and key is None:
                key = access.renew_admin_key(account.id)
        return Restored(rows, self._made_at, self._epoch, key, "; ".join(faults))

    def _write(self, backup: backup_file.Backup) -> int:
        _check_version(backup)
        self._made_at = backup.created_at
        with self._store.writing() as connection:
            count = write_rows(connection, backup.rows(self._keyring.derive(_PURPOSE)))
            self._epoch = begin_epoch(connection, self._clock.now(), keeps_access=self._keeps_access)
        return count

    def _note(self, account: str, name: str, rows: int, fault: str) -> None:
        """A broken trail is written on behind a gap: the place can be used, and ``verify`` never calls it whole."""
        after = {"restoredFrom": self._made_at.isoformat(), "rows": rows, "epoch": self._epoch}
        after |= {"keysKept": self._keeps_access} | ({"auditFault": fault} if fault else {})
        subject = Subject(Scope(account), ResourceType.ACCOUNT, account, name)
        with self._store.transaction() as tx:
            now = self._clock.now()
            note(tx, now, SYSTEM, Action.UPDATE, subject, after=after, behind_break=bool(fault))


def _fault_of(audit: AuditService, account: str) -> str:
    try:
        audit.verify(account)
    except AuditTamperedError as error:
        return error.message
    return ""


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[SqlStore, DerivingKeyring]]:
    """The store beside a server that may be using it: nothing is made, upgraded or locked."""
    directory = DataDirectory(settings.data)
    if settings.database_url is None and not directory.database.exists():
        raise NothingToBackUpError(settings.data)
    where = directory.database if settings.database_url is None else settings.database_url.reveal()
    store = SqlStore(where, upgrades=False)
    try:
        yield store, open_keyring(settings, directory, store)
    finally:
        store.close()


def _held_keyring(settings: Settings) -> DerivingKeyring:
    """The key has to be there: one made now would open nothing. Raises KeyNotThereError, the errors of the keyrings."""
    file = DataDirectory(settings.data).key_file
    if (given := given_keyring(settings)) is not None:
        return given
    if not file.exists():
        raise KeyNotThereError(file)
    return FileKeyring(file, create=False)


def _checked(path: Path, keyring: DerivingKeyring, check: Callable[[backup_file.Backup], None] | None = None) -> int:
    def count(backup: backup_file.Backup) -> int:
        if check is not None:
            check(backup)
        return sum(1 for _ in backup.rows(keyring.derive(_PURPOSE)))

    return backup_file.read(path, count)


def _check_version(backup: backup_file.Backup) -> None:
    if backup.head.get("schema") != schema_of_backups():
        raise BackupVersionError(backup.head.get("schema"), schema_of_backups())


class KeyNotThereError(NotFoundError):
    code = "restore-key-missing"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"the encryption key is not there: {path}",
            hint="put the key file of the server that the backup is of in its place (mode 0600), or set "
            "PIERHEAD_ENCRYPTION_KEY_FILE",
        )
