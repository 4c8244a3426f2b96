"""Delegates as the reference's clients list, tag and set them up (harness-api §4.8, §4.9, §10)."""

from typing import Any

import pytest
import yaml

SETUP, TAGS = "/ng/api/delegate-setup", "/ng/api/delegate-group-tags"
ENVELOPE = ["metaData", "resource", "responseMessages"]
INSTANCE = {
    "uuid",
    "lastHeartbeat",
    "activelyConnected",
    "connected",
    "hostName",
    "tokenActive",
    "version",
    "expiringAt",
}


def listed(call: Any, body: dict[str, Any] | None = None, **query: str) -> list[dict[str, Any]]:
    status, answer = call("POST", f"{SETUP}/listDelegates", body={"filterType": "Delegate", **(body or {})}, **query)
    assert status == 200, answer
    assert list(answer) == ENVELOPE
    found: list[dict[str, Any]] = answer["resource"]
    return found


def names(found: list[dict[str, Any]]) -> list[str]:
    return [group["groupName"] for group in found]


@pytest.mark.parametrize("prefix", ["", "/gateway"])
def test_a_group_has_every_field_that_clients_read(call: Any, enrolled: Any, account: str, prefix: str) -> None:
    delegate = enrolled("building-7", tags=("linux",), host="box-1")
    status, answer = call("POST", f"{prefix}{SETUP}/listDelegates", body={"filterType": "Delegate"})
    assert status == 200
    [group] = answer["resource"]
    [instance] = group.pop("delegateInstanceDetails")
    assert set(instance) == INSTANCE
    assert group.pop("delegateReplicas") == [instance]
    assert instance | {"lastHeartbeat": 0} == {
        "uuid": delegate.id,
        "lastHeartbeat": 0,
        "activelyConnected": True,
        "connected": True,
        "hostName": "box-1",
        "tokenActive": True,
        "version": "0.1.0",
        "expiringAt": 0,
    }
    assert group.pop("lastHeartBeat") == instance["lastHeartbeat"] > 1_000_000_000_000
    assert group == {
        "groupId": delegate.group_id,
        "delegateGroupIdentifier": "building-7",
        "delegateType": "DELEGATE",
        "groupName": "building-7",
        "delegateDescription": "",
        "groupImplicitSelectors": {
            "linux": "DELEGATE_TAGS",
            "box-1": "HOST_NAME",
            "building-7": "DELEGATE_NAME",
        },
        "groupCustomSelectors": [],
        "connectivityStatus": "connected",
        "activelyConnected": True,
        "tokenActive": True,
        "autoUpgrade": "OFF",
        "delegateGroupExpirationTime": 0,
        "delegateVersion": "0.1.0",
        "immutable": True,
        "accountId": account,
        "orgIdentifier": None,
        "projectIdentifier": None,
        "type": "DELEGATE",
        "name": "building-7",
        "description": "",
        "tags": ["box-1", "building-7", "linux"],
        "connected": True,
        "legacy": False,
    }


def test_the_cli_gets_one_delegate_by_its_group(call: Any, enrolled: Any) -> None:
    enrolled("a")
    enrolled("b")
    assert names(listed(call, {"delegateGroupIdentifier": "b"})) == ["b"]
    assert names(listed(call, {"delegateGroupIdentifier": "c"})) == []


def test_the_cli_sends_the_status_in_the_query(call: Any, enrolled: Any) -> None:
    enrolled("on")
    enrolled("off", is_connected=False)
    assert names(listed(call, status="CONNECTED")) == ["on"]
    assert names(listed(call, status="")) == ["off", "on"]
    assert call("POST", f"{SETUP}/listDelegates", body={}, status="LOST")[0] == 400


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["off", "on"]),
        ({"status": "CONNECTED"}, ["on"]),
        ({"status": "DISCONNECTED"}, ["off"]),
        ({"status": "ENABLED"}, ["off", "on"]),
        ({"status": "WAITING_FOR_APPROVAL"}, []),
        ({"delegateName": "on"}, ["on"]),
        ({"delegateName": ""}, ["off", "on"]),
        ({"delegateTags": ["GPU", "linux"]}, ["on"]),
        ({"delegateTags": ["gpu", "arm"]}, []),
        ({"hostName": "box-off"}, ["off"]),
        ({"delegateInstanceFilter": "AVAILABLE"}, ["off", "on"]),
        ({"delegateInstanceFilter": "EXPIRED"}, []),
        ({"versionStatus": "ACTIVE"}, ["off", "on"]),
        ({"versionStatus": "EXPIRED"}, []),
        ({"autoUpgrade": "ON", "pageIndex": 0, "unknown": {"a": 1}}, ["off", "on"]),
        ({"status": None, "delegateTags": None, "tags": {"a": "b"}}, ["off", "on"]),
    ],
)
def test_filters_mean_what_the_reference_says(
    call: Any, enrolled: Any, wanted: dict[str, Any], found: list[str]
) -> None:
    enrolled("on", tags=("gpu", "linux"))
    enrolled("off", is_connected=False, host="box-off")
    assert names(listed(call, wanted)) == found


def test_a_list_needs_no_body(call: Any, enrolled: Any) -> None:
    enrolled("a")
    status, answer = call("POST", f"{SETUP}/listDelegates")
    assert (status, names(answer["resource"])) == (200, ["a"])


@pytest.mark.parametrize(
    "body",
    [{"filterType": "Connector"}, {"status": "LOST"}, {"delegateTags": "gpu"}, {"delegateInstanceFilter": "X"}, []],
)
def test_a_filter_that_cannot_be_meant_is_refused(call: Any, body: Any) -> None:
    status, answer = call("POST", f"{SETUP}/listDelegates", body=body)
    assert (status, answer["status"], answer["code"]) == (400, "FAILURE", "INVALID_REQUEST")


