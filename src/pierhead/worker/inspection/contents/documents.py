"""SBOMs out of whatever they are wrapped in: bundle, signed envelope, in-toto statement; CycloneDX and SPDX; pure.

A statement must be about the image. No signature is verified here; whoever has the key has done so.
"""

import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from pierhead.kit.limits import MalformedJsonError, parse_json

from . import purl

_WRAPPINGS = 4
_MAX_VALUES = 3_000_000
_MAX_DEPTH = 64
CYCLONEDX, SPDX = "cyclonedx", "spdx"


class UnreadableError(Exception):
    """``code`` is stable; travels to the parent as a problem."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


@dataclass(frozen=True, slots=True)
class Document:
    """``without``: how many packages have no purl, and so no name that could be matched."""

    format: str
    purls: tuple[str, ...]
    without: int


def read_document(raw: bytes, algorithm: str, encoded: str) -> Document | None:
    """None for what is no SBOM at all. Raises UnreadableError for one that is broken or of another image."""
    value = _parsed(raw)
    for _ in range(_WRAPPINGS):
        if not isinstance(value, dict):
            return None
        if value.get("bomFormat") == "CycloneDX":
            return _document(CYCLONEDX, [*_components(value)])
        if isinstance(value.get("spdxVersion"), str):
            return _document(SPDX, [*_spdx_packages(value)])
        value = _unwrapped(value, algorithm, encoded)
    return None


def _unwrapped(given: dict[str, object], algorithm: str, encoded: str) -> object:
    if isinstance(given.get("dsseEnvelope"), dict):
        return given["dsseEnvelope"]
    if isinstance(given.get("payload"), str) and "payloadType" in given:
        return _parsed(_decoded(given["payload"]))
    if "predicate" in given and "subject" in given:
        subjects = given["subject"] if isinstance(given["subject"], list) else []
        digests = (one["digest"] for one in subjects if isinstance(one, dict) and isinstance(one.get("digest"), dict))
        if not any(one.get(algorithm) == encoded for one in digests):
            raise UnreadableError("sbom-of-another-image", "the SBOM is attested for another image")
        predicate = given["predicate"]
        # cosign of before 2.0 put the document as text into "Data"
        data = predicate.get("Data") if isinstance(predicate, dict) else None
        return _parsed(data.encode()) if isinstance(data, str) else data or predicate
    return None


def _document(format_: str, found: list[object]) -> Document:
    purls = dict.fromkeys(each for each in found if purl.is_usable(each))
    without = sum(not purl.is_usable(each) for each in found)
    return Document(format_, tuple(str(each) for each in purls), without)


def _components(given: dict[str, object], depth: int = 0) -> Iterator[object]:
    """The purl of each component, None where it has none; files and the operating system are no packages."""
    components = given.get("components")
    if not isinstance(components, list) or depth > _MAX_DEPTH:
        return
    for each in components:
        if isinstance(each, dict):
            if each.get("type") in ("library", "application", "framework") or "purl" in each:
                yield each.get("purl")
            yield from _components(each, depth + 1)


def _spdx_packages(given: dict[str, object]) -> Iterator[object]:
    packages = given.get("packages")
    for each in packages if isinstance(packages, list) else []:
        if not isinstance(each, dict) or each.get("primaryPackagePurpose") in ("CONTAINER", "OPERATING-SYSTEM", "FILE"):
            continue
        references = each.get("externalRefs")
        named = [one for one in references if isinstance(one, dict)] if isinstance(references, list) else []
        yield next((one.get("referenceLocator") for one in named if one.get("referenceType") == "purl"), None)


def _parsed(raw: bytes) -> object:
    try:
        return parse_json(raw, max_depth=_MAX_DEPTH, max_values=_MAX_VALUES)
    except MalformedJsonError as error:
        raise UnreadableError("sbom-unreadable", f"the SBOM is {error.message}") from None


def _decoded(text: object) -> bytes:
    try:
        return binascii.a2b_base64(str(text))
    except ValueError:
        raise UnreadableError("sbom-unreadable", "the envelope of the SBOM is not base64") from None
