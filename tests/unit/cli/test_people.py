"""People, service accounts and keys on the command line."""

import io
from typing import Any

import pytest

USERS, MACHINES = "/pierhead/v1/users", "/ng/api/serviceaccount"
KEYS, TOKENS, WHOAMI = "/ng/api/apikey", "/ng/api/token", "/pierhead/v1/whoami"
TEXT = f"sat.acc.{'k' * 22}.{'s' * 43}"
EVIL = "\x1b]0;title\x07\nfake"


def person(**changes: Any) -> dict[str, Any]:
    made = {"createdAt": 1_700_000_000_000, "lastModifiedAt": 1_700_000_000_000}
    known = {"id": "u1", "email": "ada@example.com", "name": "Ada", "disabled": False}
    return {**known, "hasPassword": False, "singleSignOn": False, **made, **changes}


def token(identifier: str = "build", **changes: Any) -> dict[str, Any]:
    inner = {"identifier": identifier, "name": "B", "apiKeyIdentifier": "default", "valid": True, "revokedAt": None}
    inner |= {"validTo": 1_800_000_000_000, "scheduledExpireTime": None, **changes}
    return {"token": inner, "createdAt": 1_700_000_000_000}


def page(*items: Any) -> dict[str, Any]:
    return {"content": list(items), "totalItems": len(items), "totalPages": 1, "pageIndex": 0, "empty": not items}


def who(**changes: Any) -> dict[str, Any]:
    me = {"type": "USER", "identifier": "u1", "orgIdentifier": None, "projectIdentifier": None}
    return {**me, "account": "acc", "name": "ada", "keyId": "k", **changes}


def test_a_list_shows_how_people_come_in_and_no_terminal_tricks(pierhead, api) -> None:
    api.data("GET", USERS, page(person(), person(name=EVIL, hasPassword=True, singleSignOn=True, disabled=True)))
    outcome = pierhead("user", "list", "--search", "ada")
    assert outcome.code == 0
    assert "keys only" in outcome.out
    assert "password and single sign-on" in outcome.out
    assert "DISABLED" in outcome.out
    assert "\x1b" not in outcome.out
    assert api.asked[0].query["searchTerm"] == ["ada"]


def test_a_person_is_named_by_email(pierhead, api) -> None:
    api.data("GET", f"{USERS}/ada%40example.com", person())
    api.data("POST", f"{USERS}/u1/disable", person(disabled=True))
    outcome = pierhead("user", "disable", "ada@example.com")
    assert outcome.out == "user ada@example.com: disabled\n"
    assert api.calls()[-1] == ("POST", f"{USERS}/u1/disable")


def test_a_person_is_made_and_shown(pierhead, api) -> None:
    api.data("POST", USERS, person())
    assert "pierhead user password ada@example.com" in pierhead("user", "create", "Ada@example.com").err
    assert api.asked[0].json == {"email": "Ada@example.com"}
    api.data("GET", f"{USERS}/u1", person())
    grant = {"roleIdentifier": "_account_viewer", "resourceGroupIdentifier": "g"}
    api.data("GET", "/ng/api/user/aggregate/u1", {"roleAssignmentMetadata": [grant]})
    assert "_account_viewer on g" in pierhead("user", "show", "u1").out
    assert pierhead("user", "show", "u1", "--json").json["roleAssignments"] == [grant]


def test_a_locked_person_is_shown_as_locked(pierhead, api) -> None:
    api.data("GET", f"{USERS}/u1", person(), person(lockedUntil=1_700_000_900_000))
    api.data("GET", "/ng/api/user/aggregate/u1", {"roleAssignmentMetadata": []})
    assert "locked until" not in pierhead("user", "show", "u1").out
    assert "locked until  2023-11-14 22:28:20Z" in pierhead("user", "show", "u1").out


