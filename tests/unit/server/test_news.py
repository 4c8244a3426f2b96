"""What is told of mirrors and releases, and what is told once only."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pierhead.control.catalogue import Infra, SupportState
from pierhead.control.mirroring import Fate, Item, MirrorRun, RunItem, RunState, Trigger
from pierhead.control.notices import News, Topic
from pierhead.control.releases import ImageStatus, LineStatus, ReleaseStatus
from pierhead.control.scopes import Scope
from pierhead.server.jobs.news import of_mirror_run, of_releases

TODAY = date(2026, 11, 21)
A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def item(tag: str, state: str = "", fate: Fate = Fate.COPY, digest: str = A, **more: str) -> RunItem:
    code = "immutable-tag-moved" if fate is Fate.REFUSE else ""
    return RunItem(Item("team/app", tag, fate, "reason", digest, code=code), state, **more)


def run(state: RunState, *items: RunItem, **more: Any) -> MirrorRun:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    made = MirrorRun("r1", Scope("a", "o", "p"), "m", Trigger.SCHEDULE, "x", at, items=items)
    return replace(made, state=state, **more)


def told(made: MirrorRun) -> list[News]:
    return list(of_mirror_run(made))


def test_a_run_that_failed_is_told_with_its_reason() -> None:
    error = {"code": "connect-refused", "message": "nobody is there"}
    [news] = told(run(RunState.FAILED, error=error))
    assert (news.topic, news.text, news.details["code"]) == (Topic.MIRROR_FAILED, "nobody is there", "connect-refused")
    [news] = told(run(RunState.INCOMPLETE, item("1"), item("2", "failed", code="x", message="lost")))
    assert (news.title, news.text) == ("mirror m: 1 tag failed", "team/app:2: lost")
    assert news.scope == Scope("a", "o", "p")


@pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.RUNNING, RunState.CANCELLED])
def test_what_went_well_or_goes_on_is_not_told(state: RunState) -> None:
    assert told(run(state, item("1", "copied"))) == []


def test_a_dry_run_tells_nothing() -> None:
    assert told(run(RunState.FAILED, item("1", "blocked"), is_plan=True)) == []


def test_blocked_waiting_and_moved_tags_each_have_their_topic_and_are_told_once() -> None:
    items = (item("1", "blocked", message="too young"), item("2", "waiting"), item("3", fate=Fate.REFUSE))
    first, again = told(run(RunState.INCOMPLETE, *items)), told(run(RunState.INCOMPLETE, *items, id="r2"))
    assert [news.topic for news in first] == [Topic.MIRROR_TAG_MOVED, Topic.MIRROR_BLOCKED, Topic.MIRROR_WAITING]
    assert "too young" in first[1].text
    assert [news.key for news in first] == [news.key for news in again]
    other = told(run(RunState.INCOMPLETE, item("1", "blocked", digest=B)))
    assert other[0].key != first[1].key


def test_a_key_is_short_and_a_list_is_cut_whatever_there_is_to_tell() -> None:
    [news] = told(run(RunState.FAILED, *(item(f"tag-{n}" * 10, "failed") for n in range(1000))))
    assert len(news.key) < 100
    assert len(news.text) < 1000
    assert news.details["count"] == 1000


def line(name: str, released: date | None, *, is_out: bool = True) -> LineStatus:
    return LineStatus(name, SupportState.LATEST, False, is_out, released, None, None, (), "", False)


def image(name: str, state: SupportState, until: date | None = None, hotfix: str | None = None) -> ImageStatus:
    return ImageStatus(Infra.K8, "f", name, None, "", name, state, None, hotfix, until, ())


def status(*images: ImageStatus) -> ReleaseStatus:
    return ReleaseStatus(TODAY, "1.16", "1.16", None, None, images)


def test_a_line_is_news_for_a_month_after_its_release() -> None:
    lines = [
        line("1.16", date(2026, 11, 9)),
        line("1.14", date(2026, 9, 1)),
        line("1.18", date(2026, 11, 23), is_out=False),
        line("own", None),
    ]
    found = list(of_releases("a", lines, status()))
    assert [(news.topic, news.subject) for news in found] == [(Topic.RELEASE_AVAILABLE, "1.16")]


def test_images_in_use_are_told_when_they_leave_support_or_have_a_hotfix() -> None:
    found = list(
        of_releases(
            "a",
            [],
            status(
                image("h/a:1", SupportState.LATEST_2, date(2026, 12, 14)),
                image("h/b:1", SupportState.LATEST_2, date(2026, 12, 14)),
                image("h/c:1", SupportState.LATEST, date(2027, 1, 25)),
                image("h/d:1", SupportState.UNSUPPORTED),
                image("h/e:1.0.0", SupportState.LATEST, None, "1.0.1"),
            ),
        )
    )
    assert [(news.topic, news.subject) for news in found] == [
        (Topic.HOTFIX_AVAILABLE, "1.0.1"),
        (Topic.RELEASE_UNSUPPORTED_SOON, "2026-12-14"),
        (Topic.RELEASE_UNSUPPORTED, "h/d:1"),
    ]
    assert found[1].details["images"] == ["h/a:1", "h/b:1"]
