from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pierhead.control.gates import (
    NOT_ASKED,
    Finding,
    FoundSbom,
    Ignored,
    InvalidGateError,
    NotKnown,
    Outcome,
    Sbom,
    Sboms,
    Severity,
    Signature,
    Signatures,
    VerificationKey,
    VerifiedSignature,
    Vulnerabilities,
    VulnerabilityReport,
    key_id,
)

from .conftest import AMD, ARM, DAY, DIGEST, NAME, NOW, codes, judged, new_key, pem

LOST = NotKnown("registry-unavailable", "the registry did not list them")
HIGH = Finding(("CVE-2026-1", "GHSA-1"), "openssl", "3.0.1", Severity.HIGH, "3.0.2", 8.1)


def signed(*subjects: str, key: VerificationKey, name: str = NAME, predicate: str = "", **more) -> Signatures:
    found = tuple(VerifiedSignature(subject, key.id, name, predicate) for subject in subjects)
    return Signatures(found, len(found), **more)


def test_a_signed_index_stands_for_its_images(key) -> None:
    assert judged(Signature((key,)), signatures=signed(DIGEST, key=key)).outcome is Outcome.PASS


def test_images_that_are_all_signed_stand_for_the_index(key) -> None:
    assert judged(Signature((key,)), signatures=signed(AMD, ARM, key=key)).outcome is Outcome.PASS
    assert judged(Signature((key,)), signatures=signed(AMD, key=key)).outcome is Outcome.FAIL


def test_what_must_be_signed_can_be_narrowed(key) -> None:
    assert judged(Signature((key,), covers="index"), signatures=signed(AMD, ARM, key=key)).outcome is Outcome.FAIL
    assert judged(Signature((key,), covers="platforms"), signatures=signed(DIGEST, key=key)).outcome is Outcome.FAIL


@pytest.mark.parametrize("name", ["registry.example.com/harness/drone-git", "docker.io/evil/ci-addon"])
def test_a_signature_for_another_name_does_not_count(key, name) -> None:
    result = judged(Signature((key,)), signatures=signed(DIGEST, key=key, name=name))
    assert codes(result) == ["not-signed", "signature-does-not-count"]


def test_a_mirrored_image_keeps_the_signature_of_its_origin(key) -> None:
    origin = "docker.io/harness/ci-addon"
    assert judged(Signature((key,)), signatures=signed(DIGEST, key=key, name=origin), origin_name=origin).outcome is (
        Outcome.PASS
    )


def test_names_of_the_policy_replace_the_own_name(key) -> None:
    gate = Signature((key,), names=("vendor.example.com/**",))
    assert judged(gate, signatures=signed(DIGEST, key=key)).outcome is Outcome.FAIL
    assert judged(gate, signatures=signed(DIGEST, key=key, name="")).outcome is Outcome.FAIL
    assert judged(gate, signatures=signed(DIGEST, key=key, name="vendor.example.com/a/b")).outcome is Outcome.PASS


def test_an_attestation_counts_only_where_the_policy_says_so(key) -> None:
    slsa = "https://slsa.dev/provenance/v1"
    evidence = signed(DIGEST, key=key, name="", predicate=slsa)
    assert judged(Signature((key,)), signatures=evidence).outcome is Outcome.FAIL
    assert judged(Signature((key,), attestations=(slsa,)), signatures=evidence).outcome is Outcome.PASS


def test_a_threshold_wants_different_keys(key) -> None:
    other = new_key("second")
    gate = Signature((key, other), threshold=2)
    twice = signed(DIGEST, DIGEST, key=key)
    assert judged(gate, signatures=twice).outcome is Outcome.FAIL
    both = Signatures(twice.verified + signed(DIGEST, key=other).verified, 3)
    assert judged(gate, signatures=both).outcome is Outcome.PASS


def test_a_key_given_twice_is_one_key(key) -> None:
    with pytest.raises(InvalidGateError):
        Signature((key, VerificationKey("again", key.pem.strip())), threshold=2)


def test_a_signature_of_a_key_that_is_not_in_the_policy_is_none(key) -> None:
    assert judged(Signature((key,)), signatures=signed(DIGEST, key=new_key())).outcome is Outcome.FAIL


def test_too_few_signatures_fail_only_when_all_could_be_looked_at(key) -> None:
    assert judged(Signature((key,)), signatures=Signatures(problems=(LOST,))).outcome is Outcome.COULD_NOT_CHECK
    assert judged(Signature((key,)), signatures=signed(DIGEST, key=key, problems=(LOST,))).outcome is Outcome.PASS
    assert judged(Signature((key,)), signatures=NOT_ASKED).outcome is Outcome.COULD_NOT_CHECK
    assert judged(Signature((key,), covers="platforms"), contents=NOT_ASKED).outcome is Outcome.COULD_NOT_CHECK


