"""Tags and watches on the command line."""

from typing import Any

import pytest

ARTIFACTS, WATCHES = "/pierhead/v1/artifacts", "/pierhead/v1/watches"
EVIL = "\x1b[31m\nfake"
A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def tag(name: str, **more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("digest", "created", "firstSeen", "labels", "sizeBytes", "problem"))
    return {"tag": name, "reference": f"r/{name}", **empty, **more}


def tags(*content: dict[str, Any], total_pages: int = 1, **more: Any) -> dict[str, Any]:
    return {"content": list(content), "notes": [], "totalPages": total_pages, "truncated": False, **more}


def state(**more: Any) -> dict[str, Any]:
    told = {"polledAt": 1_767_614_400_000, "goodAt": 1_767_614_400_000, "nextPollAt": 1_767_614_700_000}
    counts = {"listed": 5, "matching": 3, "unread": 0, "failures": 0, "isTruncated": False}
    return {**told, **counts, "newest": "1.1", "error": None, "errorCode": None, **more}


def watch(**more: Any) -> dict[str, Any]:
    rule = {"tag": None, "tagRegex": ".*", "semver": None}
    named = {"identifier": "w", "name": "w", "connectorRef": "hub", "image": "a/b", "intervalSeconds": 300}
    return {**named, **rule, "orgIdentifier": None, "state": state(), **more}


def test_plain_tags_are_shown_as_they_arrive(pierhead, api) -> None:
    api.stream(
        f"{ARTIFACTS}/tags/stream",
        ("page", {"tags": ["1.0", EVIL]}),
        ("page", {"tags": ["1.1"]}),
        ("end", {"listed": 3, "matching": 3, "truncated": True}),
    )
    outcome = pierhead("artifact", "tags", "hub", "a/b", "--regex", ".*")
    assert (outcome.code, outcome.out) == (0, "1.0\n\\x1b[31m\\nfake\n1.1\n")
    assert "more tags than these 3" in outcome.err
    assert api.asked[0].query["tagRegex"] == [".*"]


@pytest.mark.parametrize(
    ("ends", "code", "text"),
    [
        ([("error", {"code": "registry-unauthenticated", "message": "no login", "hint": "log in"})], 3, "no login"),
        ([], 10, "has no end"),
    ],
)
def test_a_stream_that_breaks_off_is_an_error_after_what_came(pierhead, api, ends, code, text) -> None:
    api.stream(f"{ARTIFACTS}/tags/stream", ("page", {"tags": ["1.0"]}), *ends)
    outcome = pierhead("artifact", "tags", "hub", "a/b")
    assert (outcome.code, outcome.out) == (code, "1.0\n")
    assert text in outcome.err


def test_a_sorted_list_is_read_to_its_last_page(pierhead, api) -> None:
    pages = (tags(tag("2"), total_pages=2, notes=["not all"]), tags(tag("1"), total_pages=2, notes=["not all"]))
    api.data("GET", f"{ARTIFACTS}/tags", *pages)
    outcome = pierhead("artifact", "tags", "hub", "a/b", "--sort", "semver", "--newest", "2")
    assert (outcome.out, outcome.err) == ("2\n1\n", "not all\n")
    assert [asked.query["pageIndex"] for asked in api.asked] == [["0"], ["1"]]
    assert api.asked[0].query["newest"] == ["2"]


def test_json_gives_all_pages_as_one(pierhead, api) -> None:
    api.data("GET", f"{ARTIFACTS}/tags", tags(tag("2"), total_pages=2), tags(tag("1"), total_pages=2))
    data = pierhead("artifact", "tags", "hub", "a/b", "--json").json
    assert [each["tag"] for each in data["content"]] == ["2", "1"]
    assert (data["totalPages"], data["pageSize"]) == (1, 2)


