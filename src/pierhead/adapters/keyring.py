"""The key-encryption key in memory, and what is done with it (port: control.secrets.Keyring).

One key; where it comes from is its maker's business: a file (``keyring_file``), or the environment.
"""

import base64
import binascii
import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pierhead.control.secrets import SecretDamagedError, WrongKeyError
from pierhead.kit.errors import InvalidInputError
from pierhead.kit.redact import SecretValue

KEY_BYTES = 32
_NONCE_BYTES = 12


class EncryptionKeyInvalidError(InvalidInputError):
    code = "encryption-key-invalid"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(
            f"{name} {problem}: it must hold {KEY_BYTES} bytes in base64",
            hint="set it to the key that the other servers of this database have; for a new database: openssl rand "
            f"-base64 {KEY_BYTES}",
        )
        self.name = name


class AesKeyring:
    """Thread-safe. ``key``: 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cipher = AESGCM(key)
        self._key_id = hashlib.sha256(b"pierhead key id\n" + key).hexdigest()[:16]

    @property
    def current_key_id(self) -> str:
        """A fingerprint of the key, so that another key is another id by itself."""
        return self._key_id

    def derive(self, purpose: str) -> bytes:
        """32 secret bytes for another use of the same key, such as the pepper of API keys; the same at each start."""
        info = b"pierhead " + purpose.encode()
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._key)

    def wrap(self, data_key: bytes, aad: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data_key, self._bound(aad))

    def unwrap(self, key_id: str, wrapped_key: bytes, aad: bytes) -> bytes:
        if key_id != self._key_id:
            raise WrongKeyError(key_id, self._key_id)
        nonce, ciphertext = wrapped_key[:_NONCE_BYTES], wrapped_key[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, ciphertext, self._bound(aad))
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            raise SecretDamagedError("a data key") from None

    def _bound(self, aad: bytes) -> bytes:
        return b"data key\n" + self._key_id.encode() + b"\n" + aad


def keyring_of(text: SecretValue, name: str) -> AesKeyring:
    """``name`` is what the user calls the setting. Raises EncryptionKeyInvalidError."""
    try:
        return AesKeyring(key_of(text.reveal().strip().encode("ascii", "replace")))
    except ValueError as error:
        raise EncryptionKeyInvalidError(name, str(error)) from None


def key_of(text: bytes) -> bytes:
    """Raises ValueError, which says what is wrong and nothing of the text."""
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("is not base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"holds {len(key)} bytes")
    return key
