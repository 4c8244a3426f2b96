from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pierhead.control.gates import (
    Approval,
    Contents,
    Evidence,
    GateException,
    GateKind,
    GatePolicy,
    PlatformImage,
    Sboms,
    Signatures,
    VerificationKey,
    VulnerabilityReport,
    decide,
)
from pierhead.control.scopes import Scope

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ROOT = Scope("acme")
DIGEST = "sha256:" + "a" * 64
AMD = "sha256:" + "b" * 64
ARM = "sha256:" + "c" * 64
NAME = "registry.example.com/harness/ci-addon"

EVIDENCE = Evidence(
    digest=DIGEST,
    name=NAME,
    tag="1.16.3",
    first_seen_at=NOW - 10 * DAY,
    contents=Contents(
        "application/vnd.oci.image.index.v1+json",
        (
            PlatformImage("linux/amd64", AMD, 1000, ("application/vnd.oci.image.manifest.v1+json",)),
            PlatformImage("linux/arm64", ARM, 2000, ("application/vnd.oci.image.manifest.v1+json",)),
        ),
    ),
    signatures=Signatures(),
    sboms=Sboms(),
    vulnerabilities=VulnerabilityReport("osv", NOW - DAY, 10),
    approvals=(Approval("user/bo", DIGEST, NOW),),
    requested_by="user/ada",
)


def pem(key) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def new_key(name: str = "release") -> VerificationKey:
    return VerificationKey(name, pem(ec.generate_private_key(ec.SECP256R1())))


def policy(*gates) -> GatePolicy:
    return GatePolicy(ROOT, "trusted", "Trusted", gates, NOW, NOW)


def judged(gate, exceptions=(), now=NOW, **changes):
    """The result of the one gate for the evidence above, changed."""
    return decide(policy(gate), replace(EVIDENCE, **changes), exceptions, now).gates[0]


def codes(result) -> list[str]:
    return [reason.code for reason in result.reasons]


def exception(gate: GateKind, image: str = NAME, **more) -> GateException:
    given = {"reason": "vendor ticket 4711", "made_by": "user/ada", "expires_at": NOW + DAY} | more
    return GateException(ROOT, "hotfix", "Hotfix", gate, image, created_at=NOW, last_modified_at=NOW, **given)


@pytest.fixture(scope="session")
def key() -> VerificationKey:
    return new_key()
