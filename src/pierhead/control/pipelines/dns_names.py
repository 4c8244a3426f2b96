"""Names that Kubernetes takes, made from names that it would not; pure and always the same."""

import re
from hashlib import sha256
from typing import Final

_MAX: Final = 63
_DIGEST_LENGTH: Final = 8


def dns_label(*parts: str) -> str:
    """A DNS label (RFC 1123) from ``parts`` joined by ``-``; where they are none, with a digest of them."""
    plain = "-".join(parts)
    spelled = re.sub(r"[._ ]", "-", plain.lower())
    label = re.sub(r"[^a-z0-9-]", "", spelled).strip("-")
    if label == plain and len(label) <= _MAX and label:
        return label
    digest = sha256(plain.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{label[: _MAX - _DIGEST_LENGTH - 1].strip('-') or 'x'}-{digest}"
