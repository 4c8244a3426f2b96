"""Delegates, their tags and what to run to set one up, on the command line."""

import shlex
from typing import Any

import pytest

DELEGATES, GROUPS = "/pierhead/v1/delegates", "/pierhead/v1/delegate-groups"
TAGS = "/ng/api/delegate-group-tags"
ID = "0123456789abcdef" * 2
EVIL = "\x1b[2Jgone\r\nfake line"


def replica(**changes: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "group": "building-7",
        "orgIdentifier": None,
        "projectIdentifier": None,
        "hostName": "box-1",
        "state": "ENABLED",
        "isConnected": True,
        "isActive": True,
        "version": "0.1.0",
        "kinds": ["pull", "copy"],
        "capacity": 4,
        "runningTasks": 1,
        "tags": [{"tag": "linux", "kind": "DELEGATE_TAGS"}, {"tag": "building-7", "kind": "DELEGATE_NAME"}],
        "token": "default_token",
        "tokenIsLive": True,
        "enrolledAt": 1_700_000_000_000,
        "lastHeartbeatAt": 1_700_000_060_000,
        "lastAssignedAt": None,
        **changes,
    }


def group(*replicas: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "name": "building-7",
        "orgIdentifier": None,
        "projectIdentifier": None,
        "description": "",
        "createdAt": 1_700_000_000_000,
        "tags": [{"tag": "linux", "kind": "DELEGATE_TAGS"}, {"tag": "building-7", "kind": "DELEGATE_NAME"}],
        "addedTags": [],
        "replicas": list(replicas),
        **changes,
    }


def page(*items: Any) -> dict[str, Any]:
    return {"content": list(items), "totalPages": 1, "totalItems": len(items), "pageIndex": 0}


def test_a_list_has_a_line_for_each_replica(pierhead, api) -> None:
    api.data("GET", DELEGATES, page(group(replica(), replica(id="f" * 32, hostName="box-2", isConnected=False))))
    lines = pierhead("delegate", "list", "--state", "enabled", "--tag", "a", "--tag", "b", "--all").out.splitlines()
    assert lines[0].split()[:3] == ["DELEGATE", "HOST", "SCOPE"]
    assert "box-1" in lines[1]
    assert "1 / 4" in lines[1]
    assert "linux" in lines[1]
    assert "box-2" in lines[2]
    assert " -  " in lines[2]
    query = api.asked[0].query
    assert (query["state"], query["tag"], query["all"]) == (["ENABLED"], ["a", "b"], ["true"])


def test_a_group_that_lost_all_its_replicas_is_still_in_the_list(pierhead, api) -> None:
    api.data("GET", DELEGATES, page(group()))
    assert "none" in pierhead("delegate", "list").out


def test_a_delegate_that_waits_is_shown_with_what_to_do(pierhead, api) -> None:
    api.data("GET", f"{GROUPS}/building-7", group(replica(state="WAITING_FOR_APPROVAL")))
    outcome = pierhead("delegate", "show", "building-7")
    assert "its configuration" in outcome.out
    assert outcome.err == "on box-1 it claims linux\nit waits for approval: pierhead delegate approve building-7\n"


def test_what_was_not_there_when_it_was_approved_is_told_everywhere(pierhead, api) -> None:
    waiting = replica(state="WAITING_FOR_APPROVAL", unapprovedTags=["prod-vault-01", "vault-zone"])
    api.data("GET", DELEGATES, page(group(waiting, replica(id="f" * 32))))
    again = "building-7 on box-1 waits for approval again: it now claims prod-vault-01, vault-zone\n"
    assert pierhead("delegate", "list").err == again
    api.data("GET", f"{GROUPS}/building-7", group(waiting))
    assert "not with prod-vault-01, vault-zone" in pierhead("delegate", "show", "building-7").err
    api.data("GET", f"{DELEGATES}/{ID}", waiting)
    assert "not with prod-vault-01, vault-zone" in pierhead("delegate", "show", ID).err


