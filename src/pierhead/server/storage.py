"""Which database and which encryption key a server works with, by its settings.

Servers that share a database must share the key. One without it is refused here, for a key made by itself would only
look like one: API keys and secrets of the others would not open with it.
"""

from pierhead.adapters.data_directory import DataDirectory
from pierhead.adapters.keyring import AesKeyring, keyring_of
from pierhead.adapters.keyring_file import FileKeyring
from pierhead.adapters.sql import SqlStore
from pierhead.kit.errors import InvalidInputError

from .settings import Settings


class SharedKeyMissingError(InvalidInputError):
    code = "shared-key-missing"

    def __init__(self) -> None:
        super().__init__(
            "this server has no encryption key, and the database is in use already",
            hint="set PIERHEAD_ENCRYPTION_KEY, or PIERHEAD_ENCRYPTION_KEY_FILE, to the key of the other servers",
        )


def open_store(settings: Settings, directory: DataDirectory) -> SqlStore:
    """Raises the errors of ``SqlStore``."""
    return SqlStore(directory.database if settings.database_url is None else settings.database_url.reveal())


def open_keyring(settings: Settings, directory: DataDirectory, store: SqlStore) -> AesKeyring:
    """Of servers that start at once on a new database, one at a time may ask: the first one's key counts.

    Then call ``SecretService.check_keyring``. Raises SharedKeyMissingError and the errors of the keyrings.
    """
    if settings.encryption_key is not None:
        return keyring_of(settings.encryption_key, "PIERHEAD_ENCRYPTION_KEY")
    if settings.encryption_key_file is not None:
        return FileKeyring(settings.encryption_key_file, create=False, may_group_read=True)
    with store.snapshot() as tx:
        is_used = bool(tx.accounts.list())
    if is_used and settings.database_url is not None and not directory.key_file.exists():
        raise SharedKeyMissingError
    return FileKeyring(directory.key_file, create=not is_used)
