"""For one reader only: HPKE (RFC 9180, base mode) with X25519, HKDF-SHA256 and ChaCha20-Poly1305.

Sealing says nothing about the sender; that is what signatures are for.
"""

import base64
import binascii
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from pierhead.kit.errors import IntegrityError

from .signatures import KEY_BYTES, InvalidKeyError

_PURPOSE: Final = b"pierhead task 1\n"


class SealBrokenError(IntegrityError):
    """Not sealed for this key, bound to something else, or changed on the way: which of them cannot be told."""

    code = "seal-broken"

    def __init__(self) -> None:
        super().__init__(
            "what was sealed for this delegate does not open",
            hint="restart the delegate, so that it enrols its key anew",
        )


class SealingKey:
    """An X25519 key pair. Never printed; ``to_bytes`` is for whoever keeps it."""

    __slots__ = ("_key", "public")

    def __init__(self, key: X25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> "SealingKey":
        return cls(X25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, raw: bytes) -> "SealingKey":
        """Raises InvalidKeyError when these are not 32 bytes."""
        if len(raw) != KEY_BYTES:
            raise InvalidKeyError(f"it has {len(raw)} bytes and not {KEY_BYTES}")
        return cls(X25519PrivateKey.from_private_bytes(raw))

    def to_bytes(self) -> bytes:
        """The private key: 32 bytes."""
        return self._key.private_bytes_raw()

    def open(self, sealed: str, bound_to: bytes) -> bytes:
        """What ``seal`` was given. Raises SealBrokenError."""
        try:
            return _suite().decrypt(base64.b64decode(sealed, validate=True), self._key, _PURPOSE + bound_to)
        except (InvalidTag, binascii.Error, ValueError):
            raise SealBrokenError from None


def seal(public: bytes, plain: bytes, bound_to: bytes) -> str:
    """``plain`` for the owner of ``public`` (32 bytes), in base64; opens only together with the same ``bound_to``.

    Raises InvalidKeyError for bytes that are no key, or one of the points that would make the secret known to all.
    """
    if len(public) != KEY_BYTES:
        raise InvalidKeyError(f"it has {len(public)} bytes and not {KEY_BYTES}")
    try:
        key = X25519PublicKey.from_public_bytes(public)
        return base64.b64encode(_suite().encrypt(plain, key, _PURPOSE + bound_to)).decode()
    except ValueError:
        raise InvalidKeyError("it is a point of small order") from None


def check_sealing_key(public: bytes) -> bytes:
    """The key, if something can be sealed for it. Raises InvalidKeyError."""
    seal(public, b"", b"")
    return public


@cache
def _suite() -> hpke.Suite:
    return hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
