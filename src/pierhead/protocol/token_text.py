"""The text of a delegate token as people carry it: which token, its secret, and which server may be believed.

The base64 of ``pdt.<token id>.<secret>.<fingerprint of the server's key>``. Whether there is such a token is not known
here.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from pierhead.kit.redact import SecretValue

_MAX_CHARS = 512
_PLAIN = re.compile(rb"pdt\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,64})\.([0-9a-f]{32})\Z")


@dataclass(frozen=True, slots=True)
class TokenText:
    """``id`` and ``secret`` of letters, digits, ``_`` and ``-``, 1 to 64 each; ``server``: 32 hexadecimal digits."""

    id: str
    secret: SecretValue
    server: str

    @classmethod
    def parse(cls, text: str) -> "TokenText | None":
        """None for everything that ``render`` would not have written."""
        if len(text) > _MAX_CHARS or not text.isascii():
            return None
        try:
            plain = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return None
        match = _PLAIN.match(plain)
        if match is None or base64.b64encode(plain).decode() != text:
            return None
        identifier, secret, server = (part.decode() for part in match.groups())
        return cls(identifier, SecretValue(secret), server)

    def render(self) -> SecretValue:
        """The one text. Raises ValueError when a part cannot be in a token."""
        plain = f"pdt.{self.id}.{self.secret.reveal()}.{self.server}".encode()
        if not _PLAIN.match(plain):
            raise ValueError("a part of the token has characters that cannot be in it")
        return SecretValue(base64.b64encode(plain).decode())
