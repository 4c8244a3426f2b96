"""The audit trail on the command line."""

from typing import Any

import pytest

LIST, YAML, VERIFY = "/audit/api/audits/list", "/audit/api/auditYaml", "/pierhead/v1/audit/verify"
EVENT = {
    "auditId": "a1",
    "insertId": "7",
    "resourceScope": {"accountIdentifier": "acc", "orgIdentifier": "o", "projectIdentifier": "p"},
    "timestamp": 1_700_000_000_000,
    "authenticationInfo": {"principal": {"type": "USER", "identifier": "u1"}, "labels": {"username": "Ann"}},
    "resource": {"type": "CONNECTOR", "identifier": "hub", "labels": {}},
    "action": "UPDATE",
}
SHOWN = EVENT | {
    "authenticationInfo": {
        "principal": {"type": "USER", "identifier": "u1"},
        "labels": {"username": "Ann", "credential": "k1"},
    },
    "requestMetadata": {"clientIP": "192.0.2.1"},
    "httpRequestInfo": {"requestId": "r1"},
}
PAGE: dict[str, Any] = {"content": [EVENT], "totalPages": 1, "totalItems": 1, "pageIndex": 0}


def test_changes_are_listed_and_narrowed(pierhead, api) -> None:
    api.data("POST", LIST, PAGE)
    words = "--resource", "connector/hub", "--action", "update", "--principal", "u1", "--since", "2026-01-31T00:00:00Z"
    row = pierhead("audit", "list", *words).out.splitlines()[1]
    assert "Ann" in row
    assert row.startswith("2023-11-14 22:13:20Z  Ann  UPDATE")
    assert row.split()[-4:] == ["hub", "project", "o/p", "a1"]
    assert api.asked[-1].json == {
        "filterType": "Audit",
        "actions": ["UPDATE"],
        "resources": [{"type": "CONNECTOR", "identifier": "hub"}],
        "people": ["u1"],
        "startTime": 1769817600000,
    }
    assert pierhead("audit", "list", "--json", "--since", "7d").json == PAGE
    refused = pierhead("audit", "list", "--since", "long ago")
    assert refused.code != 0
    assert "no time" in refused.err


@pytest.mark.parametrize("words", [("--resource", "conector/hub"), ("--action", "change")])
def test_a_word_that_no_record_has_is_refused_with_those_that_are_known(pierhead, api, words) -> None:
    refused = pierhead("audit", "list", *words)
    assert refused.code == 2
    assert words[1].partition("/")[0] in refused.err
    assert ("SERVICEACCOUNT" if words[0] == "--resource" else "ROTATE_TOKEN") in refused.err
    assert api.asked == []


def test_a_kind_is_known_with_and_without_a_line_in_it(pierhead, api) -> None:
    api.data("POST", LIST, PAGE)
    assert pierhead("audit", "list", "--resource", "service-account", "--action", "rotate-token").code == 0
    assert api.asked[-1].json["resources"] == [{"type": "SERVICEACCOUNT", "identifier": None}]
    assert api.asked[-1].json["actions"] == ["ROTATE_TOKEN"]


def test_a_change_is_shown_with_who_made_it_and_what_was_there_before_and_after(pierhead, api) -> None:
    key = {"identifier": "ci", "apiKeyIdentifier": "default"}
    api.data("GET", YAML, {"oldYaml": "", "newYaml": "name: hub\n", "event": SHOWN, "key": key})
    assert pierhead("audit", "show", "a1").out.splitlines() == [
        "when     2023-11-14 22:13:20Z",
        "by       Ann (USER u1)",
        "key      ci in default (k1)",
        "address  192.0.2.1",
        "request  r1",
        "action   UPDATE",
        "what     CONNECTOR hub",
        "where    project o/p",
        "number   7",
        "before: nothing",
        "after:",
        "  name: hub",
    ]
    assert api.asked[-1].query["auditId"] == ["a1"]


def test_a_broken_trail_is_exit_code_1(pierhead, api) -> None:
    api.data("GET", VERIFY, {"intact": True, "records": 3, "seal": "ab", "brokenAt": None, "problem": None})
    good = pierhead("audit", "verify")
    assert (good.code, good.out) == (0, "3 records, all as they were written; the last seal is ab\n")


def test_a_broken_trail_says_where(pierhead, api) -> None:
    api.data(
        "GET",
        VERIFY,
        {"intact": False, "records": None, "seal": None, "brokenAt": 2, "problem": "the record was changed"},
    )
    bad = pierhead("audit", "verify")
    assert (bad.code, bad.out) == (1, "broken at record 2: the record was changed\n")
