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
        text = part.reveal() if isinstance(part, SecretValue) else part or ""
        raw = text.encode("utf-8", "surrogatepass")
        mac.update(f"{-1 if part is None else len(raw)}:".encode() + raw)
    return mac.hexdigest()
