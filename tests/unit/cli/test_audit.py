"""The audit trail on the command line."""

from typing import Any

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
PAGE: dict[str, Any] = {"content": [EVENT], "totalPages": 1, "totalItems": 1, "pageIndex": 0}


def test_changes_are_listed_and_narrowed(pierhead, api) -> None:
    api.data("POST", LIST, PAGE)
    words = "--resource", "connector/hub", "--action", "update", "--principal", "u1", "--since", "2026-01-31T00:00:00Z"
    row = pierhead("audit", "list", *words).out.splitlines()[1]
    assert "Ann" in row
    assert row.split()[-4:] == ["hub", "project", "o/p", "a1"]
    assert api.asked[-1].json == {
        "filterType": "Audit",
        "actions": ["UPDATE"],
        "resources": [{"type": "CONNECTOR", "identifier": "hub"}],
        "principals": [{"identifier": "u1"}],
        "startTime": 1769817600000,
    }
    assert pierhead("audit", "list", "--json", "--since", "7d").json == PAGE
    refused = pierhead("audit", "list", "--since", "long ago")
    assert refused.code != 0
    assert "no time" in refused.err


def test_a_change_is_shown_before_and_after(pierhead, api) -> None:
    api.data("GET", YAML, {"oldYaml": "", "newYaml": "name: hub\n"})
    assert pierhead("audit", "show", "a1").out == "before: nothing\nafter:\n  name: hub\n"
    assert api.asked[-1].query["auditId"] == ["a1"]


def test_a_broken_trail_is_exit_code_1(pierhead, api) -> None:
    api.data("GET", VERIFY, {"intact": True, "records": 3, "seal": "ab", "brokenAt": None, "problem": None})
    good = pierhead("audit", "verify")
    assert (good.code, good.out) == (0, "3 records, all as they were written; the last seal is ab\n")


def test_a_broken_trail_says_where(pierhead, api) -> None:
    api.data("GET", VERIFY, {"intact": False, "records": None, "seal": None, "brokenAt": 2, "problem": "was changed"})
    bad = pierhead("audit", "verify")
    assert (bad.code, bad.out) == (1, "broken at record 2: was changed\n")
