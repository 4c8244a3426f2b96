"""Accounts, API keys and the text form of a key (harness-api §6.4); pure.

Says nothing about what a principal may do: permissions are not decided here.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pierhead.kit.redact import SecretValue

ACCOUNT_ID_LENGTH = 22
KEY_ID_LENGTH = 22
SECRET_LENGTH = 43  # letters and digits: 256 bits
_KEY_TEXT = re.compile(r"pat\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{20,256})\Z")


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored key. ``secret_hash`` is the HMAC-SHA256 of the key's secret; the secret itself is kept nowhere."""

    id: str
    account: str
    name: str
    secret_hash: bytes
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: the key that was shown, and the account that it opens."""

    account: str
    key_id: str
    name: str


@dataclass(frozen=True, slots=True)
class KeyText:
    """``pat.<accountId>.<keyId>.<secret>``, taken apart."""

    account: str
    key_id: str
    secret: SecretValue

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None when the text has not the form of a key: to a caller that is no different from an unknown one."""
        match = _KEY_TEXT.match(text)
        return cls(match[1], match[2], SecretValue(match[3])) if match else None

    def render(self) -> SecretValue:
        return SecretValue(f"pat.{self.account}.{self.key_id}.{self.secret.reveal()}")


def hash_secret(secret: SecretValue, pepper: bytes) -> bytes:
    """32 bytes. A plain keyed hash is enough: the secret is 256 random bits, so there is nothing to guess slowly."""
    return hmac.digest(pepper, secret.reveal().encode(), "sha256")
