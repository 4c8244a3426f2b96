"""Image manifests, OCI's and Docker's v2 (image-spec, manifest.md). Made by ``documents.parse_document``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import fields as json_fields
from .descriptor import Descriptor
from .digest import Digest
from .errors import ConfusedDocumentError, InvalidDocumentError

MAX_LAYERS = 500


@dataclass(frozen=True, slots=True)
class Manifest:
    """``raw`` is the truth and never written anew; the other fields are what we read out of it."""

    raw: bytes
    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Descriptor | None = None
    artifact_type: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def from_fields(cls, raw: bytes, media_type: str, given: json_fields.Fields) -> "Manifest":
        """``given`` is what ``raw`` says. Raises InvalidDocumentError, ConfusedDocumentError, TooManyEntriesError."""
        if given.get("config") is None:
            raise InvalidDocumentError("config", "is missing")
        config = Descriptor.from_json(given["config"], "config")
        entries = json_fields.items(given, "layers", "", cap=MAX_LAYERS)
        layers = tuple(Descriptor.from_json(entry, f"layers[{at}]") for at, entry in enumerate(entries))
        _check_sizes((config, *layers))
        subject = given.get("subject")
        return cls(
            raw,
            media_type,
            config,
            layers,
            None if subject is None else Descriptor.from_json(subject, "subject"),
            json_fields.text(given, "artifactType", "") or None,
            json_fields.text_map(given, "annotations", ""),
        )


def _check_sizes(blobs: tuple[Descriptor, ...]) -> None:
    sizes: dict[Digest, int] = {}
    for blob in blobs:
        if sizes.setdefault(blob.digest, blob.size) != blob.size:
            raise ConfusedDocumentError(f"{blob.digest} is listed with two sizes")
