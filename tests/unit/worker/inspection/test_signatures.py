import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from pierhead.oci.digest import Digest
from pierhead.protocol.tasks import FailedResult
from pierhead.testing.fake_registry import Scripted
from pierhead.testing.images import layer, multi_platform
from pierhead.testing.signing import (
    BUNDLE,
    COSIGN,
    DSSE,
    SIG_ARTIFACT,
    SIMPLE,
    artifact,
    bundle,
    envelope,
    payload,
    public,
    referrers,
    sign,
    signature,
    simple_layer,
    statement,
)

from .conftest import KEY

RSA = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    ("key", "more"),
    [
        (KEY, {}),
        (ec.generate_private_key(ec.SECP384R1()), {}),
        (ed25519.Ed25519PrivateKey.generate(), {}),
        (RSA, {}),
        (RSA, {"pss": True}),
    ],
    ids=["P-256", "P-384", "Ed25519", "RSA", "RSA-PSS"],
)
def test_a_cosign_signature_verifies_with_its_key_and_says_for_which_name(shelf, key, more) -> None:
    shelf.sign(key, **more)
    result = shelf.result(key)
    (found,) = result.signatures
    assert (found.subject, found.key, found.name, found.predicate) == (str(shelf.digest), "release", shelf.name, "")
    assert (result.signatures_rejected, result.signature_problems) == ((), ())


def test_a_signature_of_another_key_does_not_count_and_is_told(shelf) -> None:
    shelf.sign(ec.generate_private_key(ec.SECP256R1()))
    result = shelf.result()
    assert (result.signatures, result.signatures_seen) == ((), 1)
    assert "none of the keys" in result.signatures_rejected[0]


def test_without_keys_nothing_is_verified(shelf) -> None:
    shelf.sign()
    assert shelf.result(keys=()).signatures == ()


def test_a_tampered_payload_does_not_count(shelf) -> None:
    data = payload(shelf.digest, shelf.name)
    shelf.attach(artifact(simple_layer(data.replace(b"null", b"{} "), sign(KEY, data))))
    assert shelf.result().signatures == ()


def test_a_good_signature_for_another_digest_does_not_count(shelf) -> None:
    other = Digest.of(b"another image")
    shelf.attach(signature(KEY, other, shelf.name))
    result = shelf.result()
    assert result.signatures == ()
    assert str(other) in result.signatures_rejected[0]


def test_a_signature_for_another_repository_keeps_its_name_for_the_gate_to_judge(shelf) -> None:
    shelf.attach(signature(KEY, shelf.digest, "docker.io/evil/tool"))
    assert [found.name for found in shelf.result().signatures] == ["docker.io/evil/tool"]


@pytest.mark.parametrize(
    ("written", "read"),
    [("index.docker.io/library/alpine", "docker.io/library/alpine"), ("ghcr.io/a/b:1", "ghcr.io/a/b"), ("?", "?")],
)
def test_names_are_told_as_references_spell_them(shelf, written, read) -> None:
    shelf.attach(signature(KEY, shelf.digest, written))
    assert [found.name for found in shelf.result().signatures] == [read]


@pytest.mark.parametrize(
    "critical",
    [
        {"image": {"docker-manifest-digest": "X"}, "identity": {"docker-reference": "a"}, "type": "something else"},
        {"image": {}, "identity": {"docker-reference": "a"}, "type": "cosign container image signature"},
        {"image": {"docker-manifest-digest": "X"}, "type": "cosign container image signature"},
        None,
    ],
    ids=["type", "no digest", "no identity", "no critical"],
)
def test_a_payload_that_cannot_be_understood_is_never_a_signature(shelf, critical) -> None:
    data = json.dumps({"critical": critical}).replace("X", str(shelf.digest)).encode()
    shelf.attach(artifact(simple_layer(data, sign(KEY, data))))
    result = shelf.result()
    assert (result.signatures, len(result.signatures_rejected)) == ((), 1)


def test_keys_twice_in_a_payload_are_refused(shelf) -> None:
    data = payload(shelf.digest, shelf.name).replace(b'{"critical"', b'{"critical":{},"critical"', 1)
    shelf.attach(artifact(simple_layer(data, sign(KEY, data))))
    assert shelf.result().signatures == ()


def test_each_platform_may_be_signed_for_itself(shelf) -> None:
    images = [image.digest for image in shelf.result().images]
    for each in images:
        shelf.attach(signature(KEY, Digest.parse(each), shelf.name), beside=Digest.parse(each))
    assert [found.subject for found in shelf.result().signatures] == images


def test_a_signature_moved_beside_another_image_does_not_count(shelf) -> None:
    first = shelf.digest
    shelf.put(multi_platform([layer({"a": "b"})], "other"))
    shelf.attach(signature(KEY, first, shelf.name))
    assert shelf.result().signatures == ()


