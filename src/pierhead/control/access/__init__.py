"""Accounts and the API keys that open them."""

from .model import Account, ApiKey, Principal
from .ports import AccessStore, AccessTransaction, AccountRows, KeyRows

__all__ = ["AccessStore", "AccessTransaction", "Account", "AccountRows", "ApiKey", "KeyRows", "Principal"]
