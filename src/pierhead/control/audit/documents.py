"""What stands before and after a change, as the one text that is sealed and stored; pure.

The text is JSON with sorted keys and nothing beyond ASCII, so every database gives back exactly what it was given.
Documents that are too large for a trail are cut to what identifies them.
"""

import hashlib
import json

from .model import Document

MAX_DOCUMENT_CHARS = 64 * 1024
_KEPT_CHARS = 2048


def text_of(document: Document | None) -> str | None:
    """Raises ValueError or TypeError for what is no JSON."""
    return None if document is None else _dumped(document)


def document_of(text: str | None) -> Document | None:
    """Raises ValueError for a text that ``text_of`` has not made."""
    if text is None:
        return None
    document = json.loads(text)
    if not isinstance(document, dict) or _dumped(document) != text:
        raise ValueError("not a document of the audit trail")
    return document


def settled(document: Document | None) -> Document | None:
    """As it will come back from a store: tuples as lists, keys as texts, and not too large."""
    text = text_of(document)
    if text is None or len(text) <= MAX_DOCUMENT_CHARS:
        return document_of(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"isCut": True, "characters": len(text), "sha256": digest, "beginning": text[:_KEPT_CHARS]}


def plain(text: str, most: int = 1024) -> str:
    """A text of a client, fit for every database."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")[:most]


def _dumped(document: object) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
