"""Delegates on our own API: what is shown of them, and who may take tasks."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.delegates import Delegate, DelegateState, Experience
from pierhead.control.scopes import Scope
from pierhead.testing.application import MemoryApplication
from pierhead.testing.enrolled import KINDS, enrol

DELEGATES, GROUPS = "/pierhead/v1/delegates", "/pierhead/v1/delegate-groups"


@pytest.fixture
def waiting(application: MemoryApplication) -> Delegate:
    scope = Scope(application.account.id)
    return enrol(application, scope, "building-7", tags=("linux",), state=DelegateState.WAITING_FOR_APPROVAL)


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_a_group_is_listed_with_its_replicas_and_where_every_tag_comes_from(
    client: TestClient, application: MemoryApplication, waiting: Delegate
) -> None:
    application.delegates.add_tags(waiting.scope, "building-7", ("gpu",))
    page = data(client.get(DELEGATES))
    assert (page["totalItems"], page["pageItemCount"]) == (1, 1)
    [group] = page["content"]
    [replica] = group.pop("replicas")
    kinds = {
        "box-building-7": "HOST_NAME",
        "building-7": "DELEGATE_NAME",
        "gpu": "GROUP_SELECTORS",
        "linux": "DELEGATE_TAGS",
    }
    assert group.pop("createdAt") > 1_000_000_000_000
    assert group == {
        "name": "building-7",
        "orgIdentifier": None,
        "projectIdentifier": None,
        "description": "",
        "tags": [{"tag": tag, "kind": kind} for tag, kind in kinds.items()],
        "addedTags": ["gpu"],
    }
    assert {each["tag"]: each["kind"] for each in replica.pop("tags")} == kinds
    assert replica.pop("enrolledAt") == replica.pop("lastHeartbeatAt") > 1_000_000_000_000
    assert replica == {
        "id": waiting.id,
        "group": "building-7",
        "orgIdentifier": None,
        "projectIdentifier": None,
        "hostName": "box-building-7",
        "state": "WAITING_FOR_APPROVAL",
        "isConnected": True,
        "isActive": False,
        "unapprovedTags": [],
        "version": "0.1.0",
        "kinds": list(KINDS),
        "capacity": 4,
        "runningTasks": 0,
        "token": "fake",
        "tokenIsLive": True,
        "lastAssignedAt": None,
    }


def test_what_a_delegate_holds_and_has_been_through_is_shown(
    client: TestClient, application: MemoryApplication, waiting: Delegate
) -> None:
    now = application.clock.now()
    with application.store.transaction() as tx:
        tx.experiences.put([Experience(waiting.id, "https://r.example", False, now, "connection refused")])
        task = application.queue.enqueue(tx, waiting.scope.account, "pull", {}, route={"selectors": []})
        application.queue.acquire(tx, task.id, waiting.id)
    shown = data(client.get(f"{DELEGATES}/{waiting.id}"))
    assert shown["runningTasks"] == 1
    [seen] = shown["experiences"]
    assert seen.pop("at") > 1_000_000_000_000
    assert seen == {"origin": "https://r.example", "isSuccess": False, "reason": "connection refused", "counts": True}


def test_no_key_of_a_delegate_and_no_token_leaves_the_server(
    client: TestClient, application: MemoryApplication
) -> None:
    delegate = enrol(application, Scope(application.account.id), "a")
    token = application.delegate_tokens.get(delegate.scope, "fake")
    secrets = (delegate.signing_key.hex(), application.delegate_tokens.reveal(token).reveal(), token.secret_hash.hex())
    for answer in (client.get(DELEGATES), client.get(f"{DELEGATES}/{delegate.id}"), client.get(f"{GROUPS}/a")):
        assert not any(secret in answer.text for secret in secrets)


def test_approval_lets_a_delegate_in_and_can_be_taken_back(client: TestClient, waiting: Delegate) -> None:
    path = f"{DELEGATES}/{waiting.id}"
    assert data(client.post(f"{path}/approve"))["state"] == "ENABLED"
    assert data(client.post(f"{path}/disable"))["state"] == "DISABLED"
    assert client.post(f"{path}/approve").status_code == 409
    assert data(client.post(f"{path}/enable"))["state"] == "ENABLED"
    assert data(client.delete(path)) is True


def test_a_group_is_approved_as_a_whole_and_deleted_as_a_whole(
    client: TestClient, application: MemoryApplication, waiting: Delegate
) -> None:
    enrol(application, waiting.scope, "building-7", host="box-2", state=DelegateState.WAITING_FOR_APPROVAL)
    approved = data(client.post(f"{GROUPS}/building-7/approve"))
    assert [replica["state"] for replica in approved["replicas"]] == ["ENABLED", "ENABLED"]
    assert data(client.delete(f"{GROUPS}/building-7")) is True
    assert client.get(f"{GROUPS}/building-7").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{DELEGATES}/nope"),
        ("POST", f"{DELEGATES}/nope/approve"),
        ("POST", f"{DELEGATES}/nope/disable"),
        ("POST", f"{DELEGATES}/nope/enable"),
        ("DELETE", f"{DELEGATES}/nope"),
        ("GET", f"{GROUPS}/nope"),
        ("POST", f"{GROUPS}/nope/approve"),
        ("DELETE", f"{GROUPS}/nope"),
    ],
)
def test_what_is_not_there_is_told_with_a_hint(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (404, "RESOURCE_NOT_FOUND_EXCEPTION")
    assert "nope" in answer.json()["message"]
    assert answer.json()["hint"]


def test_delegates_of_another_account_are_not_there(client: TestClient, application: MemoryApplication) -> None:
    stranger = enrol(application, Scope("another account"), "theirs")
    assert data(client.get(f"{DELEGATES}?all=true"))["content"] == []
    assert client.get(f"{DELEGATES}/{stranger.id}").status_code == 404
    assert client.post(f"{DELEGATES}/{stranger.id}/approve").status_code == 404
    assert client.delete(f"{DELEGATES}/{stranger.id}").status_code == 404
    assert application.delegates.find("another account", stranger.id).state is DelegateState.ENABLED


def test_lists_come_in_pages_and_can_be_narrowed(client: TestClient, application: MemoryApplication) -> None:
    scope = Scope(application.account.id)
    for name, tags in (("a", ("x",)), ("b", ("x", "y")), ("c", ())):
        enrol(application, scope, name, tags=tags)
    enrol(application, Scope(scope.account, "o"), "d", state=DelegateState.DISABLED)

    def names(query: str) -> list[str]:
        return [group["name"] for group in data(client.get(f"{DELEGATES}?{query}"))["content"]]

    assert names("pageSize=2") == ["a", "b"]
    assert names("pageSize=2&pageIndex=1") == ["c"]
    assert names("tag=X") == ["a", "b"]
    assert names("tag=x&tag=y") == ["b"]
    assert names("searchTerm=BOX-C") == ["c"]
    assert names("state=DISABLED") == []
    assert names("state=DISABLED&orgIdentifier=o") == ["d"]
    assert sorted(names("all=true")) == ["a", "b", "c", "d"]
    assert client.get(f"{DELEGATES}?state=LOST").status_code == 400
