import base64
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pierhead.control.gates import (
    GateKind,
    MinimumAge,
    Promotion,
    StatementError,
    decide,
    referrer_of,
    sign_statement,
    statement_bytes,
    verify_statement,
)
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.documents import parse_document
from pierhead.oci.dsse import IN_TOTO, pae
from pierhead.oci.media_types import OCI_INDEX

from .conftest import DIGEST, EVIDENCE, NOW, exception, policy

IMAGE = Digest.parse(DIGEST)
KEY = Ed25519PrivateKey.generate()
VERDICT = decide(policy(MinimumAge(14)), EVIDENCE, [exception(GateKind.MINIMUM_AGE)], NOW)
PROMOTION = Promotion(
    IMAGE,
    "docker.io/harness/ci-addon:1.16.3",
    "registry.example.com/harness/ci-addon",
    VERDICT,
    NOW,
    "user/ada",
    ("user/bo",),
    {"inspection": Digest.of(b"evidence")},
    "account.mirror",
)
STATEMENT = statement_bytes(PROMOTION)
ENVELOPE = sign_statement(STATEMENT, KEY, "k1")


def test_a_signed_statement_says_what_was_promoted_by_whom_and_why() -> None:
    said = verify_statement(ENVELOPE, KEY.public_key(), IMAGE)
    assert said.predicate["promotedBy"] == "user/ada"
    assert said.predicate["approvedBy"] == ["user/bo"]
    assert said.predicate["policy"] == {"identifier": "trusted", "version": 1}
    gate = said.predicate["verdict"]["gates"][0]
    assert (gate["outcome"], gate["found"], gate["exception"]["reason"]) == ("excepted", "fail", "vendor ticket 4711")
    assert said.predicate["evidence"] == {"inspection": str(Digest.of(b"evidence"))}


def test_the_same_promotion_gives_the_same_bytes() -> None:
    assert statement_bytes(PROMOTION) == STATEMENT


def test_another_key_proves_nothing() -> None:
    with pytest.raises(StatementError):
        verify_statement(ENVELOPE, Ed25519PrivateKey.generate().public_key(), IMAGE)


def test_another_image_is_not_proved() -> None:
    with pytest.raises(StatementError, match="not about sha256:eee"):
        verify_statement(ENVELOPE, KEY.public_key(), Digest.parse("sha256:" + "e" * 64))


def changed(**fields) -> bytes:
    return json.dumps(json.loads(ENVELOPE) | fields).encode()


@pytest.mark.parametrize(
    "envelope",
    [
        changed(payload=base64.b64encode(STATEMENT.replace(b"user/bo", b"user/ev")).decode()),
        changed(payloadType="text/plain"),
        changed(signatures=[]),
        changed(payload="!"),
        ENVELOPE[:-20],
        b"[]",
        b"",
        b"\xff",
    ],
    ids=["payload", "type", "no signature", "no base64", "truncated", "list", "empty", "bytes"],
)
def test_what_was_changed_proves_nothing(envelope) -> None:
    with pytest.raises(StatementError):
        verify_statement(envelope, KEY.public_key(), IMAGE)


def test_another_statement_of_the_same_key_is_no_promotion() -> None:
    other = json.dumps(json.loads(STATEMENT) | {"predicateType": "urn:other"}).encode()
    with pytest.raises(StatementError, match="not about a promotion"):
        verify_statement(sign_statement(other, KEY), KEY.public_key(), IMAGE)


def test_the_referrer_can_be_pushed_and_names_its_subject() -> None:
    subject = Descriptor(OCI_INDEX, IMAGE, 1234)
    made = referrer_of(ENVELOPE, subject, NOW)
    manifest = parse_document(made.manifest, made.media_type)
    assert (manifest.subject, manifest.artifact_type) == (subject, IN_TOTO)
    assert [blob for blob, _ in made.blobs] == [manifest.config, *manifest.layers]
    assert all(Digest.of(data) == blob.digest and len(data) == blob.size for blob, data in made.blobs)


def test_the_signature_is_over_the_payload_and_its_type() -> None:
    given = json.loads(ENVELOPE)
    KEY.public_key().verify(base64.b64decode(given["signatures"][0]["sig"]), pae(IN_TOTO, STATEMENT))


def test_a_promotion_without_evidence_can_be_told() -> None:
    envelope = sign_statement(statement_bytes(replace(PROMOTION, evidence=None)), KEY)
    assert verify_statement(envelope, KEY.public_key(), IMAGE).predicate["evidence"] == {}
