"""Encrypted text secrets (harness-api §2); pure.

A secret's value is either sealed here (Inline) or a path in somebody else's store (Reference). What a sealed value
says is known to ``sealing`` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pierhead.control.scopes import Scope
from pierhead.kit.redact import SecretValue

BUILT_IN_MANAGER = "harnessSecretManager"


class ValueType(StrEnum):
    INLINE = "Inline"
    REFERENCE = "Reference"


@dataclass(frozen=True, slots=True)
class SealedValue:
    """AES-256-GCM ciphertext with its tag, its 12-byte nonce, and the data key wrapped by the key ``key_id``."""

    key_id: str
    wrapped_key: bytes
    nonce: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class Secret:
    """A stored secret. ``version`` counts its values from 1; ``reference`` or ``sealed`` is set, never both.

    ``reference_version``: which version of the outside value is meant, None for the newest.
    """

    scope: Scope
    identifier: str
    name: str
    description: str
    tags: Mapping[str, str]
    secret_manager: str
    value_type: ValueType
    reference: str | None
    sealed: SealedValue | None
    version: int
    created_at: datetime
    updated_at: datetime
    reference_version: str | None = None

    def __post_init__(self) -> None:
        if (self.value_type is ValueType.INLINE) != (self.sealed is not None and self.reference is None):
            raise ValueError("an Inline secret is sealed, a Reference secret has a path")


@dataclass(frozen=True, slots=True)
class SecretDraft:
    """What a user asks to be stored. ``value`` is the secret text (Inline) or the path (Reference); None keeps it."""

    scope: Scope
    identifier: str
    name: str
    value: SecretValue | None
    value_type: ValueType = ValueType.INLINE
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    secret_manager: str = BUILT_IN_MANAGER
    reference_version: str | None = None
