"""Accounts and the API keys that open them."""

from .errors import (
    AccountNotFoundError,
    InvalidTokenError,
    KeyAlreadyRevokedError,
    KeyNotFoundError,
    MissingTokenError,
)
from .model import Account, ApiKey, KeyText, Principal
from .ports import AccessStore, AccessTransaction, AccountRows, KeyRows
from .service import AccessService

__all__ = [
    "AccessService",
    "AccessStore",
    "AccessTransaction",
    "Account",
    "AccountNotFoundError",
    "AccountRows",
    "ApiKey",
    "InvalidTokenError",
    "KeyAlreadyRevokedError",
    "KeyNotFoundError",
    "KeyRows",
    "KeyText",
    "MissingTokenError",
    "Principal",
]
