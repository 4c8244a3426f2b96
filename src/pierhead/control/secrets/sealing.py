"""The envelope around a secret's value: AES-256-GCM under a data key of its own, that key wrapped by a keyring.

Both layers are bound to the place the value is kept in, so bytes that were moved to another place do not open.
"""

import json
import os
from dataclasses import replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pierhead.control.scopes import Scope
from pierhead.kit.redact import SecretValue

from .errors import SecretDamagedError
from .model import SealedValue, Secret
from .ports import Keyring

_NONCE_BYTES = 12


def seal(value: SecretValue, place: bytes, keyring: Keyring) -> SealedValue:
    """``place`` is from ``place_of``; each call makes a new data key, so a nonce never meets a key twice."""
    data_key = AESGCM.generate_key(256)
    nonce = os.urandom(_NONCE_BYTES)
    ciphertext = AESGCM(data_key).encrypt(nonce, value.reveal().encode(), place)
    key_id = keyring.current_key_id
    return SealedValue(key_id, keyring.wrap(data_key, place, key_id), nonce, ciphertext)


def rewrap(secret: Secret, keyring: Keyring) -> SealedValue:
    """The same value, its data key wrapped by the current key. Raises WrongKeyError, SecretDamagedError."""
    sealed, place = _sealed_of(secret)
    try:
        data_key = keyring.unwrap(sealed.key_id, sealed.wrapped_key, place)
    except SecretDamagedError:
        raise SecretDamagedError(f"secret {secret.identifier}") from None
    key_id = keyring.current_key_id
    return replace(sealed, key_id=key_id, wrapped_key=keyring.wrap(data_key, place, key_id))


def unseal(secret: Secret, keyring: Keyring) -> SecretValue:
    """Raises WrongKeyError, SecretDamagedError."""
    sealed, place = _sealed_of(secret)
    try:
        data_key = keyring.unwrap(sealed.key_id, sealed.wrapped_key, place)
        return SecretValue(AESGCM(data_key).decrypt(sealed.nonce, sealed.ciphertext, place).decode())
    except (
        InvalidTag,
        SecretDamagedError,
        ValueError,
    ):  # ValueError: a nonce or key of a length that AES-GCM does not take
        raise SecretDamagedError(f"secret {secret.identifier}") from None


def _sealed_of(secret: Secret) -> tuple[SealedValue, bytes]:
    """What is sealed, and the place it is bound to."""
    if secret.sealed is None:
        raise ValueError("only an Inline secret is sealed")
    return secret.sealed, place_of(secret.scope, secret.identifier, secret.version)


def place_of(scope: Scope, identifier: str, version: int) -> bytes:
    """account|org|project|identifier|version as bytes that no two places share: JSON keeps the parts apart."""
    return json.dumps(["secret", scope.account, scope.org, scope.project, identifier, version]).encode()
