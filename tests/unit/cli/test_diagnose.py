import io
from typing import Any

import pytest

PATH = "/pierhead/v1/diagnose"
ABSENT = "Error response from daemon: manifest for acme/app:9 not found: manifest unknown"
CAUSE = {
    "cause": "tag-absent", "title": "The tag is not there", "meaning": "It was never pushed.", "verdict": "confirmed",
    "because": "a look says so", "quote": "manifest unknown\x1b[2J", "line": 1, "found": {},
    "steps": [{"text": "List the tags", "command": "pierhead tags"}, {"text": "Correct it", "command": None}],
    "docs": ["guides/diagnose.md"],
}  # fmt: skip


def result(*diagnoses: dict[str, Any], evidence: tuple[dict[str, str], ...] = ()) -> dict[str, Any]:
    report = {"image": "docker.io/acme/app:9", "stage": None, "connector": None, "isComplete": True}
    known = any(one["verdict"] != "refuted" for one in diagnoses)
    return {"isKnown": known, "reports": [{**report, "diagnoses": list(diagnoses), "evidence": list(evidence)}]}


def test_a_text_is_told_with_cause_words_remedy_and_what_was_seen(pierhead, api) -> None:
    seen = {"check": "image", "outcome": "failed", "text": "it does not exist"}
    api.data("POST", PATH, result(CAUSE, evidence=(seen,)))
    outcome = pierhead("diagnose", ABSENT, "--connector", "account.hub")
    assert outcome.code == 0
    for words in ("tag-absent, confirmed by a look", "said    manifest unknown", "1. List the tags", "2. Correct it"):
        assert words in outcome.out
    assert ("failed   image: it does not exist" in outcome.out, "\x1b" in outcome.out) == (True, False)
    assert api.asked[-1].json == {"text": ABSENT, "connectorRef": "account.hub", "live": True}


def test_a_cause_that_is_refuted_is_no_cause_and_has_no_remedy(pierhead, api) -> None:
    api.data("POST", PATH, result({**CAUSE, "verdict": "refuted"}))
    outcome = pierhead("diagnose", ABSENT)
    assert (outcome.code, "not any more" in outcome.out, "List the tags" in outcome.out) == (1, True, False)


@pytest.mark.parametrize(
    ("argv", "sent"),
    [
        (("--run", "r1"), {"runId": "r1", "live": True}),
        (
            ("--image", "a/b:1", "--platform", "linux/arm64"),
            {"image": "a/b:1", "platform": "linux/arm64", "live": True},
        ),
        (("--image", "a/b:1", "--no-live"), {"image": "a/b:1", "live": False}),
    ],
)
def test_a_run_or_an_image_is_asked_for_by_name(pierhead, api, argv, sent) -> None:
    api.data("POST", PATH, result())
    assert pierhead("diagnose", *argv).code == 1
    assert api.asked[-1].json == sent


def test_without_a_look_a_text_is_read_here_and_nobody_is_asked(pierhead, api) -> None:
    outcome = pierhead("diagnose", "--no-live", "--json", ABSENT)
    assert (outcome.code, api.calls()) == (0, [])
    assert outcome.json["reports"][0]["diagnoses"][0]["cause"] == "tag-absent"
    nothing = pierhead("diagnose", "--no-live", "why?")
    assert (nothing.code, "no cause is known" in nothing.out) == (1, True)


def test_standard_input_is_read_whatever_bytes_are_in_it(pierhead, monkeypatch) -> None:
    raw = b"\xff\x00 noise\n" * 40_000 + ABSENT.encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
    outcome = pierhead("diagnose", "--no-live", "-")
    assert (outcome.code, "latest" in outcome.out, "tag-absent" in outcome.out) == (0, False, True)


@pytest.mark.parametrize("argv", [(), ("text", "--run", "r"), ("--run", "r", "--image", "a"), ("  ",)])
def test_exactly_one_thing_can_be_asked_about(pierhead, api, argv) -> None:
    assert (pierhead("diagnose", *argv).code, api.calls()) == (2, [])


def test_a_healthy_image_is_said_to_be_and_a_run_without_failures_too(pierhead, api) -> None:
    api.data(
        "POST",
        PATH,
        result(evidence=({"check": "image", "outcome": "ok", "text": "is there"},)),
        {"isKnown": False, "reports": []},
    )
    assert "nothing is wrong with it" in pierhead("diagnose", "--image", "a/b:1").out
    assert "no image of this run has failed" in pierhead("diagnose", "--run", "r1").out
