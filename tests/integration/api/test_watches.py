"""Watches over HTTP."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.access import Permission
from pierhead.control.scopes import Scope
from pierhead.protocol.tasks import TagFacts, TaskFailure
from pierhead.server.jobs.errors import TaskFailedError
from pierhead.testing.application import A_DIGEST, MemoryApplication

WATCHES = "/pierhead/v1/watches"
BODY = {"identifier": "w", "connectorRef": "account.harnessImage", "image": "library/nginx", "tagRegex": r"1\..*"}
B = "sha256:" + "b" * 64


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_a_watch_is_made_read_listed_and_deleted(client: TestClient, application: MemoryApplication) -> None:
    made = data(client.post(WATCHES, json={**BODY, "intervalSeconds": 60, "tags": {"team": "x"}}))
    assert made == data(client.get(f"{WATCHES}/w"))
    assert (made["name"], made["tagRegex"], made["intervalSeconds"]) == ("w", r"1\..*", 60)
    assert made["state"]["polledAt"] is None
    assert [each["identifier"] for each in data(client.get(WATCHES))["content"]] == ["w"]
    assert data(client.get(WATCHES, params={"searchTerm": "nothing"}))["content"] == []
    again = client.post(WATCHES, json=BODY)
    assert (again.status_code, again.json()["pierheadCode"]) == (409, "watch-exists")
    assert data(client.delete(f"{WATCHES}/w")) is True
    gone = client.get(f"{WATCHES}/w")
    assert (gone.status_code, gone.json()["pierheadCode"]) == (404, "watch-missing")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tag": "1.0"}, "one-tag-rule"),
        ({"tagRegex": None}, "one-tag-rule"),
        ({"tagRegex": "("}, "invalid-tag-rule"),
        ({"intervalSeconds": 59}, "invalid-fields"),
        ({"connectorRef": "account.none"}, "connector-not-found"),
        ({"image": "NOT AN IMAGE"}, "invalid-image-reference"),
        ({"image": "library/nginx:1.0"}, "invalid-image-reference"),
        ({"tagRegex": None, "tag": "no/tag"}, "invalid-image-reference"),
        ({"tagRegex": "a" * 301}, "invalid-tag-rule"),
        ({"tagRegex": None, "semver": "1" * 301}, "invalid-tag-rule"),
        ({"identifier": "1 x"}, "invalid-fields"),
        ({"surprise": 1}, "invalid-fields"),
    ],
)
def test_a_watch_that_cannot_be_is_refused(client: TestClient, change: Any, code: str) -> None:
    answer = client.post(WATCHES, json={**BODY, **change})
    assert (answer.status_code, answer.json()["pierheadCode"]) == (400, code)


def test_a_poll_tells_what_is_new_and_events_are_kept(client: TestClient, application: MemoryApplication) -> None:
    tasks = application.connector_tasks
    tasks.tags = ("1.0", "2.0")
    data(client.post(WATCHES, json=BODY))
    first = data(client.post(f"{WATCHES}/w/poll"))
    assert first["events"] == []
    assert (first["watch"]["state"]["matching"], first["watch"]["state"]["listed"]) == (1, 2)
    application.clock.advance(60)
    tasks.tags, tasks.facts = ("1.0", "1.1", "2.0"), {"1.0": TagFacts(tag="1.0", digest=B)}
    second = data(client.post(f"{WATCHES}/w/poll"))
    told = [(each["kind"], each["tag"], each["oldDigest"], each["newDigest"]) for each in second["events"]]
    assert told == [("MOVED", "1.0", A_DIGEST, B), ("NEW", "1.1", None, A_DIGEST)]
    kept = data(client.get(f"{WATCHES}/w/events", params={"pageSize": 1}))
    assert (kept["totalItems"], [each["tag"] for each in kept["content"]]) == (2, ["1.1"])


def test_a_poll_without_an_answer_is_told_in_the_state(client: TestClient, application: MemoryApplication) -> None:
    data(client.post(WATCHES, json=BODY))
    failure = TaskFailure(code="registry-unauthenticated", category="unauthenticated", message="no login")
    application.connector_tasks.tags_error = TaskFailedError(failure)
    state = data(client.post(f"{WATCHES}/w/poll"))["watch"]["state"]
    assert (state["error"], state["errorCode"], state["failures"]) == ("no login", "registry-unauthenticated", 1)
    assert state["goodAt"] is None


def test_a_watch_needs_a_connector_that_its_maker_may_use(
    client: TestClient, application: MemoryApplication, someone: Any
) -> None:
    scope = application.place("o", "p")
    place = {"orgIdentifier": "o", "projectIdentifier": "p"}
    own = (Permission.CONNECTOR_EDIT, Permission.CONNECTOR_VIEW, Permission.CONNECTOR_ACCESS)
    editor = someone(*own, scope=scope)
    refused = editor.post(WATCHES, params=place, json=BODY)
    assert (refused.status_code, refused.json()["pierheadCode"]) == (400, "connector-not-found")
    data(client.post(WATCHES, params=place, json=BODY))
    assert data(editor.get(f"{WATCHES}/w", params=place))["projectIdentifier"] == "p"
    assert editor.post(f"{WATCHES}/w/poll", params=place).status_code == 400
    assert data(editor.delete(f"{WATCHES}/w", params=place)) is True


def test_a_place_that_goes_takes_its_watches_along(client: TestClient, application: MemoryApplication) -> None:
    scope = application.place("o", "p")
    data(client.post(WATCHES, params={"orgIdentifier": "o", "projectIdentifier": "p"}, json=BODY))
    application.projects.delete(Scope(scope.account, "o"), "p")
    application.place("o", "p")
    assert application.watches.claim_due(9) == ()
    assert data(client.get(WATCHES, params={"orgIdentifier": "o", "projectIdentifier": "p"}))["totalItems"] == 0


def test_there_is_an_end_to_the_watches_of_an_account(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pierhead.control.sources.service.MOST_WATCHES", 2)
    codes = [client.post(WATCHES, json={**BODY, "identifier": f"w{number}"}).status_code for number in range(3)]
    assert codes == [200, 200, 400]
