"""Tasks on the command line, above all the answer to "why there?"."""

from typing import Any

TASKS = "/pierhead/v1/tasks"
EVIL = "\x1b]0;title\x07\nfake"


def task(**changes: Any) -> dict[str, Any]:
    return {
        "id": "t1",
        "kind": "pull",
        "connectors": ["harnessImage"],
        "subject": None,
        "run": None,
        "state": "QUEUED",
        "route": {"selectors": ["gpu"], "selectedBy": "stage", "origins": ["https://r.example"]},
        "holder": None,
        "attempts": 0,
        "maxAttempts": 3,
        "fence": 0,
        "isCancelRequested": False,
        "error": None,
        "createdAt": 1_700_000_000_000,
        "deadlineAt": None,
        "leaseExpiresAt": None,
        "finishedAt": None,
        **changes,
    }


def line(conclusion: str, text: str, delegate: str = "", at: int | None = None) -> dict[str, Any]:
    return {"at": at, "conclusion": conclusion, "text": text, "delegate": delegate, "delegateId": ""}


def test_dead_letters_are_a_state_away(pierhead, api) -> None:
    error = {"code": "no-eligible-delegates", "category": "unavailable", "message": "nobody", "hint": "tag one"}
    found = {"content": [task(state="DEAD", error=error)], "totalPages": 3, "totalItems": 41, "pageIndex": 0}
    api.data("GET", TASKS, found)
    outcome = pierhead("task", "list", "--state", "dead")
    assert api.asked[0].query["state"] == ["DEAD"]
    assert "no-eligible-delegates" in outcome.out
    assert "41 in all" in outcome.err


def test_a_task_is_shown_with_its_path_its_holder_and_its_end(pierhead, api) -> None:
    error = {"code": "x", "category": "unavailable", "message": "it broke", "hint": "mend it"}
    api.data("GET", f"{TASKS}/t1", task(holder="0" * 32, attempts=2, fence=3, error=error, isCancelRequested=True))
    out = pierhead("task", "show", "t1").out
    assert "through a delegate with gpu, which the stage asks for" in out
    assert "QUEUED, asked to stop" in out
    assert "2 of 3" in out
    assert "number 3" in out
    assert "mend it" in out


def test_why_gives_a_line_for_every_delegate_now_and_then_the_log(pierhead, api) -> None:
    now = [line("Info", "none fits"), line("Not Selected", "Delegate(s) don't have selectors gpu", "box-1")]
    log = [line("Broadcast", "Broadcasting to delegate(s): box-2", "box-2", 1_700_000_000_000)]
    data = {"task": "t1", "state": "QUEUED", "route": task()["route"], "log": log, "now": now}
    api.data("GET", f"{TASKS}/t1/selection", data)
    out = pierhead("task", "why", "t1").out
    assert out.index("as it is now") < out.index("box-1") < out.index("as it happened") < out.index("box-2")
    assert "(all)" in out
    assert "2023-11-14 22:13:20Z" in out
    assert pierhead("task", "why", "t1", "--json").json == data


def test_why_says_when_there_is_nothing_to_say(pierhead, api) -> None:
    api.data("GET", f"{TASKS}/t1/selection", {"task": "t1", "state": "QUEUED", "route": None, "log": [], "now": []})
    assert pierhead("task", "why", "t1").out == "task t1 QUEUED, through the platform\n"


def test_cancelling_says_whether_it_is_over_or_asked_for(pierhead, api) -> None:
    api.data("POST", f"{TASKS}/t1/cancel", task(state="CANCELLED"))
    api.data("POST", f"{TASKS}/t2/cancel", task(id="t2", state="LEASED"))
    assert pierhead("task", "cancel", "t1").out == "task t1: CANCELLED\n"
    assert pierhead("task", "cancel", "t2").out == "task t2: asked to stop\n"


def test_no_text_of_a_task_drives_the_terminal(pierhead, api) -> None:
    error = dict.fromkeys(("code", "category", "message", "hint"), EVIL)
    evil = task(
        kind=EVIL,
        connectors=[EVIL],
        subject=EVIL,
        holder=EVIL,
        error=error,
        route={"selectors": [EVIL], "selectedBy": EVIL},
    )
    api.data("GET", TASKS, {"content": [evil]})
    api.data("GET", f"{TASKS}/x", evil)
    both = [line(EVIL, EVIL, EVIL)]
    api.data("GET", f"{TASKS}/x/selection", {"task": EVIL, "state": EVIL, "route": None, "log": both, "now": both})
    for argv in (("list",), ("show", "x"), ("why", "x"), ("why", "x", "--json")):
        outcome = pierhead("task", *argv)
        assert outcome.code == 0
        assert not set("\x1b\x07") & set(outcome.out)
        assert not any(each.startswith("fake") for each in outcome.out.splitlines())