def test_other_scopes_are_listed_only_when_all_are_wanted(call: Any, enrolled: Any) -> None:
    enrolled("top")
    enrolled("below", org="o")
    assert names(listed(call)) == ["top"]
    assert names(listed(call, orgIdentifier="o")) == ["below"]
    assert sorted(names(listed(call, all="true"))) == ["below", "top"]


def test_the_latest_version_is_the_servers_own(call: Any) -> None:
    _, answer = call("GET", f"{SETUP}/latest-supported-version", orgIdentifier="o", projectIdentifier="p")
    assert list(answer) == ENVELOPE
    assert answer["resource"] == {"latestSupportedVersion": "0.1.0", "latestSupportedMinimalVersion": "0.1.0"}


HELM = {"name": "dc1", "delegateType": "HELM_DELEGATE", "tokenName": "t", "size": "SMALL", "tags": ["a", "b"]}


def test_helm_values_have_the_names_of_the_chart(call: Any, account: str) -> None:
    value = call("POST", "/ng/api/delegate-token-ng", tokenName="t")[1]["resource"]["value"]
    status, text = call("POST", f"{SETUP}/generate-helm-values", body=HELM)
    assert status == 200
    values = yaml.safe_load(text)
    assert values["delegateName"] == "dc1"
    assert (values["accountId"], values["delegateToken"], values["tags"]) == (account, value, "a,b")
    assert values["managerEndpoint"].startswith("http://")
    assert (values["replicas"], values["cpu"], values["memory"], values["nextGen"]) == (2, 1, 2048, True)


def test_nothing_in_a_description_or_tag_leaves_its_place_in_the_values(call: Any) -> None:
    call("POST", "/ng/api/delegate-token-ng", tokenName="t")
    evil = '"\ncpu: 99 # \\ {{ .Values.x }} \u2028 é \U0001f6a2 \x7f\x85\x9f\ufeff\x01\t'
    _, text = call("POST", f"{SETUP}/generate-helm-values", body={**HELM, "description": evil, "tags": [evil]})
    values = yaml.safe_load(text)
    assert "\\ud83d" not in text, "half a character, which kubectl does not read"
    assert (values["description"], values["tags"], values["cpu"]) == (evil, evil, 1)


@pytest.mark.parametrize("kind", ["CLUSTER_ADMIN", "CLUSTER_VIEWER", "NAMESPACE_ADMIN"])
def test_the_kind_of_permission_asked_for_stands_in_the_values(call: Any, kind: str) -> None:
    call("POST", "/ng/api/delegate-token-ng", tokenName="t")
    body = {**HELM, "k8sConfigDetails": {"k8sPermissionType": kind, "namespace": "builds"}}
    _, text = call("POST", f"{SETUP}/generate-helm-values", body=body)
    assert yaml.safe_load(text)["k8sPermissionsType"] == kind


@pytest.mark.parametrize(
    "change",
    [{"name": "A"}, {"name": "a\n"}, {"name": None}, {"delegateType": "VM"}, {"tokenName": "nope"}, {"size": "HUGE"}],
)
def test_values_for_what_cannot_be_are_refused(call: Any, change: dict[str, Any]) -> None:
    call("POST", "/ng/api/delegate-token-ng", tokenName="t")
    assert call("POST", f"{SETUP}/generate-helm-values", body={**HELM, **change})[0] in (400, 404)


def test_tags_of_a_group_are_added_replaced_listed_and_taken_away(call: Any, enrolled: Any, account: str) -> None:
    enrolled("g", tags=("own",))

    def tags(method: str, body: Any = None) -> Any:
        status, answer = call(method, f"{TAGS}/g", body=body)
        assert (status, list(answer)) == (200, ENVELOPE)
        group = answer["resource"]
        shown = group.pop("tags")
        assert group == {
            "accountIdentifier": account,
            "orgIdentifier": None,
            "projectIdentifier": None,
            "name": "g",
            "identifier": "g",
        }
        return shown

    assert tags("POST", {"tags": ["a"]}) == ["a"]
    assert tags("POST", {"tags": ["b"]}) == ["a", "b"]
    assert tags("PUT", {"tags": ["c"]}) == ["c"]
    assert tags("GET") == ["c"]
    assert tags("DELETE") == []


def test_groups_are_found_by_all_of_some_tags_however_they_came_by_them(call: Any, enrolled: Any) -> None:
    enrolled("g", tags=("own",))
    enrolled("h")
    call("POST", f"{TAGS}/g", body={"tags": ["added"]})
    _, answer = call("POST", f"{TAGS}/delegate-groups", body={"tags": ["own", "added"]})
    assert [group["identifier"] for group in answer["resource"]] == ["g"]


def test_a_group_that_is_not_there_has_no_tags(call: Any) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        status, answer = call(method, f"{TAGS}/nope", body={"tags": ["a"]} if method in ("POST", "PUT") else None)
        assert (status, answer["code"]) == (404, "RESOURCE_NOT_FOUND_EXCEPTION")


@pytest.mark.parametrize("tags", [None, "a", [1], ["a" * 200], ["x"] * 65, [""], ["a\x1b[2J"], ["a\nb"]])
def test_tags_that_cannot_be_are_refused(call: Any, enrolled: Any, tags: object) -> None:
    enrolled("g")
    status, answer = call("PUT", f"{TAGS}/g", body={"tags": tags})
    assert (status, answer["code"]) == (400, "INVALID_REQUEST")
