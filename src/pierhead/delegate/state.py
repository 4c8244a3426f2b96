"""What a delegate keeps between its starts: its keys, and which server it trusts. One process at a time.

Nothing of tasks is kept here: after a crash their leases end and they are done again.
"""

import base64
import binascii
import fcntl
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pierhead.kit.errors import AppError
from pierhead.kit.limits import parse_json
from pierhead.protocol.sealing import SealingKey
from pierhead.protocol.signatures import SigningKey, key_from_text, key_to_text
from pierhead.worker.runtimes.durable import replace_file

from .errors import StateDamagedError, StateInUseError, StateUnusableError

_MAX_FILE_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Identity:
    """The keys, made on this machine; the private halves never leave it."""

    signing: SigningKey
    sealing: SealingKey

    @property
    def delegate_id(self) -> str:
        return self.signing.id


@dataclass(frozen=True, slots=True)
class Enrolment:
    """``server_key`` is pinned: nobody else is obeyed. ``token_id``: the token that let us in."""

    delegate_id: str
    account: str
    server_key: bytes
    token_id: str


class StateDirectory:
    """Holds the directory from construction to ``release``, or the end of a ``with`` block.

    Raises StateInUseError, StateUnusableError, StateDamagedError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        os.umask(0o077)
        try:
            path.mkdir(0o700, parents=True, exist_ok=True)
            if stat.S_IMODE(path.stat().st_mode) != 0o700:
                path.chmod(0o700)
            self._lock: int | None = os.open(
                path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
        except OSError as error:
            raise StateUnusableError(path, error.strerror or str(error)) from None
        try:
            self._hold(self._lock)
            self.identity = self._identity()
            self.enrolment = self._enrolment()
        except BaseException:
            self.release()
            raise

    def keep(self, enrolment: Enrolment) -> None:
        """Durable before it returns."""
        document = {
            "delegateId": enrolment.delegate_id,
            "account": enrolment.account,
            "serverKey": key_to_text(enrolment.server_key),
            "tokenId": enrolment.token_id,
        }
        self._write(self.path / "enrolment.json", document)
        self.enrolment = enrolment

    def release(self) -> None:
        """Idempotent."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _hold(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateInUseError(self.path) from None
        except OSError as error:
            raise StateUnusableError(self.path, error.strerror or str(error)) from None

    def _identity(self) -> Identity:
        path = self.path / "identity.json"
        document = self._read(path)
        if document is None:
            identity = Identity(SigningKey.generate(), SealingKey.generate())
            keys = (identity.signing.to_bytes(), identity.sealing.to_bytes())
            signing, sealing = (base64.b64encode(key).decode() for key in keys)
            self._write(path, {"signingKey": signing, "sealingKey": sealing})
            return identity
        match document:
            case {"signingKey": str(signing), "sealingKey": str(sealing)}:
                return Identity(SigningKey.from_bytes(_raw(path, signing)), SealingKey.from_bytes(_raw(path, sealing)))
        raise StateDamagedError(path, "does not hold the keys of a delegate")

    def _enrolment(self) -> Enrolment | None:
        path = self.path / "enrolment.json"
        match self._read(path):
            case None:
                return None
            case {"delegateId": str(delegate), "account": str(account), "serverKey": str(key), "tokenId": str(token)}:
                if delegate != self.identity.delegate_id:
                    raise StateDamagedError(path, "belongs to other keys")
                return Enrolment(delegate, account, _raw(path, key), token)
        raise StateDamagedError(path, "is no enrolment")

    def _read(self, path: Path) -> object:
        """None where there is no such file."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateUnusableError(self.path, error.strerror or str(error)) from None
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077 or status.st_uid not in (0, os.geteuid()):
                raise StateUnusableError(self.path, f"{path.name} must be a file that its owner alone may open (0600)")
            raw = file.read(_MAX_FILE_BYTES + 1)
        try:
            document = parse_json(raw[:_MAX_FILE_BYTES])
        except AppError as error:
            raise StateDamagedError(path, f"cannot be read: {error.message}") from None
        if document is None:  # must not pass for a file that is not there
            raise StateDamagedError(path, "is empty")
        return document

    def _write(self, path: Path, document: dict[str, str]) -> None:
        try:
            replace_file(path, [json.dumps(document, indent=1).encode() + b"\n"])
        except OSError as error:
            raise StateUnusableError(self.path, error.strerror or str(error)) from None


def _raw(path: Path, text: str) -> bytes:
    try:
        return key_from_text(text)
    except (AppError, binascii.Error):
        raise StateDamagedError(path, "holds something that is no key") from None
