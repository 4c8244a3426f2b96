"""Delegate tokens field by field, and the flows of the clients that make and end them (harness-api §4.7, §10)."""

import base64
from typing import Any

import pytest

TOKENS = "/ng/api/delegate-token-ng"
ITEM = {
    "uuid",
    "accountId",
    "name",
    "createdBy",
    "createdByNgUser",
    "createdAt",
    "status",
    "value",
    "ownerIdentifier",
    "parentUniqueId",
    "revokeAfter",
}


@pytest.mark.parametrize("prefix", ["", "/gateway"])
def test_a_new_token_has_every_field_that_clients_read(call: Any, account: str, prefix: str) -> None:
    status, answer = call("POST", f"{prefix}{TOKENS}", tokenName="t")
    assert status == 200
    assert list(answer) == ["metaData", "resource", "responseMessages"]
    assert (answer["metaData"], answer["responseMessages"]) == ({}, [])
    item = answer["resource"]
    assert set(item) == ITEM
    assert base64.b64decode(item["value"], validate=True)
    assert item["createdAt"] > 1_000_000_000_000
    assert item | {"uuid": 0, "value": 0, "createdAt": 0} == {
        "uuid": 0,
        "accountId": account,
        "name": "t",
        "createdBy": None,
        "createdByNgUser": {
            "type": "USER",
            "name": "admin",
            "email": None,
            "username": "admin",
            "accountId": account,
            "jwtclaims": {},
        },
        "createdAt": 0,
        "status": "ACTIVE",
        "value": 0,
        "ownerIdentifier": None,
        "parentUniqueId": None,
        "revokeAfter": 0,
    }


def test_the_owner_of_a_token_is_its_organization_or_project(call: Any) -> None:
    _, org = call("POST", TOKENS, tokenName="t", orgIdentifier="o")
    _, project = call("POST", TOKENS, tokenName="t", orgIdentifier="o", projectIdentifier="p")
    assert (org["resource"]["ownerIdentifier"], project["resource"]["ownerIdentifier"]) == ("o", "o/p")
    names = [item["ownerIdentifier"] for item in call("GET", TOKENS, orgIdentifier="o")[1]["resource"]]
    assert "o/p" not in names


def test_terraform_makes_reads_and_destroys_a_token(call: Any) -> None:
    """It reads by name and the status of its state, and after destroying takes the first item without counting."""
    _, made = call("POST", TOKENS, tokenName="tf")
    _, read = call("GET", TOKENS, name="tf", status="ACTIVE")
    assert read["resource"] == [made["resource"]]
    status, revoked = call("PUT", TOKENS, tokenName="tf")
    assert (status, revoked["resource"]["status"]) == (200, "REVOKED")
    _, after = call("GET", TOKENS, name="tf", status="ACTIVE")
    assert after["resource"][0]["status"] == "REVOKED"


def test_the_sdk_creates_revokes_and_deletes_by_query(call: Any) -> None:
    for method in ("POST", "PUT", "DELETE"):
        status, answer = call(method, TOKENS, tokenName="sdk")
        assert status == 200, answer
    assert call("GET", TOKENS, name="sdk")[1]["resource"] == []


def test_the_cli_names_the_token_in_the_body_and_deletes_by_path(call: Any) -> None:
    status, made = call("POST", TOKENS, body={"name": "cli"})
    assert (status, made["resource"]["name"]) == (200, "cli")
    assert "cli" in [item["name"] for item in call("GET", TOKENS)[1]["resource"]]
    assert call("PUT", TOKENS, tokenName="cli")[0] == 200
    status, deleted = call("DELETE", f"{TOKENS}/cli")
    assert (status, deleted["resource"]) == (200, True)


def test_tokens_are_listed_by_status(call: Any) -> None:
    for name in ("a", "b"):
        call("POST", TOKENS, tokenName=name)
    call("PUT", TOKENS, tokenName="a")

    def names(status: str) -> set[str]:
        return {item["name"] for item in call("GET", TOKENS, status=status)[1]["resource"]}

    assert "a" not in names("ACTIVE")
    assert "b" not in names("REVOKED")
    assert {"a", "b"} <= names("")
    assert call("GET", TOKENS, status="LOST")[0] == 400


def test_a_token_may_end_by_itself(call: Any) -> None:
    _, made = call("POST", TOKENS, tokenName="t", revokeAfter="4102444800000")
    assert made["resource"]["revokeAfter"] == 4_102_444_800_000
    for wrong in ("-1", "1", "999999999999999999999", "soon"):
        assert call("POST", TOKENS, tokenName="u", revokeAfter=wrong)[0] == 400


def refused(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["code"], answer["message"]


def test_a_name_can_be_had_once(call: Any) -> None:
    call("POST", TOKENS, tokenName="t")
    status, answer = call("POST", TOKENS, tokenName="t")
    text = "Invalid request: Token with given name t already exists for given account."
    assert (status, *refused(answer)) == (400, "INVALID_REQUEST", text)
    call("PUT", TOKENS, tokenName="t")
    assert call("POST", TOKENS, tokenName="t")[0] == 400  # a revoked one keeps its name
    assert call("DELETE", f"{TOKENS}/t")[0] == 200
    assert call("POST", TOKENS, tokenName="t")[0] == 200


def test_revoking_what_is_not_there_or_not_active_is_told_in_the_words_clients_know(call: Any) -> None:
    status, answer = call("PUT", TOKENS, tokenName="t")
    assert (status, answer["message"]) == (404, "Specified token does not exist.")
    call("POST", TOKENS, tokenName="t")
    call("PUT", TOKENS, tokenName="t")
    status, answer = call("PUT", TOKENS, tokenName="t")
    assert (status, answer["message"]) == (400, "Invalid request: Specified token is already revoked.")


def test_only_a_revoked_token_is_deleted(call: Any) -> None:
    call("POST", TOKENS, tokenName="t")
    status, answer = call("DELETE", f"{TOKENS}/t")
    assert (status, answer["pierheadCode"]) == (400, "delegate-token-still-active")
    status, answer = call("DELETE", f"{TOKENS}/nope")
    assert (status, answer["message"]) == (404, "No such delegate token exists.")


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a" * 500, "\x1b[2J", "<script>"])
def test_a_name_that_is_none_is_refused(call: Any, name: str) -> None:
    status, answer = call("POST", TOKENS, tokenName=name)
    assert (status, answer["code"]) == (400, "INVALID_REQUEST")


def test_without_a_name_there_is_nothing_to_revoke_or_delete(call: Any) -> None:
    for method in ("PUT", "DELETE", "POST"):
        status, answer = call(method, TOKENS)
        assert status == 400
        assert answer["errors"] == [{"fieldId": "tokenName", "error": "is required"}]


def test_the_groups_of_a_token_are_listed_with_all_their_fields(call: Any, enrolled: Any) -> None:
    enrolled("building-7", token="t")
    status, answer = call("GET", f"{TOKENS}/delegate-groups", delegateTokenName="t")
    assert status == 200
    assert [group["groupName"] for group in answer["resource"]["delegateGroupDetails"]] == ["building-7"]
    assert call("GET", f"{TOKENS}/delegate-groups", delegateTokenName="nope")[0] == 404
