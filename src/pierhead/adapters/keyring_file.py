"""The key-encryption key in a file of its own, readable by its owner alone (port: control.secrets.Keyring).

One key; changing it is not done here. The file holds 32 bytes in base64 on one line, so that it can be kept on paper.
"""

import base64
import binascii
import hashlib
import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pierhead.control.secrets import SecretDamagedError, WrongKeyError
from pierhead.kit.errors import DeniedError, IntegrityError, UnavailableError

_KEY_BYTES = 32
_NONCE_BYTES = 12
_MAX_FILE_BYTES = 1024


class KeyFileExposedError(DeniedError):
    """Others may read or write the key file, so the key may not be secret any more."""

    code = "key-file-exposed"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"key file {path} {problem}", hint=f"run: chmod 600 {path}")
        self.path = path


class KeyFileInvalidError(IntegrityError):
    code = "key-file-invalid"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"key file {path} {problem}: it must hold {_KEY_BYTES} bytes in base64",
            hint="put back the key file that belongs to this data directory",
        )
        self.path = path


class KeyFileUnreadableError(UnavailableError):
    code = "key-file-unreadable"
    retryable = False

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"key file {path} cannot be used: {reason}", hint="check the path and who owns it")
        self.path = path


class FileKeyring:
    """Thread-safe. Reads the file once; makes it first when there is none and ``create`` says so."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        try:
            if create and not path.exists():
                _make(path)
            key = _read(path)
        except OSError as error:
            raise KeyFileUnreadableError(path, error.strerror or str(error)) from None
        self._key = key
        self._cipher = AESGCM(key)
        self._key_id = hashlib.sha256(b"pierhead key id\n" + key).hexdigest()[:16]

    @property
    def current_key_id(self) -> str:
        """A fingerprint of the key, so that another key is another id by itself."""
        return self._key_id

    def derive(self, purpose: str) -> bytes:
        """32 secret bytes for another use of the same file, such as the pepper of API keys; the same at each start."""
        info = b"pierhead " + purpose.encode()
        return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(self._key)

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


def _make(path: Path) -> None:
    """Writes a new key under another name and links it into place, so that no half-written key is ever seen."""
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first: its key counts
    finally:
        draft.unlink(missing_ok=True)
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # NONBLOCK: a pipe must not hold us up
    with os.fdopen(descriptor, "rb") as file:
        _check_guarded(path, os.fstat(file.fileno()))
        text = file.read(_MAX_FILE_BYTES + 1).strip()
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise KeyFileInvalidError(path, "is not base64") from None
    if len(key) != _KEY_BYTES:
        raise KeyFileInvalidError(path, f"holds {len(key)} bytes")
    return key


def _check_guarded(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyFileInvalidError(path, "is not a regular file")
    if status.st_mode & 0o077:
        raise KeyFileExposedError(path, f"is open to others (mode {stat.S_IMODE(status.st_mode):04o})")
    if status.st_uid not in (0, os.geteuid()):
        raise KeyFileExposedError(path, f"belongs to another user (uid {status.st_uid})")
