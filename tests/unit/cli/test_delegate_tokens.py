"""Delegate tokens on the command line: shown once, never by a list, never in an argument."""

import stat
from pathlib import Path
from typing import Any

import pytest

TOKENS = "/ng/api/delegate-token-ng"
VALUE = "cGR0LmEuYi5j"


def token(**changes: Any) -> dict[str, Any]:
    return {
        "uuid": "u",
        "name": "t",
        "createdByNgUser": {"name": "admin"},
        "createdAt": 1_700_000_000_000,
        "status": "ACTIVE",
        "value": VALUE,
        "revokeAfter": 0,
        **changes,
    }


def resource(api: Any, method: str, path: str, value: Any) -> None:
    import json

    api.raw(method, path, 200, json.dumps({"metaData": {}, "resource": value, "responseMessages": []}).encode())


def test_a_new_token_alone_is_on_standard_output_and_the_rest_beside_it(pierhead, api) -> None:
    resource(api, "POST", TOKENS, token())
    outcome = pierhead("delegate", "token", "create", "t", "--url", "https://pier.example.com")
    assert outcome.out == f"{VALUE}\n"
    assert api.asked[0].query["tokenName"] == ["t"]
    command = "pierhead delegate run --url https://pier.example.com --name NAME --token-file delegate-token"
    assert command in outcome.err
    assert VALUE not in outcome.err


def test_a_token_can_go_straight_into_a_file_of_its_owner(pierhead, api, tmp_path: Path) -> None:
    resource(api, "POST", TOKENS, token())
    file = tmp_path / "token"
    outcome = pierhead("delegate", "token", "create", "t", "--output", str(file), "--json")
    assert file.read_text() == f"{VALUE}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert VALUE not in outcome.out + outcome.err


def test_a_file_that_is_there_is_not_written_over_and_no_token_is_made(pierhead, api, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("old")
    assert pierhead("delegate", "token", "create", "t", "--output", str(tmp_path / "token")).code == 2
    assert api.asked == []


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("12h", 43_200), ("90d", 7_776_000)])
def test_an_expiry_is_sent_as_a_moment(pierhead, api, monkeypatch, text: str, seconds: int) -> None:
    monkeypatch.setattr("time.time", lambda: 1000.0)
    resource(api, "POST", TOKENS, token())
    pierhead("delegate", "token", "create", "t", "--expires-in", text)
    assert api.asked[0].query["revokeAfter"] == [str((1000 + seconds) * 1000)]


@pytest.mark.parametrize("text", ["", "0d", "-1d", "1y", "1", "9999999d", "1d\n"])
def test_a_time_that_is_none_is_refused_before_anything_is_asked(pierhead, api, text: str) -> None:
    assert pierhead("delegate", "token", "create", "t", f"--expires-in={text}").code == 2
    assert api.asked == []


def test_no_list_shows_a_value_not_even_as_json(pierhead, api) -> None:
    resource(api, "GET", TOKENS, [token(), token(name="u", status="REVOKED", revokeAfter=1_700_000_100_000)])
    plain, as_json = (
        pierhead("delegate", "token", "list", "--status", "active"),
        pierhead("delegate", "token", "list", "--json"),
    )
    assert VALUE not in plain.out + as_json.out
    assert api.asked[0].query["status"] == ["ACTIVE"]
    assert [each["name"] for each in as_json.json] == ["t", "u"]
    assert "never" in plain.out
    assert "REVOKED" in plain.out


def test_one_token_is_shown_with_who_came_by_it_and_its_value_only_when_asked_for(pierhead, api) -> None:
    resource(api, "GET", TOKENS, [token()])
    resource(api, "GET", f"{TOKENS}/delegate-groups", {"delegateGroupDetails": [{"groupName": "building-7"}]})
    shown = pierhead("delegate", "token", "show", "t")
    assert "building-7" in shown.out
    assert VALUE not in shown.out
    assert pierhead("delegate", "token", "show", "t", "--value").out == f"{VALUE}\n"
    resource(api, "GET", TOKENS, [])


def test_a_token_that_is_not_there_is_told(pierhead, api) -> None:
    resource(api, "GET", TOKENS, [])
    outcome = pierhead("delegate", "token", "show", "t")
    assert (outcome.code, "no delegate token 't'" in outcome.err) == (5, True)


@pytest.mark.parametrize("value", [None, "", "\x1b[2J", "a\nb"])
def test_a_value_that_cannot_be_a_token_is_not_printed(pierhead, api, value: object) -> None:
    resource(api, "GET", TOKENS, [token(value=value)])
    outcome = pierhead("delegate", "token", "show", "t", "--value")
    assert (outcome.code, outcome.out) == (2, "")


def test_revoking_asks_first_because_delegates_stop(pierhead, api) -> None:
    resource(api, "PUT", TOKENS, token(status="REVOKED"))
    assert pierhead("delegate", "token", "revoke", "t").code == 2
    assert api.asked == []
    outcome = pierhead("delegate", "token", "revoke", "t", "--yes")
    assert outcome.out == "token t: revoked\n"


def test_deleting_names_the_token_in_the_path(pierhead, api) -> None:
    resource(api, "DELETE", f"{TOKENS}/a%2Fb", True)
    assert pierhead("delegate", "token", "delete", "a/b", "--yes").out == "token a/b: deleted\n"


def test_a_refusal_keeps_the_words_of_the_reference(pierhead, api) -> None:
    message = "Invalid request: Token with given name t already exists for given account."
    api.refuse("POST", TOKENS, 400, "INVALID_REQUEST", message, pierheadCode="delegate-token-exists")
    outcome = pierhead("delegate", "token", "create", "t")
    assert (outcome.code, outcome.err) == (6, f"error: {message}\n")
