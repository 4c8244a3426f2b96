"""Who is calling and for which account: refusals first."""

import pytest
from starlette.testclient import TestClient

from pierhead.control.access import TokenAddress, TokenDraft
from pierhead.testing.application import MemoryApplication

URL = "/ng/api/connectors/harnessImage"


def _account(application: MemoryApplication) -> dict[str, str]:
    return {"accountIdentifier": application.account.id}


def test_a_call_without_a_key_is_refused_before_its_body_is_read(
    stranger: TestClient, application: MemoryApplication
) -> None:
    answer = stranger.post("/ng/api/connectors", params=_account(application), content=b"{not json")
    assert answer.status_code == 401
    assert answer.json()["code"] == "INVALID_TOKEN"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("account", [None, "", "  "])
def test_a_call_of_the_reference_names_the_account(
    stranger: TestClient, application: MemoryApplication, account: str | None
) -> None:
    params = {} if account is None else {"accountIdentifier": account}
    answer = stranger.get(URL, params=params, headers={"X-API-KEY": application.key.reveal()})
    assert answer.status_code == 400
    assert answer.json()["message"] == "Account detail is not present in the request"


def test_every_key_that_does_not_open_the_account_gets_the_same_answer(
    stranger: TestClient, application: MemoryApplication
) -> None:
    other, other_key = application.access.create_account("other")
    _, key_id, secret = application.key.reveal().removeprefix("pat.").split(".")
    wrong = [
        "nonsense",
        f"pat.{application.account.id}.{key_id}.{secret[::-1]}",
        f"pat.{application.account.id}.{'x' * 22}.{secret}",
        other_key.reveal(),
        f"pat.{other.id}.{key_id}.{secret}",
    ]
    answers = [stranger.get(URL, params=_account(application), headers={"X-API-KEY": key}) for key in wrong]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.json()["message"] for answer in answers} == {
        f"Invalid call: Invalid token or token expired. Account id for API called: {application.account.id}"
    }
    assert len({(answer.json()["code"], answer.json()["pierheadCode"]) for answer in answers}) == 1


def test_a_key_does_not_open_another_account_that_exists(stranger: TestClient, application: MemoryApplication) -> None:
    other, _ = application.access.create_account("other")
    there = stranger.get(URL, params={"accountIdentifier": other.id}, headers={"X-API-KEY": application.key.reveal()})
    nowhere = stranger.get(URL, params={"accountIdentifier": "nobody"}, headers={"X-API-KEY": application.key.reveal()})
    assert there.status_code == nowhere.status_code == 401
    assert there.json()["message"].replace(other.id, "?") == nowhere.json()["message"].replace("nobody", "?")


def test_a_revoked_key_opens_nothing_any_more(stranger: TestClient, application: MemoryApplication) -> None:
    owner = application.access.authenticate(application.key.reveal()).ref
    application.people.api_tokens.create(TokenDraft(TokenAddress(owner, "admin", "another"), "another"))
    application.people.api_tokens.revoke(TokenAddress(owner, "admin", "admin"))
    answer = stranger.get(URL, params=_account(application), headers={"X-API-KEY": application.key.reveal()})
    assert answer.status_code == 401


def test_two_different_accounts_in_one_query_are_refused(stranger: TestClient, application: MemoryApplication) -> None:
    query = f"accountIdentifier={application.account.id}&accountIdentifier=other"
    answer = stranger.get(f"{URL}?{query}", headers={"X-API-KEY": application.key.reveal()})
    assert answer.status_code == 400
    assert "accountIdentifier" in answer.json()["message"]


def test_a_variable_that_the_shell_did_not_fill_in_is_recognised(
    stranger: TestClient, application: MemoryApplication
) -> None:
    answer = stranger.get(URL, params=_account(application), headers={"X-API-KEY": "$API_KEY"})
    assert answer.status_code == 401
    assert "double quotes" in answer.json()["hint"]


@pytest.mark.parametrize("header", ["X-API-KEY", "x-api-key", "Authorization"])
def test_the_key_comes_in_either_header(stranger: TestClient, application: MemoryApplication, header: str) -> None:
    value = f"Bearer {application.key.reveal()}" if header == "Authorization" else application.key.reveal()
    assert stranger.get(URL, params=_account(application), headers={header: value}).status_code == 200


def test_basic_credentials_are_not_taken_for_a_key(stranger: TestClient, application: MemoryApplication) -> None:
    answer = stranger.get(URL, params=_account(application), headers={"Authorization": "Basic dTpw"})
    assert answer.status_code == 401


def test_the_account_may_stand_in_header_or_query_but_not_two_of_them(
    stranger: TestClient, application: MemoryApplication
) -> None:
    key, account = {"X-API-KEY": application.key.reveal()}, application.account.id
    assert stranger.get(URL, headers={**key, "Harness-Account": account}).status_code == 200
    assert stranger.get(URL, params={"account": account}, headers=key).status_code == 200
    both = stranger.get(URL, params={"accountIdentifier": account}, headers={**key, "Harness-Account": "other"})
    assert (both.status_code, both.json()["pierheadCode"]) == (400, "ambiguous-parameter")


def test_our_own_paths_take_the_account_from_the_key(stranger: TestClient, application: MemoryApplication) -> None:
    answer = stranger.get("/pierhead/v1/whoami", headers={"X-API-KEY": application.key.reveal()})
    assert answer.json()["data"] == {
        "account": application.account.id,
        "keyId": application.key.reveal().split(".")[2],
        "name": "admin",
        "type": "USER",
        "identifier": application.access.authenticate(application.key.reveal()).ref.identifier,
        "orgIdentifier": None,
        "projectIdentifier": None,
    }
    wrong = stranger.get(
        "/pierhead/v1/whoami", params={"accountIdentifier": "x"}, headers={"X-API-KEY": application.key.reveal()}
    )
    assert wrong.status_code == 401


def test_health_and_the_image_catalogue_need_no_key(stranger: TestClient) -> None:
    assert stranger.get("/health").json()["status"] == "ok"
    assert stranger.get("/registry/_catalog").status_code == 200
