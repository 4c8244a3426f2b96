"""Signatures and attestations in the forms of cosign, made with keys of tests and the demo, to be put beside an image.

Byte for byte as cosign writes them where a verifier looks; nothing is sent anywhere here.
"""

import base64
import json
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.dsse import IN_TOTO, STATEMENTS, pae
from pierhead.oci.media_types import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST
from pierhead.protocol.inspection import InspectionKey
from pierhead.testing.images import Image

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIG_ARTIFACT = "application/vnd.dev.cosign.artifact.sig.v1+json"
COSIGN = "https://sigstore.dev/cosign/sign/v1"


def public(key: PrivateKey, name: str = "release") -> InspectionKey:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return InspectionKey(id=name, pem=pem)


def sign(key: PrivateKey, data: bytes, *, pss: bool = False) -> bytes:
    match key:
        case ed25519.Ed25519PrivateKey():
            return key.sign(data)
        case rsa.RSAPrivateKey():
            if pss:
                return key.sign(data, padding.PSS(padding.MGF1(SHA256()), padding.PSS.MAX_LENGTH), SHA256())
            return key.sign(data, padding.PKCS1v15(), SHA256())
        case _:
            is_longer = isinstance(key.curve, ec.SECP384R1)
            return key.sign(data, ec.ECDSA(SHA384() if is_longer else SHA256()))


def payload(digest: Digest, name: str) -> bytes:
    """As cosign writes it, byte for byte."""
    image = {"docker-manifest-digest": str(digest)}
    critical = {"identity": {"docker-reference": name}, "image": image, "type": "cosign container image signature"}
    return json.dumps({"critical": critical, "optional": None}, separators=(",", ":")).encode()


def envelope(statement: bytes, *keys: PrivateKey) -> bytes:
    signatures = [{"keyid": "", "sig": base64.b64encode(sign(key, pae(IN_TOTO, statement))).decode()} for key in keys]
    payload = base64.b64encode(statement).decode()
    return json.dumps({"payloadType": IN_TOTO, "payload": payload, "signatures": signatures}).encode()


def bundle(envelope: bytes) -> bytes:
    material = {"publicKey": {"hint": "abc"}, "tlogEntries": []}
    given = {"mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": json.loads(envelope)}
    return json.dumps(given).encode()


def statement(digest: Digest, predicate_type: str = COSIGN, predicate: object = None, name: str = "") -> bytes:
    subject = {"name": name, "digest": {digest.algorithm: digest.encoded}}
    given = {"_type": STATEMENTS[0], "subject": [subject], "predicateType": predicate_type}
    return json.dumps(given | {"predicate": predicate or {}}).encode()


def artifact(
    *layers: tuple[str, bytes, Mapping[str, str]], subject: Descriptor | None = None, artifact_type: str | None = None
) -> Image:
    """A manifest with these layers: media type, bytes, annotations."""
    config = b"{}"
    blobs = {Digest.of(data): data for _, data, _ in layers} | {Digest.of(config): config}
    given = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": Descriptor(OCI_CONFIG, Digest.of(config), len(config)).to_json(),
        "layers": [Descriptor(kind, Digest.of(data), len(data), None, notes).to_json() for kind, data, notes in layers],
        "subject": subject.to_json() if subject else None,
    }
    raw = json.dumps({key: value for key, value in given.items() if value is not None}).encode()
    found = Descriptor(OCI_MANIFEST, Digest.of(raw), len(raw), artifact_type=artifact_type)
    return Image(blobs, ((found, raw),))


def simple_layer(data: bytes, signature: bytes) -> tuple[str, bytes, Mapping[str, str]]:
    return SIMPLE, data, {"dev.cosignproject.cosign/signature": base64.b64encode(signature).decode()}


def signature(key: PrivateKey, digest: Digest, name: str, *, pss: bool = False) -> Image:
    """What ``cosign sign --key`` puts under the tag ``sha256-<hex>.sig``."""
    data = payload(digest, name)
    return artifact(simple_layer(data, sign(key, data, pss=pss)))


def cosign_tag(digest: Digest, kind: str = "sig") -> str:
    return f"{digest.algorithm}-{digest.encoded}.{kind}"


def referrers(*found: Image) -> Image:
    """The index under the fallback tag."""
    entries = [each.descriptor.to_json() for each in found]
    raw = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode()
    blobs = {digest: data for each in found for digest, data in each.blobs.items()}
    documents = [document for each in found for document in each.documents]
    return Image(blobs, (*documents, (Descriptor(OCI_INDEX, Digest.of(raw), len(raw)), raw)))
