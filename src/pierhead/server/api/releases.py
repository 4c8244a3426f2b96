"""Releases: the lines, the calendar, how old every image is, and what a move to another line changes."""

from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.catalogue import Infra
from pierhead.server.auth import OwnCall, own_caller

from .answers import Answer, answer
from .late_routes import LateRouter
from .params import OwnScope, infra_of
from .wire.releases import CalendarInfo, LineDiffInfo, ReleaseLineInfo, ReleaseLines, ReleaseStatusInfo

router = LateRouter(prefix="/pierhead/v1/releases", tags=["releases"], dependencies=[Depends(own_caller)])

MAX_DAYS = 100
Line = Annotated[str, Query(min_length=1, max_length=40)]


def some_infras(infra: Annotated[str, Query(description="K8 or VM; both when left out")] = "") -> tuple[Infra, ...]:
    return (infra_of(infra),) if infra else tuple(Infra)


@router.get("", operation_id="listReleases")
def list_all(call: OwnCall) -> Answer[ReleaseLines]:
    """Every release line that is known, the newest first, and how long each is supported."""
    lines = [ReleaseLineInfo.of(line) for line in call.app.releases.lines()]
    return answer(call, ReleaseLines(lines=lines))


@router.get("/status", operation_id="getReleaseStatus")
def status(
    call: OwnCall, scope: OwnScope, infras: Annotated[tuple[Infra, ...], Depends(some_infras)]
) -> Answer[ReleaseStatusInfo]:
    """Every image as a run in that place would get it: default, pin, support state, hotfix. Warnings fail nothing."""
    return answer(call, ReleaseStatusInfo.of(call.app.releases.status(scope, infras)))


@router.get("/calendar", operation_id="getReleaseCalendar")
def calendar(call: OwnCall, count: Annotated[int, Query(ge=1, le=MAX_DAYS)] = 6) -> Answer[CalendarInfo]:
    """The next release days."""
    releases = call.app.releases
    days, today = releases.calendar, releases.today
    return answer(
        call,
        CalendarInfo(
            rule=days.in_words(),
            time_zone=days.zone_name,
            today=today,
            is_release_day=days.is_release_day(today),
            previous=days.previous(today),
            days=list(days.upcoming(today, count)),
        ),
    )


@router.get("/diff", operation_id="diffReleases")
def diff(
    call: OwnCall, before: Annotated[Line, Query(alias="from")], after: Annotated[Line, Query(alias="to")]
) -> Answer[LineDiffInfo]:
    """What changes between two release lines, and which images have to be mirrored for it."""
    return answer(call, LineDiffInfo.of(call.app.releases.diff(before, after)))