@pytest.mark.parametrize(
    "wrap", [lambda data: (BUNDLE, bundle(data), {}), lambda data: (DSSE, data, {})], ids=["bundle", "envelope"]
)
def test_signatures_among_the_referrers_are_found(shelf, wrap) -> None:
    made = artifact(wrap(envelope(statement(shelf.digest), KEY)), subject=shelf.image.descriptor, artifact_type=BUNDLE)
    shelf.fake.add(shelf.repository, f"sha256-{shelf.digest.encoded}", referrers(made))
    (found,) = shelf.result().signatures
    assert (found.subject, found.name, found.predicate) == (str(shelf.digest), "", COSIGN)


def test_the_older_form_among_the_referrers_is_found_as_well(shelf) -> None:
    data = payload(shelf.digest, shelf.name)
    made = artifact(simple_layer(data, sign(KEY, data)), subject=shelf.image.descriptor, artifact_type=SIG_ARTIFACT)
    shelf.fake.add(shelf.repository, f"sha256-{shelf.digest.encoded}", referrers(made))
    assert [found.name for found in shelf.result().signatures] == [shelf.name]


def test_an_attestation_says_which_kind_it_is(shelf) -> None:
    slsa = "https://slsa.dev/provenance/v1"
    given = statement(shelf.digest, slsa, name=shelf.name)
    shelf.attach(artifact((DSSE, envelope(given, KEY), {})), "att")
    (found,) = shelf.result().signatures
    assert (found.predicate, found.name) == (slsa, shelf.name)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda digest: envelope(statement(Digest.of(b"other")), KEY),
        lambda digest: envelope(statement(digest)),
        lambda digest: envelope(statement(digest, ""), KEY),
        lambda digest: envelope(b"[]", KEY),
        lambda digest: envelope(statement(digest), KEY).replace(b"vnd.in-toto+json", b"vnd.in-toto+jsom"),
        lambda digest: json.dumps({"messageSignature": {"signature": "eA=="}}).encode(),
        lambda digest: envelope(statement(digest), KEY)[:-30],
        lambda digest: b"[" * 100_000,
    ],
    ids=["another image", "unsigned", "no predicate", "no statement", "type", "file", "truncated", "deep"],
)
def test_an_envelope_that_proves_nothing_is_no_signature(shelf, spoil) -> None:
    shelf.attach(artifact((DSSE, spoil(shelf.digest), {})), "att")
    result = shelf.result()
    assert (result.signatures, len(result.signatures_rejected)) == ((), 1)


def test_endless_signatures_are_given_up_and_the_one_among_the_first_still_counts(shelf) -> None:
    data = payload(shelf.digest, shelf.name)
    good = simple_layer(data, sign(KEY, data))
    shelf.attach(artifact(good, *(simple_layer(data, bytes([at])) for at in range(150))))
    result = shelf.result()
    assert result.signatures_seen == 100
    assert [problem.code for problem in result.signature_problems] == ["too-much-evidence"]
    assert len(result.signatures) == 1


def test_a_huge_payload_is_not_fetched(shelf) -> None:
    data = b" " * (1024 * 1024 + 1)
    shelf.attach(artifact(simple_layer(data, sign(KEY, data))))
    result = shelf.result()
    assert result.signatures == ()
    assert [problem.code for problem in result.signature_problems] == ["registry-body-too-large"]


def test_a_registry_that_does_not_list_signatures_leaves_a_problem_and_not_an_absence(shelf) -> None:
    path = f"/v2/{shelf.repository}/manifests/sha256-{shelf.digest.encoded}.sig"
    shelf.fake.faults.script(Scripted("GET", path, 403))
    result = shelf.result()
    assert [problem.code for problem in result.signature_problems] == ["registry-denied"]


def test_a_key_that_is_none_fails_the_task(shelf) -> None:
    result = shelf.inspect(keys=(public(KEY).model_copy(update={"pem": "nonsense"}),))
    assert isinstance(result, FailedResult)
    assert result.error.code == "invalid-verification-key"


def test_the_same_layer_may_be_signed_by_two_keys(shelf) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    data = payload(shelf.digest, shelf.name)
    shelf.attach(artifact(simple_layer(data, sign(KEY, data)), simple_layer(data, sign(other, data))))
    result = shelf.result(keys=(public(KEY, "first"), public(other, "second")))
    assert {found.key for found in result.signatures} == {"first", "second"}


def test_a_media_type_that_only_looks_like_a_signature_is_passed_over(shelf) -> None:
    data = payload(shelf.digest, shelf.name)
    kind, _, notes = simple_layer(data, sign(KEY, data))
    shelf.attach(artifact((kind.replace(SIMPLE, f"{SIMPLE}x"), data, notes)))
    assert shelf.result().signatures_seen == 0
