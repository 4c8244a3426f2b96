"""Gate policies, exceptions and checks over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.testclient import TestClient

from pierhead.oci.media_types import OCI_MANIFEST
from pierhead.protocol.inspection import InspectedImage, InspectResult, Problem
from pierhead.testing.application import A_DIGEST, MemoryApplication

POLICIES, EXCEPTIONS = "/pierhead/v1/gate-policies", "/pierhead/v1/gate-exceptions"
PEM = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
IMAGE = "docker.io/library/nginx:1"
CHECK = {"connectorRef": "account.harnessImage", "image": IMAGE}
ALL = [
    {"kind": "minimumAge", "days": 7},
    {"kind": "imageRules", "allow": [{"repository": "docker.io/**", "tag": "1*"}]},
    {"kind": "maximumSize", "bytes": 1000000},
    {"kind": "platforms", "required": ["linux/amd64"]},
    {"kind": "signature", "keys": [{"name": "release", "pem": PEM.decode()}]},
    {"kind": "sbom"},
    {
        "kind": "vulnerabilities",
        "critical": 0,
        "ignore": [{"id": "CVE-1", "reason": "why", "expiresAt": "2026-02-01T00:00:00Z"}],
    },
    {"kind": "approval", "count": 2},
]


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def made(client: TestClient, *gates: dict[str, Any]) -> Any:
    return data(client.post(POLICIES, json={"identifier": "trusted", "gates": list(gates)}))


def excepted(application: MemoryApplication, **more: Any) -> dict[str, Any]:
    end = application.clock.now() + timedelta(days=1)
    given = {"identifier": "hotfix", "gate": "sbom", "image": IMAGE, "reason": "ticket", "expiresAt": end.isoformat()}
    return given | more


def test_a_policy_with_every_gate_is_made_read_changed_and_deleted(client: TestClient) -> None:
    policy = made(client, *ALL)
    assert policy == data(client.get(f"{POLICIES}/trusted"))
    assert [gate["kind"] for gate in policy["gates"]] == [gate["kind"] for gate in ALL]
    sent = {"identifier": "trusted", "gates": [{"kind": "sbom"}]}
    changed = data(client.put(f"{POLICIES}/trusted", json=sent))
    assert (changed["version"], changed["gates"]) == (2, [{"keys": [], "kind": "sbom"}])
    assert [each["identifier"] for each in data(client.get(POLICIES))["content"]] == ["trusted"]
    again = client.post(POLICIES, json=sent)
    assert (again.status_code, again.json()["pierheadCode"]) == (409, "gate-policy-exists")
    assert data(client.delete(f"{POLICIES}/trusted")) is True
    gone = client.get(f"{POLICIES}/trusted")
    assert (gone.status_code, gone.json()["pierheadCode"]) == (404, "gate-policy-missing")


def test_what_is_read_of_a_policy_can_be_sent_again(client: TestClient) -> None:
    gates = made(client, *ALL)["gates"]
    again = data(client.put(f"{POLICIES}/trusted", json={"identifier": "trusted", "gates": gates}))
    assert again["gates"] == gates


@pytest.mark.parametrize(
    ("gate", "code"),
    [
        ({"kind": "minimumAge", "days": 0}, "invalid-gate"),
        ({"kind": "unheard-of"}, "invalid-fields"),
        ({"kind": "sbom", "surprise": 1}, "invalid-fields"),
        ({"kind": "signature", "keys": [{"name": "a", "pem": "nonsense"}]}, "invalid-gate"),
        ({"kind": "signature", "keys": []}, "invalid-gate"),
        ({"kind": "platforms", "required": ["linux"]}, "invalid-gate"),
        ({"kind": "vulnerabilities", "critical": None}, "invalid-gate"),
        ({"kind": "vulnerabilities", "critical": -1}, "invalid-fields"),
        ({"kind": "imageRules", "allow": [{"repository": "a b"}]}, "invalid-gate"),
    ],
)
def test_a_gate_that_cannot_be_is_refused(client: TestClient, gate: Any, code: str) -> None:
    answer = client.post(POLICIES, json={"identifier": "trusted", "gates": [gate]})
    assert (answer.status_code, answer.json()["pierheadCode"]) == (400, code)


def test_a_policy_without_gates_is_refused(client: TestClient) -> None:
    assert client.post(POLICIES, json={"identifier": "trusted", "gates": []}).status_code == 400


def test_an_exception_names_its_maker_and_needs_reason_and_end(
    client: TestClient, application: MemoryApplication
) -> None:
    body = excepted(application)
    exception = data(client.post(EXCEPTIONS, json=body))
    assert exception["madeBy"].startswith(("USER/", "SERVICE_ACCOUNT/"))
    assert exception == data(client.get(f"{EXCEPTIONS}/hotfix"))
    for change in ({"reason": ""}, {"reason": " "}, {"expiresAt": None}, {"expiresAt": "2020-01-01T00:00:00Z"},
                   {"expiresAt": "2026-02-01T00:00:00"}, {"madeBy": "somebody else"}):  # fmt: skip
        assert client.post(EXCEPTIONS, json={**body, "identifier": "x", **change}).status_code == 400, change
    assert data(client.delete(f"{EXCEPTIONS}/hotfix")) is True
    assert client.get(f"{EXCEPTIONS}/hotfix").status_code == 404


def test_a_check_says_what_each_gate_says(client: TestClient, application: MemoryApplication) -> None:
    made(client, {"kind": "platforms", "required": ["linux/amd64"]}, {"kind": "sbom"}, {"kind": "vulnerabilities"})
    image = InspectedImage(platform="linux/amd64", digest=A_DIGEST, size_bytes=1, media_types=(OCI_MANIFEST,))
    application.connector_tasks.inspected = InspectResult(
        reference=IMAGE, digest=A_DIGEST, media_type=OCI_MANIFEST, size_bytes=1, images=(image,)
    )
    verdict = data(client.post(f"{POLICIES}/trusted/check", json=CHECK))
    assert [gate["outcome"] for gate in verdict["gates"]] == ["pass", "fail", "could_not_check"]
    assert (verdict["outcome"], verdict["digest"]) == ("fail", A_DIGEST)
    data(client.post(EXCEPTIONS, json=excepted(application)))
    sbom = data(client.post(f"{POLICIES}/trusted/check", json=CHECK))["gates"][1]
    assert (sbom["outcome"], sbom["found"], sbom["exception"]["reason"]) == ("excepted", "fail", "ticket")


def test_the_age_comes_from_what_mirrors_have_seen(client: TestClient, application: MemoryApplication) -> None:
    made(client, {"kind": "minimumAge", "days": 7})
    assert data(client.post(f"{POLICIES}/trusted/check", json=CHECK))["outcome"] == "could_not_check"
    then = application.clock.now() - timedelta(days=8)
    with application.store.transaction() as tx:
        tx.sightings.see(application.account.id, "docker.io/library/nginx", [("1", A_DIGEST)], then)
    verdict = data(client.post(f"{POLICIES}/trusted/check", json=CHECK))
    assert verdict["outcome"] == "pass", verdict


def test_what_could_not_be_looked_at_is_no_pass(client: TestClient, application: MemoryApplication) -> None:
    made(client, {"kind": "maximumSize", "bytes": 1000}, {"kind": "minimumAge", "days": 1}, {"kind": "approval"})
    lost = (Problem(code="registry-unavailable", message="gone"),)
    application.connector_tasks.inspected = InspectResult(
        reference=IMAGE, digest=A_DIGEST, media_type=OCI_MANIFEST, size_bytes=1, image_problems=lost
    )
    verdict = data(client.post(f"{POLICIES}/trusted/check", json=CHECK))
    assert {gate["outcome"] for gate in verdict["gates"]} == {"could_not_check"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"image": "NOT AN IMAGE"}, 400),
        ({"digest": "sha256:abc"}, 400),
        ({"connectorRef": "account.none"}, 400),
        ({"surprise": 1}, 400),
    ],
)
def test_a_check_that_cannot_be_asked_is_refused(client: TestClient, change: Any, status: int) -> None:
    made(client, {"kind": "sbom"})
    assert client.post(f"{POLICIES}/trusted/check", json={**CHECK, **change}).status_code == status


def test_a_check_by_a_policy_that_is_not_there_is_no_pass(client: TestClient) -> None:
    assert client.post(f"{POLICIES}/none/check", json=CHECK).status_code == 404
