"""Secrets that cannot be printed, and texts from which known secrets are taken out.

Only the modules listed in ``tests/unit/kit/test_redact.py`` may call ``reveal``.
"""

import base64
import hmac
import json
from collections.abc import Iterable
from typing import Never
from urllib.parse import quote

MASK = "***"


class SecretValue:
    """A secret text: printing shows a mask, it cannot be pickled, equality takes constant time."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"SecretValue({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretValue):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    __hash__ = None  # type: ignore[assignment]  # a hash would let a set or dict leak equality quickly

    def __reduce__(self) -> Never:
        raise TypeError("a SecretValue is not serialisable")


def redact(text: str, secrets: Iterable[SecretValue]) -> str:
    """``text`` without the given secrets, in the forms they take (plain, in JSON, base64, URL-quoted, hex)."""
    for secret in secrets:
        plain = secret.reveal()
        if len(plain) < 4:  # too short to be told from ordinary text; no credential is that short
            continue
        encoded = base64.b64encode(plain.encode()).decode()
        escaped = (json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1])
        for form in (plain, *escaped, encoded, encoded.rstrip("="), quote(plain, safe=""), plain.encode().hex()):
            text = text.replace(form, MASK)
    return text