def test_details_are_a_table(pierhead, api) -> None:
    known = {"digest": A, "created": 1_767_614_400_000, "sizeBytes": 1_500_000}
    api.data("GET", f"{ARTIFACTS}/tags", tags(tag("2", **known), tag("1", created=0, problem="gone")))
    lines = pierhead("artifact", "tags", "hub", "a/b", "--details").out.splitlines()
    assert lines[1].split() == ["2", "2026-01-05", "12:00:00Z", "1.5", "MB", "sha256:aaaaaaaaaaaa"]
    assert "at the epoch" in lines[2]
    assert lines[2].endswith("gone")


def test_repositories_are_lines(pierhead, api) -> None:
    api.data("GET", f"{ARTIFACTS}/repositories", {"repositories": ["a/b", "c"], "truncated": True})
    outcome = pierhead("artifact", "repositories", "hub", "--search", "b")
    assert outcome.out == "a/b\nc\n"
    assert "more repositories" in outcome.err


def test_one_tag_is_shown_with_what_is_known(pierhead, api) -> None:
    data = {
        "reference": "r/a/b:1", "digest": A, "mediaType": "m", "platform": "linux/amd64", "created": 0,
        "platforms": [{"platform": "linux/amd64"}, {"platform": "linux/arm64"}],
        "labels": {"v": EVIL}, "sizeBytes": 7, "problem": None,
    }  # fmt: skip
    api.data("GET", f"{ARTIFACTS}/tag", data)
    out = pierhead("artifact", "show", "hub", "a/b:1").out
    assert "7 B for linux/amd64" in out
    assert "linux/amd64, linux/arm64" in out
    assert "\x1b" not in out


def test_a_watch_is_made_with_what_was_said(pierhead, api) -> None:
    api.data("POST", WATCHES, watch())
    argv = ("watch", "create", "w", "--connector", "hub", "--image", "a/b", "--regex", ".*", "--interval", "60")
    assert pierhead(*argv).out == "watch w: created\n"
    assert api.asked[0].json == {
        "identifier": "w", "connectorRef": "hub", "image": "a/b", "intervalSeconds": 60, "tagRegex": ".*",
    }  # fmt: skip
    assert pierhead(*argv[:-1], "59").code == 2


def test_watches_are_listed_and_shown_with_their_errors(pierhead, api) -> None:
    broken = watch(state=state(error="no login", errorCode="registry-unauthenticated", isTruncated=True, unread=2))
    api.data("GET", WATCHES, {"content": [broken], "totalPages": 1})
    assert "no login" in pierhead("watch", "list").out
    api.data("GET", f"{WATCHES}/w", broken)
    out = pierhead("watch", "show", "w").out
    for text in ("3 of 5 tags", "2 digests", "more tags than were read", "registry-unauthenticated"):
        assert text in out


def test_events_are_a_table(pierhead, api) -> None:
    moved = {"at": 1_767_614_400_000, "kind": "MOVED", "tag": "latest", "oldDigest": A, "newDigest": B}
    api.data("GET", f"{WATCHES}/w/events", {"content": [moved], "totalPages": 2, "totalItems": 101, "pageIndex": 0})
    outcome = pierhead("watch", "events", "w")
    assert "MOVED  latest  sha256:aaaaaaaaaaaa  sha256:bbbbbbbbbbbb" in outcome.out
    assert "page 1 of 2" in outcome.err


@pytest.mark.parametrize(("failures", "code"), [(0, 0), (1, 1)])
def test_a_poll_fails_when_the_registry_gave_no_answer(pierhead, api, failures: int, code: int) -> None:
    new = {"at": 1_767_614_400_000, "kind": "NEW", "tag": "1.1", "oldDigest": None, "newDigest": None}
    api.data("POST", f"{WATCHES}/w/poll", {"watch": watch(state=state(failures=failures)), "events": [new]})
    outcome = pierhead("watch", "poll", "w")
    assert outcome.code == code
    assert "NEW   1.1" in outcome.out


def test_a_watch_is_deleted_only_when_somebody_is_sure(pierhead, api) -> None:
    api.data("DELETE", f"{WATCHES}/w", True)
    assert pierhead("watch", "delete", "w").code == 2
    assert pierhead("watch", "delete", "w", "--yes").out == "watch w: deleted\n"
    assert api.calls() == [("DELETE", f"{WATCHES}/w")]
