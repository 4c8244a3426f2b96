"""Credentials that the server itself shows to a secret manager, each in a file of its own."""

import os
import stat
from pathlib import Path

from pierhead.control.secrets import ManagerUnavailableError
from pierhead.kit.redact import SecretValue

_CAP_BYTES = 16 * 1024


def read_up_to(descriptor: int, cap: int) -> bytes:
    raw = b""
    while len(raw) < cap and (piece := os.read(descriptor, cap - len(raw))):
        raw += piece
    return raw


def read_small_file(manager: str, path: Path) -> SecretValue:
    """Its text without white space around it. Raises ManagerUnavailableError, also when there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ManagerUnavailableError(manager, f"{path} is not a regular file")
            raw = read_up_to(descriptor, _CAP_BYTES + 1)
        finally:
            os.close(descriptor)
        text = raw.decode().strip()
    except OSError as error:
        raise ManagerUnavailableError(manager, f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ManagerUnavailableError(manager, f"{path} is not text") from None
    if not text or len(raw) > _CAP_BYTES or not text.isprintable():
        raise ManagerUnavailableError(manager, f"{path} holds no credential")
    return SecretValue(text)
