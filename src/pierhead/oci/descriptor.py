"""Descriptors: what is to be fetched, and how it proves itself (image-spec, descriptor.md)."""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import fields as json_fields
from .digest import Digest
from .errors import InvalidDocumentError
from .platform import Platform

MAX_SIZE = 2**63 - 1
MAX_URLS = 100
_MEDIA_TYPE = re.compile(r"[!-~](?:[ -~]{0,253}[!-~])?")
_KEYS = ("mediaType", "digest", "size", "platform", "annotations", "urls", "artifactType", "data")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """``size`` in bytes. ``data`` is the content itself, already checked against size and digest, where embedded."""

    media_type: str
    digest: Digest
    size: int
    platform: Platform | None = None
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    urls: tuple[str, ...] = ()
    artifact_type: str | None = None
    data: bytes | None = None

    def __post_init__(self) -> None:
        _media_type(self.media_type, "descriptor")
        _size(self.size, "descriptor")
        if self.data is not None:
            verifier = self.digest.verifier()
            verifier.update(self.data)
            verifier.check(f"the data embedded in the descriptor of {self.digest}", self.size)

    @classmethod
    def from_json(cls, value: object, where: str) -> "Descriptor":
        """Raises InvalidDocumentError; ``where`` is the path of ``value`` in its document."""
        given = json_fields.mapping(value, where)
        json_fields.check_spelling(given, _KEYS, where)
        platform = given.get("platform")
        return cls(
            _media_type(json_fields.text(given, "mediaType", where), where),
            json_fields.digest(given.get("digest"), json_fields.path(where, "digest")),
            _size(given.get("size"), where),
            None if platform is None else Platform.from_json(platform, json_fields.path(where, "platform")),
            json_fields.text_map(given, "annotations", where),
            json_fields.texts(given, "urls", where, cap=MAX_URLS),
            json_fields.text(given, "artifactType", where) or None,
            _data(json_fields.text(given, "data", where), where),
        )

    def to_json(self) -> dict[str, object]:
        """For documents of our own making; received ones are kept as bytes."""
        given: dict[str, object] = {
            "mediaType": self.media_type,
            "digest": str(self.digest),
            "size": self.size,
            "platform": self.platform.to_json() if self.platform else None,
            "annotations": dict(self.annotations) or None,
            "urls": list(self.urls) or None,
            "artifactType": self.artifact_type,
            "data": None if self.data is None else binascii.b2a_base64(self.data, newline=False).decode(),
        }
        return {key: value for key, value in given.items() if value is not None}


def _media_type(text: str | None, where: str) -> str:
    if text is None or not _MEDIA_TYPE.fullmatch(text):
        raise InvalidDocumentError(json_fields.path(where, "mediaType"), "must be a media type")
    return text


def _size(value: object, where: str) -> int:
    if type(value) is not int or not 0 <= value <= MAX_SIZE:
        raise InvalidDocumentError(json_fields.path(where, "size"), "must be a whole number of bytes from 0 on")
    return value


def _data(text: str | None, where: str) -> bytes | None:
    if text is None:
        return None
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:  # binascii.Error, and what is not ASCII
        raise InvalidDocumentError(json_fields.path(where, "data"), "is not base64") from None
