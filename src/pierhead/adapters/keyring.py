"""The key-encryption keys in memory, and what is done with them (port: control.secrets.Keyring).

Keys are only ever added at the end: the last one wraps what is new, all of them open what is there, and what is derived
for other uses comes from the first for ever. Where they come from is the maker's business: a file (``keyring_file``),
or the environment.
"""

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pierhead.control.secrets import SecretDamagedError, WrongKeyError
from pierhead.kit.errors import ConflictError, InvalidInputError
from pierhead.kit.redact import SecretValue

KEY_BYTES = 32
MAX_KEYS = 64
_NONCE_BYTES = 12
_BETWEEN_KEYS = re.compile(r"[,\n]")


class KeyringFullError(ConflictError):
    code = "keyring-full"

    def __init__(self) -> None:
        super().__init__(
            f"there are {MAX_KEYS} encryption keys already, and that is the most",
            hint="stop the server, take keys that nothing uses out of the key file, and start it anew",
        )


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
    """Thread-safe. ``keys``: 32 bytes each, oldest first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._root = keys[0]
        self._ciphers = {key_id_of(key): AESGCM(key) for key in keys}

    @property
    def current_key_id(self) -> str:
        """A fingerprint of the newest key, so that another key is another id by itself."""
        return self.key_ids[-1]

    @property
    def root_key_id(self) -> str:
        """Of the key that everything else is derived from."""
        return self.key_ids[0]

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Of all keys that are held, oldest first."""
        return tuple(self._ciphers)

    @property
    def makes_keys(self) -> bool:
        """Whether ``add_key`` is for us, and not for whoever gave us the keys."""
        return False

    def draw_key(self) -> tuple[str, bytes]:
        """Raises KeyringFullError."""
        if len(self.key_ids) >= MAX_KEYS:
            raise KeyringFullError
        key = os.urandom(KEY_BYTES)
        return key_id_of(key), key

    def add_key(self, key_id: str, key: bytes) -> None:
        """Keeps the key for good, then wraps with it what is new."""
        raise NotImplementedError("keys that were given from outside are added there")

    def look_again(self) -> bool:
        """Whether there are more keys now than before, where they were read from."""
        return False

    def derive(self, purpose: str) -> bytes:
        """32 secret bytes for another use of the first key, such as the pepper of API keys; the same at each start."""
        info = b"pierhead " + purpose.encode()
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._root)

    def wrap(self, data_key: bytes, aad: bytes, key_id: str | None = None) -> bytes:
        key_id = key_id or self.current_key_id
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._ciphers[key_id].encrypt(nonce, data_key, _bound(key_id, aad))

    def unwrap(self, key_id: str, wrapped_key: bytes, aad: bytes) -> bytes:
        if key_id not in self._ciphers and not (self.look_again() and key_id in self._ciphers):
            raise WrongKeyError(key_id, self.key_ids)
        nonce, ciphertext = wrapped_key[:_NONCE_BYTES], wrapped_key[_NONCE_BYTES:]
        try:
            return self._ciphers[key_id].decrypt(nonce, ciphertext, _bound(key_id, aad))
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            raise SecretDamagedError("a data key") from None

    def _hold(self, keys: Sequence[bytes]) -> None:
        """In one step, so that no other thread sees half of them."""
        self._ciphers = {key_id_of(key): AESGCM(key) for key in keys}


def key_id_of(key: bytes) -> str:
    return hashlib.sha256(b"pierhead key id\n" + key).hexdigest()[:16]


def _bound(key_id: str, aad: bytes) -> bytes:
    return b"data key\n" + key_id.encode() + b"\n" + aad


def keyring_of(text: SecretValue, name: str) -> AesKeyring:
    """``name`` is what the user calls the setting; keys have commas or line ends between them.

    Raises EncryptionKeyInvalidError.
    """
    try:
        return AesKeyring(keys_of(text.reveal().encode("ascii", "replace")))
    except ValueError as error:
        raise EncryptionKeyInvalidError(name, str(error)) from None


def keys_of(text: bytes) -> list[bytes]:
    """At least one. Raises ValueError, which says what is wrong and nothing of the text."""
    parts = [part.strip() for part in _BETWEEN_KEYS.split(text.decode("ascii", "replace").strip())]
    lines = [part for part in parts if part] or [""]
    if len(lines) > MAX_KEYS:
        raise ValueError(f"holds more than {MAX_KEYS} keys")
    if len(lines) == 1:
        return [key_of(lines[0])]
    keys = []
    for number, line in enumerate(lines, 1):
        try:
            keys.append(key_of(line))
        except ValueError as error:
            raise ValueError(f"has a key number {number} that {error}") from None
    if len(set(keys)) < len(keys):
        raise ValueError("holds the same key twice")
    return keys


def key_of(text: str) -> bytes:
    """Raises ValueError, which says what is wrong and nothing of the text."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        raise ValueError("is not base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"holds {len(key)} bytes")
    return key
