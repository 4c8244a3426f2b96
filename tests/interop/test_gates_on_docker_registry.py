"""Gates from end to end on Debian's docker-registry: evidence pushed as cosign pushes it, inspected, decided."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pierhead.adapters.scanners.osv import OsvScanner, import_advisories
from pierhead.control.gates import (
    GateException,
    GateKind,
    GatePolicy,
    MinimumAge,
    Outcome,
    Platforms,
    Sbom,
    Signature,
    VerificationKey,
    Vulnerabilities,
    decide,
)
from pierhead.control.scopes import Scope
from pierhead.protocol.tasks import InspectTask, RegistryAccess
from pierhead.registry.transport import Transport
from pierhead.server.jobs.gate_evidence import Surroundings, evidence_of, needs_of, purls_of
from pierhead.testing import images
from pierhead.testing.docker_registry import PROGRAM, DockerRegistry
from pierhead.testing.peers import require_program
from pierhead.testing.push import push_image
from pierhead.testing.signing import artifact, bundle, cosign_tag, envelope, referrers, signature, statement
from pierhead.worker.execute import execute

NOW = datetime(2026, 11, 21, tzinfo=UTC)
DAY = timedelta(days=1)
KEY = ec.generate_private_key(ec.SECP256R1())
STRANGER = ec.generate_private_key(ec.SECP256R1())
DPKG = "Package: libssl3\nStatus: install ok installed\nSource: openssl\nVersion: 3.0.11-1\n"
FILES = {"etc/os-release": 'ID=debian\nVERSION_ID="12"\n', "var/lib/dpkg/status": DPKG}


def trusted(key) -> VerificationKey:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return VerificationKey("release", pem)


def policy(*gates) -> GatePolicy:
    return GatePolicy(Scope("acme"), "trusted", "Trusted", gates, NOW, NOW)


class Peer:
    def __init__(self, registry: DockerRegistry, database, repository: str) -> None:
        self.registry = registry
        self.scanner = OsvScanner(database)
        self.transport = Transport()
        self.repository = repository
        self.image = images.multi_platform([images.layer(FILES)], repository)
        self.digest = push_image(registry.url, repository, "1", self.image)

    @property
    def name(self) -> str:
        return f"{self.registry.host}/{self.repository}"

    def attach(self, kind: str, image: images.Image) -> None:
        push_image(self.registry.url, self.repository, cosign_tag(self.digest, kind), image)

    def evidence(self, wanted: GatePolicy):
        needs = needs_of(wanted)
        access = RegistryAccess(url=self.registry.url)
        task = InspectTask(registry=access, reference=f"{self.name}:1", keys=needs.keys, read_layers=needs.read_layers)
        result = execute(task, transport=self.transport)
        known = Surroundings(first_seen_at=NOW - DAY)
        return evidence_of(result, known, self.scanner.scan(purls_of(result)))

    def verdict(self, *gates, exceptions=()):
        wanted = policy(*gates)
        return decide(wanted, self.evidence(wanted), exceptions, NOW)


@pytest.fixture(scope="module")
def docker_registry(tmp_path_factory) -> Iterator[DockerRegistry]:
    require_program(PROGRAM)
    with DockerRegistry(tmp_path_factory.mktemp("registry")) as registry:
        yield registry


@pytest.fixture
def peer(docker_registry, tmp_path, request) -> Iterator[Peer]:
    affected = {
        "package": {"ecosystem": "Debian:12", "name": "openssl"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0.13-1"}]}],
    }
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    advisory = {"id": "CVE-2026-1", "modified": "2026-11-20T00:00:00Z", "affected": [affected]}
    advisory["severity"] = [{"type": "CVSS_V3", "score": vector}]
    (tmp_path / "a.json").write_text(json.dumps(advisory))
    import_advisories(tmp_path / "a.json", tmp_path / "osv.db", NOW)
    made = Peer(docker_registry, tmp_path / "osv.db", f"harness/{request.node.name[5:40].strip('_')}")
    yield made
    made.transport.close()


pytestmark = pytest.mark.interop


def test_a_signed_image_passes_and_an_unsigned_one_does_not(peer) -> None:
    gate = Signature((trusted(KEY),))
    assert peer.verdict(gate).outcome is Outcome.FAIL
    peer.attach("sig", signature(KEY, peer.digest, peer.name))
    assert peer.verdict(gate).outcome is Outcome.PASS
    assert peer.verdict(Signature((trusted(STRANGER),))).outcome is Outcome.FAIL


def test_a_bundle_among_the_referrers_is_found_by_the_fallback_tag(peer) -> None:
    kind = "application/vnd.dev.sigstore.bundle.v0.3+json"
    data = bundle(envelope(statement(peer.digest), KEY))
    subject = replace(peer.image.descriptor, platform=None)
    made = artifact((kind, data, {}), subject=subject, artifact_type=kind)
    push_image(peer.registry.url, peer.repository, f"sha256-{peer.digest.encoded}", referrers(made))
    assert peer.verdict(Signature((trusted(KEY),))).outcome is Outcome.PASS


def test_a_signature_for_another_repository_does_not_count(peer) -> None:
    peer.attach("sig", signature(KEY, peer.digest, f"{peer.registry.host}/harness/other"))
    assert peer.verdict(Signature((trusted(KEY),))).outcome is Outcome.FAIL


def test_packages_of_the_layers_are_matched_and_an_exception_with_an_end_lets_them_pass(peer) -> None:
    gate = Vulnerabilities(critical=0)
    verdict = peer.verdict(gate)
    assert (verdict.outcome, verdict.gates[0].reasons[0].code) == (Outcome.FAIL, "too-many-critical")
    image = f"{peer.name}:1"
    excepted = GateException(
        Scope("acme"),
        "hotfix",
        "Hotfix",
        GateKind.VULNERABILITIES,
        image,
        "ticket 4711",
        "user/ada",
        NOW + DAY,
        NOW,
        NOW,
    )
    assert peer.verdict(gate, exceptions=(excepted,)).outcome is Outcome.EXCEPTED
    ended = replace(excepted, expires_at=NOW - DAY)
    assert peer.verdict(gate, exceptions=(ended,)).outcome is Outcome.FAIL


def test_an_attested_sbom_is_what_a_gate_with_keys_wants(peer) -> None:
    document = {"bomFormat": "CycloneDX", "components": [{"type": "library", "purl": "pkg:npm/x@1.0.0"}]}
    given = statement(peer.digest, "https://cyclonedx.org/bom", document)
    peer.attach("att", artifact(("application/vnd.dsse.envelope.v1+json", envelope(given, KEY), {})))
    assert peer.verdict(Sbom((trusted(KEY),))).outcome is Outcome.PASS
    assert peer.verdict(Sbom((trusted(STRANGER),))).outcome is Outcome.FAIL


def test_packages_of_an_ecosystem_without_advisories_are_not_checked(peer) -> None:
    document = {"bomFormat": "CycloneDX", "components": [{"type": "library", "purl": "pkg:npm/x@1.0.0"}]}
    peer.attach("sbom", artifact(("application/vnd.cyclonedx+json", json.dumps(document).encode(), {})))
    assert peer.verdict(Vulnerabilities()).outcome is Outcome.COULD_NOT_CHECK


def test_a_registry_that_went_away_after_the_manifest_is_no_pass(peer) -> None:
    gates = (Platforms(("linux/amd64",)), MinimumAge(0.5))
    assert peer.verdict(*gates).outcome is Outcome.PASS
    wanted = policy(*gates)
    known = peer.evidence(wanted)
    assert decide(wanted, replace(known, contents=type(known)(known.digest, known.name).contents), (), NOW).blocks
