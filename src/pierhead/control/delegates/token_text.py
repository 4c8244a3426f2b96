"""The text of a delegate token, which a person copies to where the delegate will run; pure.

Base64 of ``pdt.<token id>.<secret>.<fingerprint of the server's key>``. With the fingerprint in it, whoever holds the
text knows which server to believe. Whether there is such a token is not asked here.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Self

from pierhead.kit.redact import SecretValue

_MAX_CHARS = 512
_PLAIN = re.compile(rb"pdt\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,64})\.([0-9a-f]{32})\Z")


@dataclass(frozen=True, slots=True)
class TokenText:
    """``server`` is the fingerprint of the server's key."""

    id: str
    secret: SecretValue
    server: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None when the text has not the form of a token."""
        if len(text) > _MAX_CHARS:
            return None
        try:
            plain = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):  # ValueError: not ASCII
            return None
        match = _PLAIN.match(plain)
        if match is None or base64.b64encode(plain).decode() != text:
            return None
        return cls(match[1].decode(), SecretValue(match[2].decode()), match[3].decode())

    def render(self) -> SecretValue:
        plain = f"pdt.{self.id}.{self.secret.reveal()}.{self.server}"
        return SecretValue(base64.b64encode(plain.encode()).decode())
