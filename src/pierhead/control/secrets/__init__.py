"""Encrypted text secrets."""

from .errors import SecretExistsError
from .model import BUILT_IN_MANAGER, SealedValue, Secret, SecretDraft, ValueType
from .ports import Keyring, SecretRows, SecretStore, SecretTransaction

__all__ = [
    "BUILT_IN_MANAGER",
    "Keyring",
    "SealedValue",
    "Secret",
    "SecretDraft",
    "SecretExistsError",
    "SecretRows",
    "SecretStore",
    "SecretTransaction",
    "ValueType",
]
