"""What secrets of keys and sessions are hashed with, kept outside the store."""

from pierhead.kit.redact import SecretValue

from .model import hash_secret

_MIN_BYTES = 32


class Pepper:
    """At least 32 secret bytes; raises ValueError for fewer, which is a fault of ours and never of a caller."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        if len(key) < _MIN_BYTES:
            raise ValueError(f"the pepper has fewer than {_MIN_BYTES} bytes")
        self._key = key

    def hash(self, secret: SecretValue) -> bytes:
        return hash_secret(secret, self._key)

    def __repr__(self) -> str:
        return "Pepper(***)"
