"""Which database, which encryption keys and which secret managers a server works with, by its settings.

Servers that share a database must share the key. One without it is refused here, for a key made by itself would only
look like one: API keys and secrets of the others would not open with it.
"""

from pierhead.adapters.data_directory import DataDirectory
from pierhead.adapters.ecr import EcrPasswords
from pierhead.adapters.keyring import AesKeyring, keyring_of
from pierhead.adapters.keyring_file import FileKeyring
from pierhead.adapters.secret_managers import read_secret_managers
from pierhead.adapters.sql import SqlStore
from pierhead.control.delegates import SealedTokens
from pierhead.control.secrets import (
    EncryptionKeys,
    GrowingKeyring,
    Keyring,
    SealedSecrets,
    SecretManagers,
    SecretService,
    SecretStore,
)
from pierhead.kit.clock import Clock
from pierhead.kit.errors import InvalidInputError

from .jobs.registry_access import RegistrySecrets
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
    if (given := given_keyring(settings)) is not None:
        return given
    with store.snapshot() as tx:
        is_used = bool(tx.accounts.list())
    if is_used and settings.database_url is not None and not directory.key_file.exists():
        raise SharedKeyMissingError
    return FileKeyring(directory.key_file, create=not is_used)


def given_keyring(settings: Settings) -> AesKeyring | None:
    """The one that the settings give, None when the data directory has it. Raises the errors of the keyrings."""
    if settings.encryption_key is not None:
        return keyring_of(settings.encryption_key, "PIERHEAD_ENCRYPTION_KEY")
    if settings.encryption_key_file is not None:
        return FileKeyring(settings.encryption_key_file, create=False, may_group_read=True, is_own=False)
    return None


def open_secrets(settings: Settings, store: SecretStore, keyring: Keyring, clock: Clock) -> SecretService:
    """Raises SecretManagersFileError."""
    file = settings.secret_managers_file
    managers = () if file is None else read_secret_managers(file, clock)
    return SecretService(store, keyring, clock, SecretManagers(clock, managers))


def encryption_keys(store: SqlStore, keyring: GrowingKeyring, clock: Clock) -> EncryptionKeys:
    """Keys with all that is wrapped in them."""
    return EncryptionKeys(store, keyring, clock, (SealedSecrets(store), SealedTokens(store)))


def registry_secrets(settings: Settings, secrets: SecretService, clock: Clock) -> RegistrySecrets:
    return RegistrySecrets(secrets, EcrPasswords(clock, settings.aws_endpoint))
