"""Notices and subscriptions over HTTP."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from pierhead.control.access import Permission
from pierhead.control.notices import News, Receipt, Topic, tell
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretDraft
from pierhead.kit.redact import SecretValue
from pierhead.testing.application import MemoryApplication

NOTICES, SUBSCRIPTIONS = "/pierhead/v1/notices", "/pierhead/v1/subscriptions"
URL = "https://hooks.example.com/x"
BODY = {"identifier": "s", "url": URL, "secretRef": "account.hook"}
TEXT = "signing-secret-of-the-test"
ATOM = "{http://www.w3.org/2005/Atom}"


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


@pytest.fixture(autouse=True)
def _secret(application: MemoryApplication) -> None:
    scope = Scope(application.account.id)
    application.secrets.create(SecretDraft(scope, "hook", "hook", SecretValue(TEXT)))


def told(
    application: MemoryApplication, key: str, scope: Scope | None = None, topic: Topic = Topic.MIRROR_FAILED
) -> None:
    news = News(scope or Scope(application.account.id), topic, f"title <{key}>", "te\x00xt & more", "MIRROR", "m", key)
    with application.store.transaction() as tx:
        tell(tx, news, application.clock.now())
    application.clock.advance(1)


def titles(client: TestClient, **query: Any) -> list[str]:
    return [each["title"] for each in data(client.get(NOTICES, params=query))["content"]]


def test_a_subscription_is_made_changed_listed_and_deleted(client: TestClient) -> None:
    made = data(client.post(SUBSCRIPTIONS, json={**BODY, "topics": ["mirror.failed"], "tags": {"team": "x"}}))
    assert made == data(client.get(f"{SUBSCRIPTIONS}/s"))
    assert (made["name"], made["topics"], made["enabled"], made["withChildren"]) == (
        "s",
        ["mirror.failed"],
        True,
        False,
    )
    changed = data(client.put(f"{SUBSCRIPTIONS}/s", json={**BODY, "enabled": False, "name": "two"}))
    assert (changed["topics"], changed["enabled"], changed["createdAt"]) == ([], False, made["createdAt"])
    assert [each["identifier"] for each in data(client.get(SUBSCRIPTIONS))["content"]] == ["s"]
    again = client.post(SUBSCRIPTIONS, json=BODY)
    assert (again.status_code, again.json()["pierheadCode"]) == (409, "subscription-exists")
    assert data(client.delete(f"{SUBSCRIPTIONS}/s")) is True
    gone = client.put(f"{SUBSCRIPTIONS}/s", json=BODY)
    assert (gone.status_code, gone.json()["pierheadCode"]) == (404, "subscription-missing")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"url": "http://hooks.example.com/"}, "invalid-webhook"),
        ({"url": "https://u:pass-word@hooks.example.com/"}, "invalid-webhook"),
        ({"url": "https://hooks.example.com/?token=pass-word"}, "invalid-webhook"),
        ({"url": "https://169.254.169.254/"}, "address-refused"),
        ({"url": "https://localhost/"}, "address-refused"),
        ({"secretRef": "account.none"}, "secret-missing"),
        ({"secretRef": "not a reference"}, "invalid-reference"),
        ({"topics": ["none"]}, "invalid-fields"),
        ({"identifier": "1 x"}, "invalid-fields"),
        ({"surprise": 1}, "invalid-fields"),
        ({"url": "\ud800"}, "unsafe-text"),
    ],
)
def test_a_subscription_that_cannot_be_is_refused(client: TestClient, change: Any, code: str) -> None:
    answer = client.post(
        SUBSCRIPTIONS, content=json.dumps({**BODY, **change}), headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500
    assert answer.json()["pierheadCode"] == code
    assert "pass-word" not in answer.text


def test_a_test_is_sent_at_once_and_its_failure_is_a_result(client: TestClient, application: MemoryApplication) -> None:
    data(client.post(SUBSCRIPTIONS, json=BODY))
    good = data(client.post(f"{SUBSCRIPTIONS}/s/test"))
    assert (good["state"], good["status"], good["topic"]) == ("DELIVERED", 204, "test")
    application.webhooks.answers[URL] = Receipt(302)
    bad = data(client.post(f"{SUBSCRIPTIONS}/s/test"))
    assert (bad["state"], bad["status"], bad["errorCode"]) == ("GIVEN_UP", 302, "webhook-redirected")
    assert len(application.webhooks.posted) == 2
    assert titles(client) == []  # it is kept nowhere
    assert client.post(f"{SUBSCRIPTIONS}/none/test").status_code == 404


def test_deliveries_are_shown_with_their_last_error_and_no_secret(
    client: TestClient, application: MemoryApplication
) -> None:
    data(client.post(SUBSCRIPTIONS, json=BODY))
    application.webhooks.answers[URL] = Receipt(500)
    told(application, "one")
    for claimed in application.noticing.deliverer.claim(9):
        application.noticing.deliverer.deliver(claimed)
    answer = client.get(f"{SUBSCRIPTIONS}/s/deliveries")
    [each] = data(answer)["content"]
    assert (each["state"], each["attempts"], each["status"], each["errorCode"]) == (
        "WAITING",
        1,
        500,
        "webhook-refused",
    )
    assert each["nextAt"] > each["createdAt"]
    shown = answer.text + client.get(f"{SUBSCRIPTIONS}/s").text + client.get(NOTICES).text
    assert TEXT not in shown
    audits = client.post("/audit/api/audits/list", json={}).text
    assert TEXT not in audits


def test_notices_are_chosen_by_topic_time_and_page(client: TestClient, application: MemoryApplication) -> None:
    told(application, "one")
    told(application, "two", topic=Topic.HOTFIX_AVAILABLE)
    told(application, "three")
    assert titles(client) == ["title <three>", "title <two>", "title <one>"]
    assert titles(client, topic="hotfix.available") == ["title <two>"]
    assert titles(client, topic=["hotfix.available", "mirror.failed"], pageSize=1, pageIndex=1) == ["title <two>"]
    second = data(client.get(NOTICES))["content"][1]["at"]
    assert titles(client, since=second) == ["title <three>", "title <two>"]
    assert client.get(NOTICES, params={"topic": "none"}).status_code == 400
    assert client.get(NOTICES, params={"since": 10**18}).status_code == 400


def test_the_feed_is_atom_that_parses_whatever_was_told(client: TestClient, application: MemoryApplication) -> None:
    assert ElementTree.fromstring(client.get(f"{NOTICES}/feed").text).findall(f"{ATOM}entry") == []
    told(application, "one")
    answer = client.get(f"{NOTICES}/feed")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    [entry] = ElementTree.fromstring(answer.text).findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "title <one>"
    assert entry.findtext(f"{ATOM}content") == "te\ufffdxt & more"


def test_everybody_reads_what_happened_where_they_may_look(
    client: TestClient, application: MemoryApplication, someone: Any
) -> None:
    project = application.place("o", "p")
    told(application, "above")
    told(application, "below", project)
    here = someone(Permission.SETTING_VIEW, scope=project)
    assert titles(here) == titles(here, orgIdentifier="o", projectIdentifier="p") == ["title <below>"]
    assert "above" not in here.get(f"{NOTICES}/feed").text
    assert titles(someone(Permission.CONNECTOR_VIEW)) == []
    assert titles(client, orgIdentifier="o") == ["title <below>"]


def test_to_subscribe_one_has_to_have_the_right_to_the_secret_and_to_what_is_below(someone: Any) -> None:
    with_setting = someone(Permission.SETTING_EDIT, Permission.SETTING_VIEW)
    refused = with_setting.post(SUBSCRIPTIONS, json=BODY)
    assert refused.status_code == 403
    assert refused.json()["failedPermissionChecks"][0]["permission"] == "core_secret_access"
    same = with_setting.post(SUBSCRIPTIONS, json={**BODY, "secretRef": "account.none"})
    assert same.status_code == 403  # whether it is there is not told
    both = someone(Permission.SETTING_EDIT, Permission.SECRET_ACCESS)
    assert both.post(SUBSCRIPTIONS, json={**BODY, "withChildren": True}).status_code == 403
    assert both.post(SUBSCRIPTIONS, json=BODY).status_code == 200