@pytest.mark.parametrize(
    "text",
    [
        "no key",
        pem(ec.generate_private_key(ec.SECP521R1())),
        pem(rsa.generate_private_key(65537, 1024)),
        ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    ],
    ids=["text", "another curve", "short", "private"],
)
def test_what_is_no_usable_public_key_is_refused(text) -> None:
    with pytest.raises(InvalidGateError):
        key_id(text)


def test_an_sbom_of_the_image_or_of_each_platform_passes() -> None:
    each = Sboms(tuple(FoundSbom(subject, "spdx", "sha256:" + "d" * 64, 3) for subject in (AMD, ARM)))
    assert judged(Sbom(), sboms=each).outcome is Outcome.PASS
    assert judged(Sbom(), sboms=Sboms((FoundSbom(DIGEST, "spdx", "d", 3),))).outcome is Outcome.PASS


def test_no_sbom_fails_and_one_that_could_not_be_read_is_not_checked() -> None:
    assert codes(judged(Sbom())) == ["sbom-missing"]
    assert judged(Sbom(), sboms=Sboms(problems=(LOST,))).outcome is Outcome.COULD_NOT_CHECK
    assert judged(Sbom(), sboms=NOT_ASKED).outcome is Outcome.COULD_NOT_CHECK


def test_an_unsigned_sbom_does_not_count_where_a_signed_one_is_wanted(key) -> None:
    assert judged(Sbom((key,)), sboms=Sboms((FoundSbom(DIGEST, "spdx", "d", 3),))).outcome is Outcome.FAIL
    assert judged(Sbom((key,)), sboms=Sboms((FoundSbom(DIGEST, "spdx", "d", 3, (key.id,)),))).outcome is Outcome.PASS


def report(*findings: Finding, **more) -> VulnerabilityReport:
    given = {"as_of": NOW - DAY, "packages": 10} | more
    return VulnerabilityReport("osv", given.pop("as_of"), given.pop("packages"), findings, **given)


def test_findings_are_counted_by_severity() -> None:
    assert judged(Vulnerabilities(critical=0), vulnerabilities=report(HIGH)).outcome is Outcome.PASS
    result = judged(Vulnerabilities(high=0), vulnerabilities=report(HIGH))
    assert codes(result) == ["too-many-high"]
    assert "CVE-2026-1 in openssl 3.0.1, fixed in 3.0.2" in result.reasons[0].words


def test_an_advisory_is_ignored_by_any_of_its_ids_until_its_end() -> None:
    gate = Vulnerabilities(high=0, ignore=(Ignored("GHSA-1", "not reachable", NOW + DAY),))
    assert judged(gate, vulnerabilities=report(HIGH)).outcome is Outcome.PASS
    later = judged(gate, vulnerabilities=report(HIGH), now=NOW + 2 * DAY)
    assert codes(later) == ["too-many-high", "ignore-expired"]


def test_what_has_no_fix_can_be_left_out() -> None:
    unfixed = Finding(("CVE-2026-2",), "zlib", "1", Severity.CRITICAL)
    assert judged(Vulnerabilities(only_fixed=True), vulnerabilities=report(unfixed)).outcome is Outcome.PASS
    assert judged(Vulnerabilities(), vulnerabilities=report(unfixed)).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (report(as_of=NOW - timedelta(days=8)), "database-too-old"),
        (report(as_of=None), "database-age-unknown"),
        (report(packages=0), "no-packages"),
        (report(unread=(NotKnown("rpm-not-read", "its rpm database is not read"),)), "rpm-not-read"),
        (NOT_ASKED, "not-collected"),
    ],
    ids=["old", "ageless", "empty", "unread", "absent"],
)
def test_a_scan_that_could_not_see_everything_is_no_pass(given, code) -> None:
    result = judged(Vulnerabilities(), vulnerabilities=given)
    assert (result.outcome, codes(result)) == (Outcome.COULD_NOT_CHECK, [code])


def test_too_many_findings_fail_also_in_a_scan_that_saw_only_a_part() -> None:
    assert judged(Vulnerabilities(high=0), vulnerabilities=report(HIGH, unread=(LOST,))).outcome is Outcome.FAIL


def test_an_ignored_advisory_needs_a_reason_and_an_end_with_a_zone() -> None:
    with pytest.raises(InvalidGateError):
        Ignored("CVE-2026-1", " ", NOW)
    with pytest.raises(InvalidGateError):
        Ignored("CVE-2026-1", "why", NOW.replace(tzinfo=None))
    with pytest.raises(InvalidGateError):
        Vulnerabilities(critical=None)
