"""``pierhead doctor``: what it sends, what it shows, and how it ends."""

from pathlib import Path
from typing import Any

import pytest

URL = "/pierhead/v1/doctor"
MIGRATE = f"{URL}/migrate"


def thing(identifier: str = "old", **more: Any) -> dict[str, Any]:
    plain = {"kind": "connector", "orgIdentifier": None, "projectIdentifier": None, "place": None}
    return {**plain, "identifier": identifier, **more}


def finding(severity: str = "broken", **more: Any) -> dict[str, Any]:
    said = {"text": "it is dead", "remedy": "move it", "affects": ["mirror m"], "source": "somebody"}
    plain = {"id": "0123456789ab", "code": "host-retired", "severity": severity, "thing": thing(), "on": None}
    return {**plain, **said, "migration": {"before": "a", "after": "b", "movesCredentials": False}, **more}


def examination(*findings: dict[str, Any], **more: Any) -> dict[str, Any]:
    counts = {name: sum(1 for each in findings if each["severity"] == name) for name in ("broken", "breaks", "advice")}
    examined = {"connectors": 3, "mirrors": 0, "watches": 0, "images": 10, "pipelines": 0}
    plain = {"today": "2026-11-21", "examined": examined, "counts": counts, "leftOut": []}
    return {**plain, "findings": list(findings), **more}


def item(outcome: str, **more: Any) -> dict[str, Any]:
    plain = {"id": "0123456789ab", "thing": thing(), "before": "a", "after": "b", "message": "done"}
    return {**plain, "outcome": outcome, "test": None, "testMessage": None, **more}


@pytest.mark.parametrize(("severity", "code"), [("broken", 1), ("breaks", 0), ("advice", 0)])
def test_only_what_is_broken_now_ends_with_1(pierhead, api, severity: str, code: int) -> None:
    api.data("GET", URL, examination(finding(severity)))
    assert pierhead("doctor").code == code


def test_a_finding_is_shown_with_where_what_hangs_on_it_and_what_to_do(pierhead, api) -> None:
    project = thing(orgIdentifier="o", projectIdentifier="p", place="here")
    api.data("GET", URL, examination(finding(), finding("breaks", on="2027-01-31", thing=project), leftOut=["pins"]))
    outcome = pierhead("doctor")
    lines = outcome.out.splitlines()
    assert lines[:5] == [
        "broken now: 1",
        "  connector old (host-retired, 0123456789ab)",
        "    it is dead",
        "    affects  mirror m",
        "    do this  move it",
    ]
    assert "  connector old of o/p (here), on 2027-01-31 (host-retired, 0123456789ab)" in lines
    assert "looked at 3 connectors, 10 images, as of 2026-11-21" in outcome.err
    assert "not looked at: pins" in outcome.err
    assert "can change 2 of these connectors" in outcome.err


def test_when_nothing_is_wrong_that_is_said(pierhead, api) -> None:
    api.data("GET", URL, examination())
    outcome = pierhead("doctor")
    assert (outcome.code, outcome.out) == (0, "nothing is wrong here\n")


def test_pipelines_are_sent_as_they_are_and_the_place_is_named(pierhead, api, tmp_path: Path) -> None:
    file = tmp_path / "ci.yml"
    file.write_text("stages: []\n")
    api.data("POST", URL, examination())
    assert pierhead("doctor", "--file", str(file), "--org", "o", "--json").json["counts"]["broken"] == 0
    [asked] = api.asked
    assert asked.json == {"pipelines": [{"file": str(file), "text": "stages: []\n"}]}
    assert asked.query["orgIdentifier"] == ["o"]


@pytest.mark.parametrize(
    "argv", [("--dry-run",), ("--id", "0123456789ab"), ("--with-credentials",), ("--migrate", "--file", "x.yml")]
)
def test_options_that_cannot_be_meant_ask_nobody(pierhead, api, argv: tuple[str, ...]) -> None:
    assert pierhead("doctor", *argv).code == 2
    assert api.asked == []


def test_a_migration_is_planned_first_and_done_after_a_yes(pierhead, api) -> None:
    plan, done = item("planned"), item("migrated", test="SUCCESS")
    api.data("POST", MIGRATE, {"items": [plan], "remaining": 0}, {"items": [done], "remaining": 3})
    outcome = pierhead("doctor", "--migrate", "--yes")
    first, second = (asked.json for asked in api.asked)
    assert first == {"ids": [], "all": True, "withCredentials": False, "dryRun": True}
    assert second == first | {"dryRun": False}
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "planned   connector old: a -> b",
        "migrated  connector old: a -> b",
        "          done",
        "          test SUCCESS",
    ]
    assert "3 more" in outcome.err


def test_without_a_terminal_and_without_yes_nothing_is_migrated(pierhead, api) -> None:
    api.data("POST", MIGRATE, {"items": [item("planned")], "remaining": 0})
    outcome = pierhead("doctor", "--migrate", "--id", "0123456789ab", "--with-credentials")
    assert outcome.code == 2
    [asked] = api.asked
    assert asked.json == {"ids": ["0123456789ab"], "all": False, "withCredentials": True, "dryRun": True}


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (item("skipped"), 0),
        (item("nothing-to-do", thing=None, before=None, after=None), 0),
        (item("denied"), 1),
        (item("failed"), 1),
    ],
)
def test_what_cannot_be_migrated_is_told_without_a_second_call(
    pierhead, api, result: dict[str, Any], code: int
) -> None:
    api.data("POST", MIGRATE, {"items": [result], "remaining": 0})
    outcome = pierhead("doctor", "--migrate", "--yes")
    assert outcome.code == code
    assert result["outcome"] in outcome.out
    assert len(api.asked) == 1


def test_a_connector_that_fails_its_test_afterwards_ends_with_1(pierhead, api) -> None:
    failed = item("migrated", test="FAILURE", testMessage="no such name")
    api.data("POST", MIGRATE, {"items": [item("planned")], "remaining": 0}, {"items": [failed], "remaining": 0})
    outcome = pierhead("doctor", "--migrate", "--yes")
    assert (outcome.code, "test FAILURE: no such name" in outcome.out) == (1, True)


def test_nothing_to_migrate_is_said(pierhead, api) -> None:
    api.data("POST", MIGRATE, {"items": [], "remaining": 0})
    outcome = pierhead("doctor", "--migrate", "--yes")
    assert (outcome.code, outcome.out) == (0, "nothing to migrate\n")


def test_the_known_hosts_are_a_table(pierhead, api) -> None:
    host = {"id": "x", "hosts": ["a.example", "b.example"], "path": "v1", "then": "old-api", "ends": None, "use": "c"}
    api.data("GET", f"{URL}/hosts", {"hosts": [host]})
    assert "a.example, b.example /v1" in pierhead("doctor", "--hosts").out
