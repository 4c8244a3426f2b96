"""The secret of a delegate token as it is kept: a keyed hash to check it by, and sealed for those who may see it again.

The seal is bound to the token's scope and id, so bytes moved to another token do not open.
"""

import hmac
import json

from pierhead.control.scopes import Scope
from pierhead.control.secrets import Keyring, SecretDamagedError
from pierhead.kit.redact import SecretValue

_END_OF_KEY_ID = b"\n"


def hash_of(secret: SecretValue, pepper: bytes) -> bytes:
    """32 bytes. The secret is 256 random bits, so there is nothing to guess slowly."""
    return hmac.digest(pepper, secret.reveal().encode(), "sha256")


def seal(secret: SecretValue, scope: Scope, token_id: str, keyring: Keyring) -> bytes:
    """The id of the key, a line end, and the wrapped secret."""
    key_id = keyring.current_key_id
    wrapped = keyring.wrap(secret.reveal().encode(), _place(scope, token_id), key_id)
    return key_id.encode() + _END_OF_KEY_ID + wrapped


def key_id_of(sealed: bytes) -> str:
    """Of the key that it was sealed with."""
    return sealed.partition(_END_OF_KEY_ID)[0].decode("ascii", "replace")


def unseal(sealed: bytes, scope: Scope, token_id: str, keyring: Keyring) -> SecretValue:
    """Raises WrongKeyError, SecretDamagedError."""
    key_id, _, wrapped = sealed.partition(_END_OF_KEY_ID)
    try:
        return SecretValue(keyring.unwrap(key_id.decode(), wrapped, _place(scope, token_id)).decode())
    except (SecretDamagedError, UnicodeDecodeError):
        raise SecretDamagedError(f"delegate token {token_id}") from None


def _place(scope: Scope, token_id: str) -> bytes:
    return json.dumps(["delegate token", scope.account, scope.org, scope.project, token_id]).encode()