def test_approving_tells_what_was_approved(pierhead, api) -> None:
    waiting = replica(state="WAITING_FOR_APPROVAL")
    claims = [{"tag": "vault-zone", "kind": "DELEGATE_TAGS"}, {"tag": "box-1", "kind": "HOST_NAME"}]
    api.data("GET", f"{GROUPS}/building-7", group(waiting, replica(id="f" * 32)))
    api.data("POST", f"{GROUPS}/building-7/approve", group(replica(tags=claims), replica(id="f" * 32)))
    outcome = pierhead("delegate", "approve", "building-7")
    assert outcome.out == "delegate building-7: approved\n"
    assert outcome.err == "on box-1, it may now get what asks for box-1, vault-zone\n"


def test_an_id_shows_one_replica_with_what_it_has_been_through(pierhead, api) -> None:
    seen = {"origin": "https://r.example", "isSuccess": False, "at": 1_700_000_000_000, "reason": "refused"}
    api.data("GET", f"{DELEGATES}/{ID}", replica(tokenIsLive=False, experiences=[{**seen, "counts": True}]))
    out = pierhead("delegate", "show", ID).out
    assert "default_token (not live)" in out
    assert "refused" in out


def test_what_looks_like_an_id_may_be_a_name(pierhead, api) -> None:
    api.refuse("GET", f"{DELEGATES}/{ID}", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "no")
    api.data("GET", f"{GROUPS}/{ID}", group(name=ID))
    assert pierhead("delegate", "show", ID, "--json").json["name"] == ID


def test_approving_by_name_approves_the_group_and_by_id_one_replica(pierhead, api) -> None:
    api.data("GET", f"{GROUPS}/building-7", group(replica()))
    api.data("POST", f"{GROUPS}/building-7/approve", group(replica()))
    api.data("GET", f"{DELEGATES}/{ID}", replica())
    api.data("POST", f"{DELEGATES}/{ID}/approve", replica())
    assert pierhead("delegate", "approve", "building-7").out == "delegate building-7: approved\n"
    assert pierhead("delegate", "approve", ID).code == 0
    assert [call for call in api.calls() if call[0] == "POST"] == [
        ("POST", f"{GROUPS}/building-7/approve"),
        ("POST", f"{DELEGATES}/{ID}/approve"),
    ]


def test_a_delegate_that_is_just_starting_is_waited_for(pierhead, api, monkeypatch) -> None:
    monkeypatch.setattr("pierhead.kit.clock.SystemClock.wait", lambda *_: False)
    for _ in range(2):
        api.refuse("GET", f"{GROUPS}/dc1", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "no such group")
    api.data("GET", f"{GROUPS}/dc1", group(replica()))
    api.data("POST", f"{GROUPS}/dc1/approve", group(replica()))
    assert pierhead("delegate", "approve", "dc1", "--wait", "60").out == "delegate dc1: approved\n"
    api.refuse("GET", f"{GROUPS}/nope", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "no such group")
    assert pierhead("delegate", "approve", "nope", "--wait", "0").code == 5


@pytest.mark.parametrize("verb", ["disable", "enable"])
def test_a_name_means_every_replica_of_it(pierhead, api, verb: str) -> None:
    api.data("GET", f"{GROUPS}/building-7", group(replica(), replica(id="f" * 32)))
    for each in (ID, "f" * 32):
        api.data("POST", f"{DELEGATES}/{each}/{verb}", replica())
    out = pierhead("delegate", verb, "building-7").out
    assert out == f"delegate building-7 on box-1: {verb}d\n" * 2


def test_deleting_asks_first_and_not_where_nobody_can_answer(pierhead, api) -> None:
    api.data("GET", f"{GROUPS}/building-7", group(replica(), replica()))
    api.data("DELETE", f"{GROUPS}/building-7", True)
    refused = pierhead("delegate", "delete", "building-7")
    assert (refused.code, "2 replicas" in refused.err) == (2, True)
    assert pierhead("delegate", "delete", "building-7", "--yes").out == "delegate building-7: deleted\n"


def test_a_delegate_that_is_not_there_is_exit_code_5(pierhead, api) -> None:
    api.refuse("GET", f"{GROUPS}/x", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "no such group", hint="list them")
    outcome = pierhead("delegate", "show", "x")
    assert (outcome.code, outcome.err) == (5, "error: no such group\nhint: list them\n")


