"""Signed envelopes (DSSE 1.0) and the in-toto statements in them, read strictly; pure. No signature is verified here.

Envelopes come from strangers: everything is capped, and what cannot be understood is refused, never skipped.
"""

import binascii
from dataclasses import dataclass
from typing import Final

from pierhead.kit.limits import MIB, BodyTooLargeError, MalformedJsonError, parse_json

from . import fields as json_fields
from .errors import InvalidDocumentError

IN_TOTO: Final = "application/vnd.in-toto+json"
STATEMENTS: Final = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
MAX_ENVELOPE_BYTES: Final = 16 * MIB
MAX_SIGNATURES: Final = 100
MAX_SUBJECTS: Final = 1000


@dataclass(frozen=True, slots=True)
class Envelope:
    """``payload`` is what was signed, decoded; ``signatures`` as bytes, in the envelope's order."""

    payload_type: str
    payload: bytes
    signatures: tuple[bytes, ...]

    @property
    def signed_bytes(self) -> bytes:
        return pae(self.payload_type, self.payload)


@dataclass(frozen=True, slots=True)
class Subject:
    """``digests``: hexadecimal by algorithm, as written."""

    name: str
    digests: dict[str, str]

    def is_about(self, algorithm: str, encoded: str) -> bool:
        return self.digests.get(algorithm) == encoded


@dataclass(frozen=True, slots=True)
class Statement:
    predicate_type: str
    subjects: tuple[Subject, ...]
    predicate: object = None


def pae(payload_type: str, payload: bytes) -> bytes:
    """What is signed for a payload: its type and itself, each with its length (DSSE, "Pre-Authentication Encoding")."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def parse_envelope(raw: bytes) -> Envelope:
    """Raises InvalidDocumentError, TooManyEntriesError, BodyTooLargeError."""
    return envelope_of(read_json(raw, "the envelope"))


def envelope_of(value: object) -> Envelope:
    """As ``parse_envelope``, for an envelope within another document."""
    given = json_fields.mapping(value, "the envelope")
    entries = json_fields.items(given, "signatures", "", cap=MAX_SIGNATURES)
    return Envelope(
        json_fields.text(given, "payloadType", "") or "",
        _base64(json_fields.text(given, "payload", ""), "payload"),
        tuple(
            _base64(json_fields.text(json_fields.mapping(entry, "signatures"), "sig", "signatures"), "signatures.sig")
            for entry in entries
        ),
    )


def parse_statement(payload: bytes) -> Statement:
    """Raises InvalidDocumentError, TooManyEntriesError, BodyTooLargeError."""
    return statement_of(read_json(payload, "the statement"))


def statement_of(value: object) -> Statement:
    given = json_fields.mapping(value, "the statement")
    if json_fields.text(given, "_type", "") not in STATEMENTS:
        raise InvalidDocumentError("_type", "is not that of an in-toto statement")
    subjects = json_fields.items(given, "subject", "", cap=MAX_SUBJECTS)
    return Statement(
        json_fields.text(given, "predicateType", "") or "",
        tuple(_subject(entry, f"subject[{at}]") for at, entry in enumerate(subjects)),
        given.get("predicate"),
    )


def read_json(raw: bytes, what: str) -> object:
    """Raises InvalidDocumentError and BodyTooLargeError."""
    if len(raw) > MAX_ENVELOPE_BYTES:
        raise BodyTooLargeError(what, MAX_ENVELOPE_BYTES)
    try:
        return parse_json(raw, max_values=2_000_000)
    except MalformedJsonError as error:
        raise InvalidDocumentError(what, f"is {error.message}") from None


def _subject(value: object, where: str) -> Subject:
    given = json_fields.mapping(value, where)
    return Subject(json_fields.text(given, "name", where) or "", json_fields.text_map(given, "digest", where))


def _base64(text: str | None, where: str) -> bytes:
    """Standard or URL-safe alphabet: makers of envelopes use both, and DSSE allows both."""
    if text is None:
        raise InvalidDocumentError(where, "is missing")
    try:
        return binascii.a2b_base64(text.translate({ord("-"): "+", ord("_"): "/"}), strict_mode=True)
    except ValueError:
        raise InvalidDocumentError(where, "is not base64") from None
