"""Notices and subscriptions on the command line."""

import json
from typing import Any

NOTICES, SUBSCRIPTIONS = "/pierhead/v1/notices", "/pierhead/v1/subscriptions"
AT = 1_767_614_400_000


def notice(name: str, at: int = AT, **more: Any) -> dict[str, Any]:
    told = {"id": name, "at": at, "topic": "mirror.failed", "title": f"title {name}", "text": "", "details": {}}
    return {**told, "orgIdentifier": "o", "projectIdentifier": "p", **more}


def page(*content: dict[str, Any]) -> dict[str, Any]:
    return {"content": list(content), "totalPages": 1, "pageIndex": 0, "totalItems": len(content)}


def delivery(**more: Any) -> dict[str, Any]:
    told = {"id": "d", "noticeId": "n", "topic": "test", "state": "DELIVERED", "attempts": 1, "createdAt": AT}
    return {**told, "nextAt": None, "finishedAt": AT, "status": 204, "errorCode": None, "error": None, **more}


def test_notices_are_listed_by_topic(pierhead, api) -> None:
    api.data("GET", NOTICES, page(notice("a"), notice("b", title="\x1b[31mred")))
    outcome = pierhead("notice", "list", "--topic", "mirror.failed", "--topic", "hotfix.available")
    assert outcome.code == 0
    assert "project o/p" in outcome.out
    assert "\x1b" not in outcome.out
    assert api.asked[0].query["topic"] == ["mirror.failed", "hotfix.available"]


def test_following_shows_each_notice_once_oldest_first(pierhead, api, monkeypatch) -> None:
    monkeypatch.setattr("pierhead.cli.commands.notice.SystemClock.wait", lambda *_: False)
    first, second, third = (notice(str(n), AT + n) for n in range(3))
    api.data("GET", NOTICES, page(second, first), page(third, second), page())
    outcome = pierhead("notice", "follow", "--looks", "3")
    assert [line.split("  ")[-1] for line in outcome.out.splitlines()] == ["title 0", "title 1", "title 2"]
    assert [asked.query["since"] for asked in api.asked] == [["0"], [str(AT + 1)], [str(AT + 2)]]


def test_a_subscription_is_made_listed_and_deleted_when_sure(pierhead, api) -> None:
    made = {"identifier": "s", "url": "https://h.example/x", "topics": [], "withChildren": True, "enabled": True}
    api.data("POST", SUBSCRIPTIONS, made)
    outcome = pierhead(
        "notice", "subscribe", "s", "--to", "https://h.example/x", "--secret", "account.k", "--below", "--topic", "t"
    )
    assert "pierhead notice test s" in outcome.out
    assert json.loads(api.asked[0].body) == {
        "identifier": "s", "url": "https://h.example/x", "secretRef": "account.k", "topics": ["t"],
        "withChildren": True,
    }  # fmt: skip
    api.data("GET", SUBSCRIPTIONS, page(made))
    assert "https://h.example/x" in pierhead("notice", "subscriptions").out
    assert pierhead("notice", "unsubscribe", "s").code == 2
    api.data("DELETE", f"{SUBSCRIPTIONS}/s", True)
    assert pierhead("notice", "unsubscribe", "s", "--yes").out == "subscription s: deleted\n"


def test_a_test_that_is_not_accepted_is_a_failure(pierhead, api) -> None:
    api.data("POST", f"{SUBSCRIPTIONS}/s/test", delivery(), delivery(state="GIVEN_UP", status=500, error="status 500"))
    assert pierhead("notice", "test", "s").code == 0
    outcome = pierhead("notice", "test", "s")
    assert (outcome.code, outcome.out) == (1, "subscription s: not delivered: status 500\n")


def test_deliveries_show_the_last_error(pierhead, api) -> None:
    api.data(
        "GET", f"{SUBSCRIPTIONS}/s/deliveries", page(delivery(state="WAITING", nextAt=AT, error="nobody is there"))
    )
    assert "nobody is there" in pierhead("notice", "deliveries", "s").out
