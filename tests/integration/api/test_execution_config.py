"""The account's image versions over HTTP."""

import pytest
from starlette.testclient import TestClient

URL = "/ci/execution-config"
PIN = [{"field": "gitCloneTag", "value": "harness/drone-git:1.0.9-rootless"}]


def test_an_infrastructure_that_is_not_one_is_refused(client: TestClient) -> None:
    for query in ("", "?infra=", "?infra=K9", "?infra=DLITE_VM"):
        answer = client.get(f"{URL}/get-default-config{query}")
        assert answer.status_code == 400
        assert [error["fieldId"] for error in answer.json()["errors"]] == ["infra"]
    assert answer.json()["message"] == "infra: Config not supported for infra type: DLITE_VM"


def test_unknown_fields_are_named_and_nothing_is_saved(client: TestClient) -> None:
    for call in ("update-config", "reset-config"):
        answer = client.post(f"{URL}/{call}?infra=K8", json=[*PIN, {"field": "gitCloneTga", "value": "a:1"}])
        assert answer.status_code == 400
        assert "Field gitCloneTga does not exist for infra type: K8" in answer.json()["message"]
    assert client.get(f"{URL}/get-customer-config?infra=K8").json()["data"] == {}
    vm = client.post(f"{URL}/update-config?infra=VM", json=[{"field": "addonTag", "value": "a:1"}])
    assert "does not exist for infra type: VM" in vm.json()["message"]


def test_an_override_is_seen_until_it_is_reset(client: TestClient) -> None:
    default = client.get(f"{URL}/get-default-config?infra=k8").json()["data"]
    assert client.post(f"{URL}/update-config?infra=K8", json=PIN).json()["data"] is True
    assert client.get(f"{URL}/get-customer-config?infra=K8").json()["data"] == {
        "gitCloneTag": "harness/drone-git:1.0.9-rootless"
    }
    effective = client.get(f"{URL}/get-customer-config?infra=K8&overridesOnly=false").json()["data"]
    assert effective == {**default, "gitCloneTag": "harness/drone-git:1.0.9-rootless"}
    assert client.get(f"{URL}/get-customer-config?infra=VM").json()["data"] == {}
    assert client.post(f"{URL}/reset-config?infra=K8", json=[{"field": "gitCloneTag"}]).json()["data"] is True
    assert client.get(f"{URL}/get-customer-config?infra=K8").json()["data"] == {}


@pytest.mark.parametrize("value", [{"value": None}, {}])
def test_a_value_of_null_drops_the_override(client: TestClient, value: dict[str, None]) -> None:
    client.post(f"{URL}/update-config?infra=K8", json=PIN)
    client.post(f"{URL}/update-config?infra=K8", json=[{"field": "gitCloneTag", **value}])
    assert client.get(f"{URL}/get-customer-config?infra=K8").json()["data"] == {}


def test_everything_can_be_reset_at_once(client: TestClient) -> None:
    client.post(f"{URL}/update-config?infra=K8", json=PIN)
    client.post(f"{URL}/update-config?infra=VM", json=PIN)
    assert client.delete(URL).json()["data"] is True
    assert client.get(f"{URL}/get-customer-config?infra=VM").json()["data"] == {}


def test_core_images_that_are_too_old_are_told(client: TestClient) -> None:
    assert client.get(f"{URL}/get-deprecated-config").json()["data"] == {}
    assert client.get(URL).json()["data"] == []
    client.post(f"{URL}/update-config?infra=K8", json=[{"field": "addonTag", "value": "harness/ci-addon:1.2.3"}])
    assert client.get(f"{URL}/get-deprecated-config").json()["data"] == {"addonTag": "harness/ci-addon:1.2.3"}
    assert client.get(URL).json()["data"] == [{"tag": "AddonImage", "version": "1.2.3"}]


def test_the_table_of_images_says_what_is_used_and_why(client: TestClient) -> None:
    client.post(f"{URL}/update-config?infra=K8", json=PIN)
    data = client.get("/pierhead/v1/images").json()["data"]
    rows = {row["field"]: row for row in data["images"]}
    assert rows["gitCloneTag"]["effective"] == rows["gitCloneTag"]["pinned"] == PIN[0]["value"]
    assert rows["gitCloneTag"]["source"] == "pin"
    assert rows["addonTag"]["source"] == "default"
    assert rows["addonTag"]["effective"] == rows["addonTag"]["default"]
    assert rows["addonTag"]["defaultLine"]
    assert rows["addonTag"]["purpose"]
    assert any(scanner["name"] == "aqua-trivy" for scanner in data["scanners"])
    assert "addonTag" not in {
        row["field"] for row in client.get("/pierhead/v1/images?infra=vm").json()["data"]["images"]
    }
    assert client.get("/pierhead/v1/images?infra=x").status_code == 400
