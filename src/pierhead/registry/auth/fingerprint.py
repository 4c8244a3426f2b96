"""Tells credentials apart without keeping them: caches and pools are keyed by who, not only by what."""

import hashlib
import hmac
import os

from pierhead.kit.redact import SecretValue

# Of this process only, so that a key in a dump or a log says nothing about the secret.
_KEY = os.urandom(32)


def fingerprint(*parts: str | SecretValue | None) -> str:
    """The same text for the same parts, and only for them, as long as this process lives."""
    mac = hmac.new(_KEY, digestmod=hashlib.sha256)
    for part in parts:
        raw = _text(part).encode("utf-8", "surrogatepass")
        mac.update(f"{-1 if part is None else len(raw)}:".encode() + raw)
    return mac.hexdigest()


def is_encodable(*parts: str | SecretValue) -> bool:
    """Whether all parts can be sent: JSON lets halves of surrogate pairs through, UTF-8 does not."""
    try:
        for part in parts:
            _text(part).encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(part: str | SecretValue | None) -> str:
    return part.reveal() if isinstance(part, SecretValue) else part or ""
