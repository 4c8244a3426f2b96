"""The lock file beside an archive: which images are in it, by digest; JSON, which is YAML as well."""

import json
from collections.abc import Iterable

from .save import Saved


def lock_document(images: Iterable[Saved]) -> str:
    """In the order of the images; the same text for the same images."""
    return json.dumps({"version": 1, "images": [lock_entry(image) for image in images]}, indent=2) + "\n"


def lock_entry(image: Saved) -> dict[str, object]:
    return {
        "reference": image.reference,
        "digest": str(image.digest),
        "sourceDigest": str(image.source_digest),
        "mediaType": image.media_type,
        "size": image.document_bytes,
        "totalBytes": image.total_bytes,
        "platforms": list(image.platforms),
        "evidence": image.evidence,
    }
