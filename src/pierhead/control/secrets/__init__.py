"""Encrypted text secrets: kept sealed or read from somebody else's store, referred to by name, revealed to few."""

from .checks import check_same_scope
from .document import TEXT_TYPE, SecretTypeUnsupportedError, parse_secret, reference_version, render_secret
from .encryption_keys import EncryptionKeys, KeyStore, KeyUse, Moved, Rotation, RotationUnderWayError, SealedKind
from .errors import (
    EmptySecretError,
    InvalidSecretError,
    RootKeyChangedError,
    ScopeMismatchError,
    SecretChangeError,
    SecretDamagedError,
    SecretExistsError,
    SecretInUseError,
    SecretMissingError,
    UnknownManagerError,
    WrongKeyError,
)
from .manager_errors import (
    InlineElsewhereError,
    ManagedValueDeniedError,
    ManagedValueInvalidError,
    ManagedValueMissingError,
    ManagerUnavailableError,
    ReferencePathError,
)
from .managing import MAX_VALUE_BYTES, ConfiguredStore, ManagerType, OutsideStore, Reach, SecretManagers
from .model import BUILT_IN_MANAGER, SealedValue, Secret, SecretDraft, ValueType
from .ports import GrowingKeyring, Keyring, SecretRows, SecretStore, SecretTransaction, SecretUsers
from .sealed_secrets import SealedSecrets
from .service import SecretService

__all__ = [
    "BUILT_IN_MANAGER",
    "MAX_VALUE_BYTES",
    "TEXT_TYPE",
    "ConfiguredStore",
    "EmptySecretError",
    "EncryptionKeys",
    "GrowingKeyring",
    "InlineElsewhereError",
    "InvalidSecretError",
    "KeyStore",
    "KeyUse",
    "Keyring",
    "ManagedValueDeniedError",
    "ManagedValueInvalidError",
    "ManagedValueMissingError",
    "ManagerType",
    "ManagerUnavailableError",
    "Moved",
    "OutsideStore",
    "Reach",
    "ReferencePathError",
    "RootKeyChangedError",
    "Rotation",
    "RotationUnderWayError",
    "ScopeMismatchError",
    "SealedKind",
    "SealedSecrets",
    "SealedValue",
    "Secret",
    "SecretChangeError",
    "SecretDamagedError",
    "SecretDraft",
    "SecretExistsError",
    "SecretInUseError",
    "SecretManagers",
    "SecretMissingError",
    "SecretRows",
    "SecretService",
    "SecretStore",
    "SecretTransaction",
    "SecretTypeUnsupportedError",
    "SecretUsers",
    "UnknownManagerError",
    "ValueType",
    "WrongKeyError",
    "check_same_scope",
    "parse_secret",
    "reference_version",
    "render_secret",
]