def test_tags_are_added_and_set_and_the_answer_says_which_are_there_now(pierhead, api) -> None:
    api.data("POST", f"{TAGS}/building-7", {"tags": ["a", "b"]})
    api.data("PUT", f"{TAGS}/building-7", {"tags": ["c"]})
    assert pierhead("delegate", "tag", "add", "building-7", "a", "b").out == "delegate building-7: a, b\n"
    assert pierhead("delegate", "tag", "set", "building-7", "c").out == "delegate building-7: c\n"
    assert [asked.json for asked in api.asked] == [{"tags": ["a", "b"]}, {"tags": ["c"]}]


def test_removing_a_tag_keeps_the_others_whatever_their_case(pierhead, api) -> None:
    api.data("GET", f"{TAGS}/x", {"tags": ["GPU", "linux"]})
    api.data("PUT", f"{TAGS}/x", {"tags": ["linux"]})
    assert pierhead("delegate", "tag", "remove", "x", "gpu").code == 0
    assert api.asked[-1].json == {"tags": ["linux"]}
    wrong = pierhead("delegate", "tag", "remove", "x", "arm")
    assert (wrong.code, "'arm' was not added" in wrong.err) == (2, True)


def test_removing_needs_tags_or_all(pierhead, api) -> None:
    api.data("DELETE", f"{TAGS}/x", {"tags": []})
    assert pierhead("delegate", "tag", "remove", "x").code == 2
    assert pierhead("delegate", "tag", "remove", "x", "a", "--all").code == 2
    assert pierhead("delegate", "tag", "remove", "x", "--all").out == "delegate x: no added tags\n"


def test_no_text_of_a_delegate_drives_the_terminal(pierhead, api) -> None:
    tags = [{"tag": EVIL, "kind": EVIL}]
    seen = {"origin": EVIL, "isSuccess": True, "at": 1, "reason": EVIL, "counts": True}
    evil = replica(hostName=EVIL, version=EVIL, tags=tags, token=EVIL, state=EVIL, kinds=[EVIL], experiences=[seen])
    api.data("GET", DELEGATES, page(group(evil, name=EVIL, tags=tags)))
    api.data("GET", f"{GROUPS}/x", group(evil, name=EVIL, tags=tags, description=EVIL))
    api.data("GET", f"{DELEGATES}/{ID}", evil)
    for argv in (("list",), ("show", "x"), ("show", ID), ("list", "--json"), ("show", ID, "--json")):
        outcome = pierhead("delegate", *argv)
        assert outcome.code == 0
        assert "\x1b" not in outcome.out + outcome.err
        assert "\r" not in outcome.out
        assert not any(line.startswith("fake line") for line in outcome.out.splitlines())


@pytest.mark.parametrize("kind", ["helm", "docker", "systemd"])
def test_every_way_to_install_is_printed_without_a_secret_and_without_asking_anybody(pierhead, api, kind: str) -> None:
    argv = ("delegate", "install", "dc1", "--format", kind, "--tag", "linux", "--tag", "o'hare")
    outcome = pierhead(*argv, "--url", "https://pier.example.com")
    assert outcome.code == 0
    assert "https://pier.example.com" in outcome.out
    assert "delegate-token" in outcome.out
    assert outcome.err == "then: pierhead delegate approve dc1\n"
    assert api.asked == []
    for line in outcome.out.splitlines():
        shlex.split(line)  # what is printed can be pasted


def test_an_address_that_only_this_machine_reaches_is_told(pierhead) -> None:
    outcome = pierhead("delegate", "install", "dc1", "--format", "docker", "--url", "http://127.0.0.1:8411")
    assert "this machine only" in outcome.err
    assert "--insecure-http" not in outcome.out
    plain = pierhead("delegate", "install", "dc1", "--format", "docker", "--url", "http://pier.example.com")
    assert "--insecure-http" in plain.out


@pytest.mark.parametrize("name", ["DC1", "-x", "a" * 64, "a b", "$(id)", "a\n"])
def test_a_name_that_no_delegate_can_have_is_refused(pierhead, name: str) -> None:
    assert pierhead("delegate", "install", "--format", "helm", "--", name).code == 2


def test_running_a_delegate_is_part_of_the_group(pierhead) -> None:
    out = pierhead("delegate", "--help").out
    for name in ("list", "show", "approve", "disable", "enable", "delete", "tag", "token", "install", "run"):
        assert f"\n  {name} " in out
    assert "--token-file" in pierhead("delegate", "run", "--help").out
