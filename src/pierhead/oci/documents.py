"""Bytes into a manifest or an index, refusing whatever two readers could understand differently.

Nothing is fetched and nothing is hashed here: the bytes are expected to have proved their digest already.
"""

from pierhead.kit.limits import MIB, BodyTooLargeError, MalformedJsonError, parse_json

from . import fields as json_fields
from .errors import ConfusedDocumentError, InvalidDocumentError, UnsupportedDocumentError, shown
from .index import Index
from .manifest import Manifest
from .media_types import INDEXES, MANIFESTS, OCI_INDEX, OCI_MANIFEST, SCHEMA1, SCHEMA1S, bare

MAX_DOCUMENT_BYTES = 4 * MIB
_MANIFEST_KEYS = frozenset({"config", "layers", "fsLayers"})
_KEYS = _MANIFEST_KEYS | {"schemaVersion", "mediaType", "manifests", "subject", "artifactType", "annotations"}
_REBUILD = "the image is in Docker's schema 1 of before 2017: build and push it again with a present-day tool"


def parse_document(raw: bytes, content_type: str | None) -> Manifest | Index:
    """The document in ``raw``; ``content_type`` as the registry said it, parameters and all.

    Raises InvalidDocumentError, ConfusedDocumentError, UnsupportedDocumentError, BodyTooLargeError (over 4 MiB) and
    TooManyEntriesError (over 500 layers, 10,000 manifests).
    """
    given = read_object(raw, "the manifest")
    json_fields.check_spelling(given, _KEYS, "the document")
    media_type = _media_type(given, bare(content_type))
    _check_supported(given, media_type)
    _check_one_reading(given, media_type)
    if media_type in INDEXES:
        return Index.from_fields(raw, media_type, given)
    return Manifest.from_fields(raw, media_type, given)


def read_object(raw: bytes, what: str) -> json_fields.Fields:
    """The JSON object in ``raw``. Raises BodyTooLargeError and InvalidDocumentError."""
    if len(raw) > MAX_DOCUMENT_BYTES:
        raise BodyTooLargeError(what, MAX_DOCUMENT_BYTES)
    try:
        return json_fields.mapping(parse_json(raw), what)
    except MalformedJsonError as error:
        raise InvalidDocumentError(what, f"is {error.message}") from None


def _media_type(given: json_fields.Fields, said: str) -> str:
    """What the document is: by its own word, else by the registry's, else by its fields."""
    own = json_fields.text(given, "mediaType", "") or ""
    if said.startswith("application/vnd.") and own and own != said:
        raise ConfusedDocumentError(f"its mediaType is {shown(own)}, and the registry calls it {shown(said)}")
    return own or (said if said.startswith("application/vnd.") else "") or _by_fields(given)


def _by_fields(given: json_fields.Fields) -> str:
    """Only OCI documents may leave their mediaType out, so it is one of theirs."""
    if "fsLayers" in given or given.get("schemaVersion") == 1:
        return SCHEMA1
    if "manifests" in given:
        return OCI_INDEX
    if _MANIFEST_KEYS & given.keys():
        return OCI_MANIFEST
    raise InvalidDocumentError("the document", "is neither a manifest nor an index")


def _check_supported(given: json_fields.Fields, media_type: str) -> None:
    if media_type in SCHEMA1S or ("fsLayers" in given and not given.keys() & {"config", "layers", "manifests"}):
        raise UnsupportedDocumentError(media_type if media_type in SCHEMA1S else SCHEMA1, hint=_REBUILD)
    if media_type not in MANIFESTS | INDEXES:
        raise UnsupportedDocumentError(media_type)


def _check_one_reading(given: json_fields.Fields, media_type: str) -> None:
    of_manifest = sorted(_MANIFEST_KEYS & given.keys())
    if "fsLayers" in given:
        raise ConfusedDocumentError("it has the 'fsLayers' of schema 1, and says it is something newer")
    if "manifests" in given and of_manifest:
        raise ConfusedDocumentError(f"it has both {of_manifest[0]!r} and 'manifests'")
    if "manifests" in given and media_type in MANIFESTS:
        raise ConfusedDocumentError(f"it has 'manifests', and says it is a {media_type}")
    if of_manifest and media_type in INDEXES:
        raise ConfusedDocumentError(f"it has {of_manifest[0]!r}, and says it is a {media_type}")
    version = given.get("schemaVersion")
    if version is not None and (type(version) is not int or version != 2):
        raise InvalidDocumentError("schemaVersion", "must be 2")
