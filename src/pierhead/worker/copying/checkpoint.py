"""What another attempt needs to go on: for each upload under way where it is and how far. Thread-safe.

The document: ``{"version": 1, "uploads": {"<origin>/<repository>@<digest>": ["<url>", <offset>]}}``. A URL of an
upload is the right to add to it, and nothing else; it is followed only on the target's own origin.
"""

import json
import threading
from collections.abc import Callable
from typing import Final

from pierhead.oci.digest import Digest
from pierhead.registry.endpoint import Endpoint

MAX_BYTES: Final = 16 * 1024
Document = dict[str, object]


def upload_key(endpoint: Endpoint, repository: str, digest: Digest) -> str:
    return f"{endpoint.origin}/{repository}@{digest}"


class UploadBook:
    """``told`` is called, on any thread, when the document has changed."""

    def __init__(self, left: Document | None, told: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._left = _parse(left)
        self._uploads: dict[str, tuple[str, int]] = {}
        self._told = told

    def left_over(self, key: str) -> str | None:
        """The URL of an upload that an earlier attempt began; given out once."""
        with self._lock:
            found = self._left.pop(key, None)
        return found[0] if found else None

    def note(self, key: str, url: str, offset: int) -> None:
        with self._lock:
            self._uploads[key] = (url, offset)
        self._told()

    def forget(self, key: str) -> None:
        with self._lock:
            was_there = self._uploads.pop(key, None) is not None
        if was_there:
            self._told()

    def document(self) -> Document:
        """At most 16 KiB of JSON: when there is more to tell, of the uploads with the most bytes.

        What an earlier attempt left and nobody has asked for yet stays in it.
        """
        with self._lock:
            entries = self._left | self._uploads
        kept: dict[str, list[object]] = {}
        size = 100
        for key, (url, offset) in sorted(entries.items(), key=lambda entry: -entry[1][1]):
            size += len(json.dumps({key: [url, offset]}))
            if size <= MAX_BYTES:
                kept[key] = [url, offset]
        return {"version": 1, "uploads": kept}


def _parse(document: Document | None) -> dict[str, tuple[str, int]]:
    """What can be used of it; it may be of another version, or of somebody who knows less."""
    uploads = (document or {}).get("uploads")
    if not isinstance(uploads, dict) or (document or {}).get("version") != 1:
        return {}
    found = {}
    for key, entry in uploads.items():
        if isinstance(key, str) and isinstance(entry, list) and len(entry) == 2:
            url, offset = entry
            if isinstance(url, str) and isinstance(offset, int):
                found[key] = (url, offset)
    return found
