"""Secrets by reference, secret managers and encryption keys over HTTP."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.testing.application import MemoryApplication, memory_application
from pierhead.testing.secret_managers import ObedientStore

URL = "/ng/api/v2/secrets"
KEYS = "/pierhead/v1/encryption-keys"


@pytest.fixture
def application(tmp_path: Path) -> MemoryApplication:
    return memory_application(tmp_path, managers=(ObedientStore({"ci/hub": "outside value"}).configured(),))


def secret(value: str = "ci/hub", **spec: Any) -> dict[str, Any]:
    full = {"secretManagerIdentifier": "account.vault", "valueType": "Reference", "value": value, **spec}
    return {"secret": {"type": "SecretText", "name": "A token", "identifier": "token", "spec": full}}


def test_path_manager_and_version_of_a_reference_are_given_back(client: TestClient) -> None:
    sent = secret(additionalMetadata={"values": {"version": "2"}})
    assert client.post(URL, json=sent).status_code == 200
    spec = client.get(f"{URL}/token").json()["data"]["secret"]["spec"]
    assert (spec["valueType"], spec["value"], spec["secretManagerIdentifier"]) == (
        "Reference",
        "ci/hub",
        "account.vault",
    )
    assert spec["additionalMetadata"] == {"values": {"version": "2"}}


@pytest.mark.parametrize(
    "metadata", ["x", {"values": "x"}, {"values": {"version": {}}}, [], {"values": {"version": "x" * 200}}]
)
def test_a_version_of_no_kind_is_refused(client: TestClient, metadata: Any) -> None:
    assert client.post(URL, json=secret(additionalMetadata=metadata)).status_code == 400


def test_an_unknown_manager_and_a_path_that_is_none_are_refused(client: TestClient) -> None:
    unknown = client.post(URL, json=secret(secretManagerIdentifier="nobody"))
    assert (unknown.status_code, unknown.json()["pierheadCode"]) == (400, "secret-manager-unknown")
    bad = client.post(URL, json=secret("bad/path"))
    assert (bad.status_code, bad.json()["pierheadCode"]) == (400, "secret-path-invalid")
    inline = client.post(URL, json=secret(valueType="Inline"))
    assert (inline.status_code, inline.json()["pierheadCode"]) == (400, "secret-manager-read-only")


def test_managers_are_listed_without_anything_secret(client: TestClient) -> None:
    items = client.get("/pierhead/v1/secret-managers").json()["data"]
    assert [(item["identifier"], item["scopes"]) for item in items] == [
        ("harnessSecretManager", ["all"]),
        ("vault", ["account"]),
    ]


def test_keys_are_listed_and_rotated(client: TestClient) -> None:
    inline = secret("value", valueType="Inline", secretManagerIdentifier="harnessSecretManager")
    client.post(URL, json=inline)
    before = client.get(KEYS).json()["data"]
    done = client.post(f"{KEYS}/rotate").json()["data"]
    after = client.get(KEYS).json()["data"]
    assert [key["uses"] for key in before] == [1]
    assert (done["moved"], done["unreadable"], done["added"]) == (1, 0, after[-1]["id"])
    assert [(key["uses"], key["current"], key["root"]) for key in after] == [(0, False, True), (1, True, False)]
    assert "key file" in done["hint"]


def test_changes_are_audited_with_a_digest_in_place_of_the_value(
    client: TestClient, application: MemoryApplication
) -> None:
    inline = secret("top secret value", valueType="Inline", secretManagerIdentifier="harnessSecretManager")
    client.post(URL, json=inline)
    inline["secret"]["spec"]["value"] = "another value"
    client.put(f"{URL}/token", json=inline)
    client.delete(f"{URL}/token")
    with application.store.snapshot() as tx:
        records = tx.audit.after(application.account.id, 0, 100)
    entries = [record.entry for record in records if record.entry.subject.type == "SECRET"]
    assert [str(entry.action) for entry in entries] == ["CREATE", "UPDATE", "DELETE"]
    assert {entry.by.type for entry in entries} != {"SYSTEM"}
    created, updated, deleted = entries
    digests = [created.after["spec"]["value"], updated.before["spec"]["value"], updated.after["spec"]["value"]]
    assert digests[0] == digests[1] != digests[2] == deleted.before["spec"]["value"]
    assert all(digest.startswith("hmac-sha256:") for digest in digests)
    assert "value" not in repr([entry.after for entry in entries]).replace("'value'", "").replace("valueType", "")
