"""Encrypted text secrets: kept sealed, referred to by name, revealed to few."""

from .checks import check_same_scope
from .document import TEXT_TYPE, SecretTypeUnsupportedError, parse_secret, render_secret
from .errors import (
    EmptySecretError,
    InvalidSecretError,
    ScopeMismatchError,
    SecretChangeError,
    SecretDamagedError,
    SecretExistsError,
    SecretInUseError,
    SecretMissingError,
    SecretReferenceUnsupportedError,
    UnknownManagerError,
    WrongKeyError,
)
from .model import BUILT_IN_MANAGER, SealedValue, Secret, SecretDraft, ValueType
from .ports import Keyring, SecretRows, SecretStore, SecretTransaction, SecretUsers
from .service import SecretService

__all__ = [
    "BUILT_IN_MANAGER",
    "TEXT_TYPE",
    "EmptySecretError",
    "InvalidSecretError",
    "Keyring",
    "ScopeMismatchError",
    "SealedValue",
    "Secret",
    "SecretChangeError",
    "SecretDamagedError",
    "SecretDraft",
    "SecretExistsError",
    "SecretInUseError",
    "SecretMissingError",
    "SecretReferenceUnsupportedError",
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
    "render_secret",
]
