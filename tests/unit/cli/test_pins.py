"""``image pin``, ``image pins``, ``image preflight`` and ``release``."""

from typing import Any

import pytest

SETS = "/pierhead/v1/pin-sets"


def made(number: int, **more: Any) -> dict[str, Any]:
    values = {
        "number": number, "previous": None, "orgIdentifier": None, "projectIdentifier": None, "madeAt": 1764000000000,
        "updatedBy": "ada", "cause": "update", "reason": "", "preflight": "passed", "restores": None,
        "pins": {"K8": {"addonTag": "x:1"}, "VM": {}},
    }  # fmt: skip
    return {**values, **more}


def checked(**more: Any) -> dict[str, Any]:
    row = {"infra": "K8", "field": "addonTag", "image": "x:1", "state": "present", "reason": "it is there"}
    return {**row, **more}


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("--force",), "needs a reason"),
        (("--force", "--reason", "  "), "needs a reason"),
        (("--canary",), "needs a place"),
        (("--org", "o"), "pins are the account's"),
        (("--source", "up", "--no-compare"), "contradict"),
    ],
)
def test_a_pin_that_cannot_be_meant_asks_nobody(pierhead, api, argv: tuple[str, ...], told: str) -> None:
    outcome = pierhead("image", "pin", "addonTag=x:1", *argv)
    assert outcome.code == 2
    assert told in outcome.err
    assert api.asked == []


def test_a_pin_says_where_how_and_why(pierhead, api) -> None:
    api.data("POST", SETS, made(7, orgIdentifier="o", projectIdentifier="p"))
    canary = ("--org", "o", "--project", "p", "--canary")
    way = ("--connector", "account.m", "--source", "account.s", "--force", "--reason", "now", "--infra", "vm")
    outcome = pierhead("image", "pin", "gitCloneTag=x:1", *canary, *way)
    assert outcome.code == 0
    assert outcome.out == "gitCloneTag: pinned to x:1\n"
    assert "pin set 7 of project o/p" in outcome.err
    assert api.asked[0].json == {
        "pins": [{"field": "gitCloneTag", "value": "x:1", "infra": "VM"}],
        "force": True,
        "reason": "now",
        "connector": "account.m",
        "source": "account.s",
        "compare": True,
    }
    assert (api.asked[0].query["orgIdentifier"], api.asked[0].query["projectIdentifier"]) == (["o"], ["p"])


def test_the_history_is_a_table_newest_first(pierhead, api) -> None:
    sets = [made(3, cause="rollback", restores=1, preflight="not-asked", reason="it broke"), made(1)]
    page = {"content": sets, "totalPages": 2, "totalItems": 3, "pageIndex": 0}
    api.data("GET", SETS, page)
    outcome = pierhead("image", "pins", "history", "--everywhere", "--page-size", "2")
    lines = outcome.out.splitlines()
    assert lines[1].split() == ["3", "account", "2025-11-24", "16:00:00Z", "ada", "rollback", "1", "1", "it", "broke"]
    assert lines[2].split()[-2:] == ["1", "yes"]
    assert "page 1 of 2" in outcome.err
    assert api.asked[0].query["everywhere"] == ["true"]


def test_sets_are_shown_and_compared(pierhead, api) -> None:
    api.data("GET", f"{SETS}/2", made(2))
    assert "addonTag  x:1" in pierhead("image", "pins", "show", "2").out
    changes = [{"infra": "K8", "field": "addonTag", "before": "x:1", "after": None}]
    api.data("GET", f"{SETS}/diff", {"before": 1, "after": 2, "changes": changes}, {"changes": []})
    assert pierhead("image", "pins", "diff", "1", "2").out == "K8 addonTag\n  - x:1\n"
    assert "no difference" in pierhead("image", "pins", "diff", "1", "1").err
    assert (api.asked[1].query["from"], api.asked[1].query["to"]) == (["1"], ["2"])


def test_the_way_back_and_the_end_of_a_canary(pierhead, api) -> None:
    api.data("POST", f"{SETS}/rollback", made(9, restores=4))
    assert pierhead("image", "pins", "rollback", "--reason", "why").out == "pin set 9 of account: as set 4 was\n"
    assert api.asked[0].json == {"number": None, "reason": "why"}
    assert pierhead("image", "pins", "promote").code == 2
    api.data("POST", f"{SETS}/promote", made(10))
    told = pierhead("image", "pins", "promote", "--org", "o", "--project", "p").out
    assert told == "pin set 10 of account: what o/p tried is everybody's\n"


