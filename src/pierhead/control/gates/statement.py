"""What a promotion says of itself: an in-toto statement in a signed envelope, to be attached to the image; pure.

Anybody who has the control plane's public key can verify it without asking Pierhead.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pierhead.kit.errors import AppError
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.dsse import IN_TOTO, STATEMENTS, Statement, pae, parse_envelope, parse_statement
from pierhead.oci.media_types import OCI_EMPTY, OCI_MANIFEST

from .documents import time_text, verdict_document
from .errors import StatementError
from .verdict import Verdict

PREDICATE_TYPE: Final = "urn:pierhead:promotion:v1"
ENVELOPE_TYPE: Final = "application/vnd.dsse.envelope.v1+json"
_EMPTY: Final = b"{}"


@dataclass(frozen=True, slots=True)
class Promotion:
    """``source`` and ``target``: ``registry/repository[:tag]``. ``evidence``: digests of what the verdict rests on, by
    what it is. ``approved_by``: keys of principals. ``connector`` and ``delegate``: through which it was read."""

    digest: Digest
    source: str
    target: str
    verdict: Verdict
    promoted_at: datetime
    promoted_by: str
    approved_by: tuple[str, ...] = ()
    evidence: Mapping[str, Digest] | None = None
    connector: str = ""
    delegate: str = ""


def statement_bytes(promotion: Promotion) -> bytes:
    """The statement, unsigned: JSON, the same bytes for the same promotion."""
    digest = promotion.digest
    return _json(
        {
            "_type": STATEMENTS[0],
            "subject": [{"name": promotion.target, "digest": {digest.algorithm: digest.encoded}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": _predicate(promotion),
        }
    )


def sign_statement(statement: bytes, key: Ed25519PrivateKey, key_id: str = "") -> bytes:
    """The envelope as JSON."""
    signature = key.sign(pae(IN_TOTO, statement))
    entry = {"keyid": key_id, "sig": base64.b64encode(signature).decode()}
    payload = base64.b64encode(statement).decode()
    return _json({"payloadType": IN_TOTO, "payload": payload, "signatures": [entry]})


def verify_statement(envelope: bytes, key: Ed25519PublicKey, digest: Digest) -> Statement:
    """What the envelope says of ``digest``. Raises StatementError for whatever is not proved."""
    try:
        given = parse_envelope(envelope)
        statement = parse_statement(given.payload)
    except AppError as error:
        raise StatementError(error.message) from None
    if given.payload_type != IN_TOTO:
        raise StatementError("its payload is no in-toto statement")
    if not any(_is_signed(key, signature, given.signed_bytes) for signature in given.signatures):
        raise StatementError("no signature in it was made with this key")
    if statement.predicate_type != PREDICATE_TYPE:
        raise StatementError("it is not about a promotion")
    if not any(subject.is_about(digest.algorithm, digest.encoded) for subject in statement.subjects):
        raise StatementError(f"it is not about {digest}")
    return statement


@dataclass(frozen=True, slots=True)
class Referrer:
    """What to push to attach something to an image: ``blobs`` by media type, then ``manifest`` by its own digest."""

    manifest: bytes
    media_type: str
    blobs: tuple[tuple[Descriptor, bytes], ...]

    @property
    def digest(self) -> Digest:
        return Digest.of(self.manifest)


def referrer_of(envelope: bytes, subject: Descriptor, created_at: datetime) -> Referrer:
    """The envelope as an artifact that refers to ``subject`` (image-spec, "Guidelines for Artifact Usage")."""
    empty = Descriptor(OCI_EMPTY, Digest.of(_EMPTY), len(_EMPTY))
    layer = Descriptor(ENVELOPE_TYPE, Digest.of(envelope), len(envelope))
    bare = Descriptor(subject.media_type, subject.digest, subject.size)
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": IN_TOTO,
            "config": empty.to_json(),
            "layers": [layer.to_json()],
            "subject": bare.to_json(),
            "annotations": {
                "in-toto.io/predicate-type": PREDICATE_TYPE,
                "org.opencontainers.image.created": time_text(created_at),
            },
        }
    )
    return Referrer(manifest, OCI_MANIFEST, ((empty, _EMPTY), (layer, envelope)))


def _predicate(promotion: Promotion) -> dict[str, object]:
    verdict = promotion.verdict
    return {
        "source": promotion.source,
        "target": promotion.target,
        "promotedAt": time_text(promotion.promoted_at),
        "promotedBy": promotion.promoted_by,
        "approvedBy": list(promotion.approved_by),
        "connector": promotion.connector,
        "delegate": promotion.delegate,
        "policy": {"identifier": verdict.policy, "version": verdict.version},
        "verdict": verdict_document(verdict),
        "evidence": {what: str(digest) for what, digest in sorted((promotion.evidence or {}).items())},
    }


def _is_signed(key: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=True).encode()
