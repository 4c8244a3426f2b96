"""Resolving and copying images on the command line."""

from typing import Any

import pytest

from pierhead.cli.copy_follow import COPIES

CANCEL = "/pierhead/v1/tasks/t/cancel"
EVIL = "\x1b[31m\nfake"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pierhead.kit.clock.SystemClock.wait", lambda *_: False)


def copy(task_state: str, error: dict[str, str] | None = None, **image: Any) -> dict[str, Any]:
    return {"task": {"id": "t", "state": task_state, "error": error}, "image": image or None}


ARGV = ("image", "copy", "a/b:1", "m/b:1", "--from", "hub", "--to", "account.mirror")


def test_a_copy_is_started_and_its_task_told(pierhead, api) -> None:
    api.data("POST", COPIES, copy("QUEUED"))
    outcome = pierhead(*ARGV, "--platform", "linux/amd64", "--platform", "linux/arm64", "--digest", "sha256:0")
    assert (outcome.code, outcome.out) == (0, "t\n")
    assert api.asked[0].json == {
        "source": {"connector": "hub", "image": "a/b:1"},
        "target": {"connector": "account.mirror", "image": "m/b:1"},
        "platforms": ["linux/amd64", "linux/arm64"],
        "digest": "sha256:0",
    }


def test_what_becomes_of_the_index_and_of_evidence_is_told(pierhead, api) -> None:
    api.data("POST", COPIES, copy("QUEUED"))
    assert pierhead(*ARGV, "--platform", "linux/amd64", "--index", "rewritten", "--referrers").code == 0
    assert {key: api.asked[0].json[key] for key in ("index", "referrers")} == {"index": "rewritten", "referrers": True}
    assert pierhead(*ARGV, "--index", "other").code == 2


def test_waiting_follows_the_copy_to_its_end(pierhead, api) -> None:
    api.data("POST", COPIES, copy("QUEUED"))
    done = {"state": "copied", "digest": "sha256:" + "1" * 64, "bytesTotal": 10, "bytesFetched": 10, "seconds": 1.0}
    looks = [copy("QUEUED"), copy("LEASED", state="copying", bytesDone=4, bytesTotal=10), copy("SUCCEEDED", **done)]
    api.data("GET", f"{COPIES}/t", *looks)
    outcome = pierhead(*ARGV, "--wait")
    assert outcome.code == 0
    assert outcome.out == "m/b:1: copied sha256:111111111111, 10 B in 1.00 s, 10 B/s\n"


def test_a_copy_that_fails_is_exit_code_1_with_its_reason_and_remedy(pierhead, api) -> None:
    api.data("POST", COPIES, copy("QUEUED"))
    error = {"code": "x", "message": "no right to push", "hint": "ask for it"}
    api.data("GET", f"{COPIES}/t", copy("FAILED", error, state="failed", failure={"message": "no right to push"}))
    outcome = pierhead(*ARGV, "--wait")
    assert outcome.code == 1
    assert "no right to push" in outcome.out
    assert "ask for it" in outcome.out


def test_a_copy_that_nobody_could_do_says_so(pierhead, api) -> None:
    api.data("POST", COPIES, copy("QUEUED"))
    error = {"code": "no-eligible-delegates", "message": "There are no eligible delegates", "hint": "tag one"}
    api.data("GET", f"{COPIES}/t", copy("DEAD", error))
    outcome = pierhead(*ARGV, "--wait")
    assert (outcome.code, "no eligible delegates" in outcome.out, "tag one" in outcome.out) == (1, True, True)


def test_ctrl_c_cancels_the_copy(pierhead, api, monkeypatch) -> None:
    api.data("POST", COPIES, copy("QUEUED"))
    api.data("POST", CANCEL, {"id": "t", "state": "CANCELLED"})
    api._add("GET", f"{COPIES}/t", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    api.data("GET", f"{COPIES}/t", copy("CANCELLED"))
    outcome = pierhead(*ARGV, "--wait")
    assert (outcome.code, outcome.out) == (130, "task t: CANCELLED\n")
    assert ("POST", CANCEL) in api.calls()


def test_a_server_that_is_away_for_a_moment_is_asked_again(pierhead, api) -> None:
    api.data("POST", COPIES, copy("QUEUED"))
    api.refuse("GET", f"{COPIES}/t", 503, "GENERAL_ERROR", "starting")
    api.data("GET", f"{COPIES}/t", copy("SUCCEEDED", state="present"))
    assert pierhead(*ARGV, "--wait").code == 0


def test_without_a_server_a_copy_has_to_be_waited_for(pierhead, api) -> None:
    api.is_local = True
    outcome = pierhead(*ARGV)
    assert (outcome.code, "--wait" in outcome.err) == (2, True)
    assert api.asked == []


def test_an_image_is_resolved_through_a_connector(pierhead, api) -> None:
    platform = {"platform": "linux/amd64", "digest": "sha256:p", "sizeBytes": 2000}
    data = {
        "reference": "r/a:1",
        "digest": "sha256:i",
        "mediaType": "index",
        "sizeBytes": 1000,
        "platforms": [platform],
    }
    api.data("GET", "/pierhead/v1/connectors/mirror/resolve", data)
    outcome = pierhead("image", "resolve", "a:1", "--connector", "account.mirror")
    assert api.asked[0].query["image"] == ["a:1"]
    assert "linux/amd64" in outcome.out
    assert pierhead("image", "resolve", "a:1", "--connector", "mirror", "--quiet").out == "sha256:i\n"
    assert pierhead("image", "resolve", "a:1", "--connector", "mirror", "--json").json == data


def test_repositories_are_one_a_line_and_a_cut_is_told(pierhead, api) -> None:
    api.data("GET", "/pierhead/v1/connectors/m/repositories", {"repositories": ["a", EVIL], "truncated": True})
    outcome = pierhead("connector", "repositories", "m", "--limit", "2")
    assert outcome.out == "a\n\\x1b[31m\\nfake\n"
    assert "more repositories" in outcome.err


def test_a_connection_test_says_by_whom_and_why(pierhead, api) -> None:
    test = {"status": "SUCCESS", "steps": [], "errors": None, "pathReason": "the connector asks for gpu"}
    api.data("POST", "/ng/api/connectors/testConnection/m", {**test, "delegate": "box-1", "selection": []})
    assert "path: by delegate box-1: the connector asks for gpu" in pierhead("connector", "test", "m").out
    line = {"delegate": "box-2", "text": "not active", "conclusion": "Not Selected"}
    api.data("POST", "/ng/api/connectors/testConnection/n", {**test, "delegate": None, "selection": [line]})
    assert "box-2: not active" in pierhead("connector", "test", "n").out


def test_without_a_connector_an_image_is_resolved_by_the_places_own_or_else_by_the_accounts(pierhead, api) -> None:
    data = {"reference": "r", "digest": "sha256:i", "mediaType": "m", "sizeBytes": 1, "platforms": []}
    api.data("GET", "/pierhead/v1/connectors/harnessImage/resolve", data)
    api.refuse("GET", "/ng/api/connectors/harnessImage", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "not there")
    here = ("image", "resolve", "a:1", "--org", "o", "--project", "p")
    assert pierhead(*here).code == 0
    assert "orgIdentifier" not in api.asked[-1].query
    assert "projectIdentifier" not in api.asked[-1].query
