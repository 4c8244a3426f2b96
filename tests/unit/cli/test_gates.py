"""Gate policies, exceptions and checks on the command line."""

import json
from typing import Any

import pytest

POLICIES, EXCEPTIONS = "/pierhead/v1/gate-policies", "/pierhead/v1/gate-exceptions"
EVIL = "\x1b[31m\nfake"
DIGEST = "sha256:" + "a" * 64
POLICY = {
    "identifier": "trusted", "name": "trusted", "description": "", "version": 2, "orgIdentifier": None,
    "projectIdentifier": None, "gates": [{"kind": "sbom"}, {"kind": "approval"}],
}  # fmt: skip


def gate(outcome: str, words: str = "why", exception: Any = None) -> dict[str, Any]:
    reasons = [{"code": "c", "message": words}]
    return {"gate": "sbom", "outcome": outcome, "found": "fail", "reasons": reasons, "exception": exception}


def verdict(outcome: str, *gates: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": outcome, "digest": DIGEST, "gates": list(gates)}


@pytest.mark.parametrize(("outcome", "code"), [("pass", 0), ("excepted", 0), ("could_not_check", 1), ("fail", 1)])
def test_a_check_ends_with_what_the_verdict_is(pierhead, api, outcome, code) -> None:
    api.data("POST", f"{POLICIES}/trusted/check", verdict(outcome, gate(outcome, EVIL)))
    done = pierhead("image", "check", "a/b:1", "--policy", "trusted")
    assert done.code == code
    assert outcome.replace("_", " ") in done.out
    assert EVIL not in done.out


def test_an_exception_is_told_with_reason_and_end(pierhead, api) -> None:
    applied = {"identifier": "x", "reason": "ticket", "madeBy": "USER/ada", "expiresAt": "2027-01-01T00:00:00Z"}
    api.data("POST", f"{POLICIES}/trusted/check", verdict("excepted", gate("excepted", exception=applied)))
    done = pierhead("image", "check", "a/b:1", "--policy", "trusted", "--digest", DIGEST, "--connector", "hub")
    assert "until 2027-01-01T00:00:00Z by USER/ada: ticket" in done.out
    assert api.asked[0].json == {"connectorRef": "hub", "image": "a/b:1", "digest": DIGEST}


@pytest.mark.parametrize("text", ["gates:\n  - {kind: sbom}\n", "- {kind: sbom}\n"], ids=["document", "list"])
@pytest.mark.parametrize("is_there", [True, False], ids=["changed", "created"])
def test_a_policy_is_made_or_changed_from_a_file(pierhead, api, tmp_path, text, is_there) -> None:
    (tmp_path / "p.yaml").write_text(text)
    if is_there:
        api.data("GET", f"{POLICIES}/trusted", POLICY)
    else:
        api.refuse("GET", f"{POLICIES}/trusted", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "none")
    api.data("PUT", f"{POLICIES}/trusted", POLICY)
    api.data("POST", POLICIES, POLICY)
    done = pierhead("gate-policy", "set", "trusted", str(tmp_path / "p.yaml"))
    assert done.code == 0, done.err
    assert ("changed" if is_there else "created") in done.out
    asked = api.asked[-1]
    assert asked.method == ("PUT" if is_there else "POST")
    assert asked.json == {"identifier": "trusted", "name": "trusted", "gates": [{"kind": "sbom"}]}


def test_policies_and_exceptions_are_listed_shown_and_deleted(pierhead, api) -> None:
    made = {"identifier": "x", "gate": "sbom", "image": "**", "reason": "r", "madeBy": "m", "expiresAt": "t"}
    api.data("GET", POLICIES, {"content": [POLICY], "totalPages": 1})
    api.data("GET", f"{POLICIES}/trusted", POLICY)
    api.data("GET", EXCEPTIONS, {"content": [made], "totalPages": 1})
    api.data("DELETE", f"{EXCEPTIONS}/x", True)
    api.data("DELETE", f"{POLICIES}/trusted", True)
    assert "sbom, approval" in pierhead("gate-policy", "list").out
    assert "account" in pierhead("gate-policy", "show", "trusted").out
    assert "sbom" in pierhead("gate-exception", "list").out
    assert pierhead("gate-exception", "delete", "x", "--yes").code == 0
    assert pierhead("gate-policy", "delete", "trusted", "--yes").code == 0


def test_advisories_are_imported_into_the_data_directory(pierhead, tmp_path) -> None:
    package = {"ecosystem": "npm", "name": "x"}
    advisory = {"id": "CVE-1", "affected": [{"package": package, "versions": ["1"]}]}
    (tmp_path / "a.json").write_text(json.dumps(advisory))
    done = pierhead("advisories", "import", str(tmp_path / "a.json"), "--data", str(tmp_path / "data"))
    assert (done.code, done.out) == (0, "1 advisories imported; 0 skipped, 0 broken\n")
    assert (tmp_path / "data" / "advisories.db").is_file()