def test_a_canary_may_end_without_being_promoted(pierhead, api) -> None:
    pin = {"orgIdentifier": "o", "projectIdentifier": "p", "infra": "VM", "field": "gitCloneTag"}
    api.data("GET", "/pierhead/v1/canaries", {"pins": [pin, {**pin, "projectIdentifier": "q"}]})
    api.data("POST", SETS, made(3, orgIdentifier="o", projectIdentifier="p"))
    place = ("--org", "o", "--project", "p")
    assert pierhead("image", "pins", "drop", *place).out == "pin set 3 of project o/p: 1 fewer pins\n"
    assert api.asked[1].json["pins"] == [{"infra": "VM", "field": "gitCloneTag", "value": None}]
    assert "pins no image" in pierhead("image", "pins", "drop", "--org", "o").err
    assert "pins drop" in pierhead("image", "reset", "--all", *place).err
    assert [asked.method for asked in api.asked] == ["GET", "POST", "GET"]


def test_preflight_fails_unless_all_is_there(pierhead, api) -> None:
    good = {"isGood": True, "target": "account.m", "source": "built-in", "images": [checked()]}
    bad = {**good, "isGood": False, "images": [checked(), checked(field="b", state="absent", reason="there is no b")]}
    api.data("POST", "/pierhead/v1/preflight", good, bad)
    assert pierhead("image", "preflight").code == 0
    outcome = pierhead("image", "preflight", "--set", "addonTag=x:1", "--infra", "K8", "--connector", "account.m")
    assert outcome.code == 1
    assert "there is no b" in outcome.out
    assert "1 of 2 are at account.m, compared with built-in" in outcome.err
    assert api.asked[0].json["pins"] == []
    assert api.asked[1].json["pins"] == [{"field": "addonTag", "value": "x:1", "infra": "K8"}]


def test_the_status_leaves_plugins_out_and_says_what_to_do(pierhead, api) -> None:
    image = {
        "infra": "K8", "field": "addonTag", "default": "x:2", "pinned": "x:1", "pinnedAt": "o/p", "effective": "x:1",
        "state": "latest-1", "newest": "x:2", "hotfix": "x:1.1", "supportedUntil": "2026-12-14", "warnings": [],
    }  # fmt: skip
    plugin = {**image, "field": "s3UploadTag", "state": "as-needed", "pinned": None, "effective": "s3:1"}
    data = {
        "today": "2026-11-21", "defaultLine": "1.16", "newestLine": "1.16", "previousRelease": None,
        "nextRelease": "2026-11-23", "warnings": ["x:1 has a hotfix"], "images": [image, plugin],
    }  # fmt: skip
    api.data("GET", "/pierhead/v1/releases/status", data)
    told = pierhead("release", "status").out
    assert "addonTag  x:1    latest-1  o/p" in told
    assert "s3UploadTag" not in told
    assert "next release  2026-11-23" in told
    assert "warning: x:1 has a hotfix" in told
    assert "s3UploadTag" in pierhead("release", "status", "--all").out


def test_lines_days_and_differences_are_told(pierhead, api) -> None:
    line = {
        "name": "1.17", "state": "newer", "isDefault": False, "isOut": False, "released": "2026-11-23",
        "testUntil": "2026-12-23", "supportedUntil": None, "hotfixes": [{"version": "1.17.1"}], "note": "",
    }  # fmt: skip
    api.data("GET", "/pierhead/v1/releases", {"lines": [line]})
    assert "1.17  announced  2026-11-23  2026-12-23" in pierhead("release", "list").out
    api.data("GET", "/pierhead/v1/releases/calendar", {"days": ["2026-11-23"], "rule": "second Monday"})
    assert pierhead("release", "calendar").out == "2026-11-23\n"
    changes = [{"infra": "K8", "field": "addonTag", "before": None, "after": "x:2"}]
    api.data("GET", "/pierhead/v1/releases/diff", {"changes": changes, "toMirror": ["x:2"]})
    assert pierhead("release", "diff", "1.16", "1.17").out == "K8 addonTag\n  + x:2\n\nto mirror: 1\n  x:2\n"
    assert pierhead("release", "diff", "1.16", "1.17", "--images").out == "x:2\n"