def test_deleting_asks_first_and_says_no_where_nobody_can_answer(pierhead, api, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    api.data("GET", f"{USERS}/u1", person())
    api.data("DELETE", f"{USERS}/u1", True)
    assert pierhead("user", "delete", "u1").code != 0
    assert ("DELETE", f"{USERS}/u1") not in api.calls()
    assert pierhead("user", "delete", "u1", "--yes").out == "user ada@example.com: deleted\n"


def test_a_password_is_never_an_argument_and_ones_own_needs_the_current_one(pierhead, api, monkeypatch) -> None:
    api.data("GET", WHOAMI, who())
    api.data("GET", f"{USERS}/u1", person(hasPassword=True))
    api.data("PUT", f"{USERS}/u1/password", True)
    monkeypatch.setattr("sys.stdin", io.StringIO("old one\nnew one\r\n"))
    outcome = pierhead("user", "password", "u1", "--current-from-stdin")
    assert (outcome.code, api.asked[-1].json) == (0, {"currentPassword": "old one", "password": "new one"})
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert "--from-stdin" in pierhead("user", "password", "u1").err
    assert pierhead("user", "password", "u1", "secret").code == 2


def test_the_first_password_of_another_is_read_from_standard_input(pierhead, api, monkeypatch) -> None:
    api.data("GET", WHOAMI, who(identifier="u2"))
    api.data("GET", f"{USERS}/u1", person())
    api.data("PUT", f"{USERS}/u1/password", True)
    monkeypatch.setattr("sys.stdin", io.StringIO("new one\n"))
    assert pierhead("user", "password", "u1", "--from-stdin").code == 0
    assert api.asked[-1].json == {"password": "new one"}
    assert "new one" not in str(api.asked[-1].query)


def test_a_service_account_is_made_in_the_scope_that_is_looked_at(pierhead, api) -> None:
    api.data("POST", MACHINES, {"identifier": "ci"})
    outcome = pierhead("service-account", "create", "org.ci", "--org", "o", "--email", "ci@example.com")
    assert outcome.out == "service account ci: created\n"
    assert api.asked[0].json == {
        "identifier": "ci",
        "name": "ci",
        "email": "ci@example.com",
        "description": "",
        "orgIdentifier": "o",
    }
    assert api.asked[0].query["orgIdentifier"] == ["o"]


def test_service_accounts_are_listed_shown_and_deleted(pierhead, api) -> None:
    entity = {"identifier": "ci", "name": EVIL, "email": "", "description": "", "tags": {"a": "b"}}
    grant = {"roleIdentifier": "builder", "resourceGroupIdentifier": "g"}
    item = {"serviceAccount": entity, "tokensCount": 2, "roleAssignmentsMetadataDTO": [grant], "createdAt": 1e12}
    api.data("GET", f"{MACHINES}/aggregate", page(item))
    api.data("GET", f"{MACHINES}/aggregate/ci", item)
    api.data("DELETE", f"{MACHINES}/ci", True)
    assert "builder" in pierhead("service-account", "list").out
    assert "builder on g" in pierhead("service-account", "show", "ci").out
    assert pierhead("service-account", "delete", "ci", "-y").out == "service account ci: deleted\n"


def test_a_new_key_goes_alone_to_standard_output(pierhead, api) -> None:
    api.refuse("GET", f"{KEYS}/aggregate/default", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "not there")
    api.data("POST", KEYS, {})
    api.data("POST", TOKENS, TEXT)
    outcome = pierhead("api-key", "create", "build", "--service-account", "ci", "--expires", "30d")
    assert outcome.out == f"{TEXT}\n"
    assert "only time" in outcome.err
    owner = {"apiKeyType": "SERVICE_ACCOUNT", "parentIdentifier": "ci"}
    assert api.asked[1].json == {"identifier": "default", "name": "default", **owner}
    sent = api.asked[2].json
    assert sent.pop("validTo") > 1_700_000_000_000
    assert sent == {"identifier": "build", "name": "build", "apiKeyIdentifier": "default", **owner}


@pytest.mark.parametrize("me", [who(), who(type="SERVICE_ACCOUNT", identifier="ci", orgIdentifier="o")])
def test_without_a_service_account_the_key_is_the_callers_own(pierhead, api, me: dict[str, Any]) -> None:
    api.data("GET", WHOAMI, me)
    api.data("GET", f"{KEYS}/aggregate/default", {})
    api.data("POST", TOKENS, TEXT)
    assert pierhead("api-key", "create", "mine", "--json").json == TEXT
    sent = api.asked[-1].json
    assert (sent["apiKeyType"], sent["parentIdentifier"]) == (me["type"], me["identifier"])
    assert sent.get("orgIdentifier") == me["orgIdentifier"]
    assert "validTo" not in sent


def test_a_list_says_what_became_of_each_key(pierhead, api) -> None:
    ended, revoked = token("b", valid=False), token("c", revokedAt=1_700_000_000_000, valid=False)
    api.data("GET", f"{TOKENS}/aggregate", page(token(), ended, revoked, token("d", validTo=None)))
    lines = pierhead("api-key", "list", "--service-account", "ci").out.splitlines()
    assert [line.split()[2] for line in lines[1:]] == ["ACTIVE", "EXPIRED", "REVOKED", "ACTIVE"]
    assert "never" in lines[4]


def test_a_key_is_found_in_whatever_it_is_in(pierhead, api) -> None:
    api.data("GET", f"{TOKENS}/aggregate", page(token(apiKeyIdentifier="other")))
    api.data("POST", f"{TOKENS}/rotate/build", TEXT)
    outcome = pierhead("api-key", "rotate", "build", "--service-account", "ci", "--overlap", "1h")
    assert outcome.out == f"{TEXT}\n"
    assert api.asked[-1].query["apiKeyIdentifier"] == ["other"]
    assert int(api.asked[-1].query["rotateTimestamp"][0]) > 1_700_000_000_000
    assert pierhead("api-key", "revoke", "none", "--service-account", "ci", "-y").code != 0


def test_of_two_keys_of_one_name_it_has_to_be_said_which(pierhead, api) -> None:
    api.data("GET", f"{TOKENS}/aggregate", page(token(), token(apiKeyIdentifier="other")))
    api.data("POST", "/pierhead/v1/tokens/build/revoke", {})
    api.data("DELETE", f"{TOKENS}/build", True)
    assert "--in" in pierhead("api-key", "revoke", "build", "--service-account", "ci", "-y").err
    said = ("build", "--service-account", "ci", "--in", "other", "-y")
    assert pierhead("api-key", "revoke", *said).out == "API key build: revoked\n"
    assert pierhead("api-key", "delete", *said).out == "API key build: deleted\n"
    assert api.asked[-1].query["apiKeyIdentifier"] == ["other"]


@pytest.mark.parametrize("span", ["", "0d", "1y", "-1d", "1d ", "9999999d"])
def test_what_is_no_span_of_time_is_refused_before_anything_is_asked(pierhead, api, span: str) -> None:
    api.data("GET", f"{KEYS}/aggregate/default", {})
    outcome = pierhead("api-key", "create", "x", "--service-account", "ci", "--expires", span)
    assert outcome.code == 2
    assert ("POST", TOKENS) not in api.calls()


def test_what_somebody_may_do_is_shown_with_its_place(pierhead, api) -> None:
    grant = {"roleIdentifier": "viewer", "resourceGroupIdentifier": "all", "orgIdentifier": "o"}
    grants = [grant, {**grant, "projectIdentifier": "p"}, {**grant, "orgIdentifier": None}]
    api.data("GET", f"{USERS}/u1", person())
    api.data("GET", "/ng/api/user/aggregate/u1", {"roleAssignmentMetadata": grants})
    told = "viewer on all in org o, viewer on all in project o/p, viewer on all in account"
    assert told in pierhead("user", "show", "u1").out
    entity = {"identifier": "ci", "name": "ci", "email": "", "description": "", "tags": {}}
    item = {"serviceAccount": entity, "tokensCount": 0, "roleAssignmentsMetadataDTO": grants, "createdAt": 1e12}
    api.data("GET", f"{MACHINES}/aggregate/ci", item)
    assert told in pierhead("service-account", "show", "ci").out


def test_revoking_says_that_the_name_stays_taken(pierhead, api) -> None:
    api.data("POST", "/pierhead/v1/tokens/build/revoke", {})
    done = pierhead("api-key", "revoke", "build", "--service-account", "ci", "--in", "default", "-y")
    assert "`pierhead api-key delete build`" in done.err


def test_a_word_that_is_mistyped_is_refused_with_the_one_that_was_meant(pierhead, api) -> None:
    refused = pierhead("role", "create", "mine", "--permission", "core_connector_vew")
    assert refused.code == 2
    assert "did you mean core_connector_view?" in refused.err
    assert pierhead("access", "check", "core_bogus").code == 2
    refused = pierhead("resource-group", "create", "mine", "--resource", "CONNECTORS/x")
    assert refused.code == 2
    assert "CONNECTOR, " in refused.err
    assert api.asked == []


def test_a_check_in_a_place_that_is_not_there_is_refused_and_not_answered_with_no(pierhead, api) -> None:
    api.refuse("GET", "/authz/api/roles", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "no such place")
    refused = pierhead("access", "check", "core_connector_view", "--org", "nope")
    assert "no such place" in refused.err
    assert refused.out == ""
