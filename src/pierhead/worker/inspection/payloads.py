"""What a signature is about: simple signing payloads and attested statements, read once their signature verified; pure.

A payload counts for one digest, the one that it names; whoever asks about another gets an error, never a pass.
"""

from typing import Final

from pierhead.kit.limits import MIB
from pierhead.oci import dsse
from pierhead.oci import fields as json_fields
from pierhead.oci.digest import Digest
from pierhead.oci.documents import read_object
from pierhead.oci.dsse import IN_TOTO, Envelope
from pierhead.oci.errors import InvalidDigestError, InvalidDocumentError, InvalidImageReferenceError, shown
from pierhead.oci.reference import Reference
from pierhead.protocol.inspection import InspectedSignature

from .errors import BadSignatureError

MAX_PAYLOAD: Final = MIB
_TYPES: Final = ("cosign container image signature", "atomic container signature")


def read_simple(payload: bytes, subject: Digest, key: str) -> InspectedSignature:
    """Raises BadSignatureError for another image, and what oci.fields raises (containers/image, signature format)."""
    critical = json_fields.mapping(read_object(payload, "the signature's payload").get("critical"), "critical")
    image = json_fields.mapping(critical.get("image"), "critical.image")
    identity = json_fields.mapping(critical.get("identity"), "critical.identity")
    if json_fields.text(critical, "type", "critical") not in _TYPES:
        raise InvalidDocumentError("critical.type", "is not that of an image signature")
    said = json_fields.digest(image.get("docker-manifest-digest"), "critical.image.docker-manifest-digest")
    if said != subject:
        raise BadSignatureError(f"a signature found beside {subject} is for {said}")
    name = json_fields.text(identity, "docker-reference", "critical.identity") or ""
    return InspectedSignature(subject=str(subject), key=key, name=image_name(name))


def read_attested(envelope: Envelope, subject: Digest, key: str) -> InspectedSignature:
    """Raises BadSignatureError for another image, and what oci.dsse raises."""
    if envelope.payload_type != IN_TOTO:
        raise BadSignatureError(f"an envelope has the payload type {shown(envelope.payload_type)}, no statement")
    if len(envelope.payload) > MAX_PAYLOAD:
        raise BadSignatureError(f"an attestation is larger than {MAX_PAYLOAD:,} bytes")
    statement = dsse.parse_statement(envelope.payload)
    about = [one for one in statement.subjects if one.is_about(subject.algorithm, subject.encoded)]
    if not about:
        raise BadSignatureError(f"an attestation found beside {subject} is for something else")
    if not statement.predicate_type:
        raise InvalidDocumentError("predicateType", "is missing")
    name = image_name(about[0].name)
    return InspectedSignature(subject=str(subject), key=key, name=name, predicate=statement.predicate_type)


def envelope_in(raw: bytes) -> Envelope | None:
    """The envelope in ``raw``, bare or in a sigstore bundle; None when there is none. Raises what oci.dsse raises."""
    given = json_fields.mapping(dsse.read_json(raw, "the attestation"), "the attestation")
    if "dsseEnvelope" in given:
        return dsse.envelope_of(given["dsseEnvelope"])
    if "messageSignature" in given:
        raise BadSignatureError("a bundle has a signature over a file, which says nothing of an image's name")
    return dsse.envelope_of(given) if "payload" in given else None


def image_name(text: str) -> str:
    """``registry/repository`` as references spell it, so that names can be compared; as written when it is no name."""
    try:
        reference = Reference.parse(text)
    except (InvalidImageReferenceError, InvalidDigestError):
        return text[:300]
    return f"{reference.registry}/{reference.repository}"
