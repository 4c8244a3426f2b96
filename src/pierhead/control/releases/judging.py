"""Support states with their days, and differences of lines; pure.

A release leaves support when the third one after it comes out, so its end is the release day that is as many releases
away as it has left. That is the earliest it can be: a release may be left out, never be two.
"""

from collections.abc import Mapping
from datetime import date

from pierhead.control.catalogue import Catalogue, Infra, Pin, ReleaseLine, SupportState, state_of_line, support_of

from .calendar import ReleaseCalendar, month_after
from .model import ImageChange, ImageStatus, LineDifference, LineStatus

_RELEASES_LEFT = {SupportState.LATEST: 3, SupportState.LATEST_1: 2, SupportState.LATEST_2: 1}


def supported_until(state: SupportState, calendar: ReleaseCalendar, today: date) -> date | None:
    """The earliest release day on which an image of that state is no longer supported; None when that is no question,
    or the calendar has not so many days."""
    left = _RELEASES_LEFT.get(state)
    days = calendar.upcoming(today, left) if left else ()
    return days[-1] if left and len(days) == left else None


def line_status(
    line: ReleaseLine, catalogue: Catalogue, default: str, calendar: ReleaseCalendar, today: date
) -> LineStatus:
    state = state_of_line(line.name, catalogue)
    return LineStatus(
        name=line.name,
        state=state,
        is_default=line.name == default,
        is_out=line.is_out(catalogue.today or today),
        released=line.released,
        test_until=month_after(line.released) if line.released else None,
        supported_until=supported_until(state, calendar, today),
        hotfixes=line.hotfixes,
        note=line.note,
        is_own=line.is_own,
    )


def image_status(
    name: str,
    infra: Infra,
    default: str | None,
    pin: Pin | None,
    catalogue: Catalogue,
    calendar: ReleaseCalendar,
    today: date,
) -> ImageStatus:
    """``pin`` is the one that decides."""
    effective = pin.value if pin else default
    support = support_of(catalogue.fields[name], infra, effective or "", catalogue)
    return ImageStatus(
        infra=infra,
        field=name,
        default=default,
        pinned=pin.value if pin else None,
        pinned_at="/".join(part for part in (pin.org, pin.project) if part) if pin else "",
        effective=effective,
        state=support.state,
        newest=support.newest,
        hotfix=support.hotfix,
        supported_until=supported_until(support.state, calendar, today),
        warnings=support.warnings(effective) if effective else (),
    )


def line_difference(before: str, after: str, catalogue: Catalogue) -> LineDifference:
    """Raises UnknownLineError."""
    old = {infra: catalogue.defaults(infra, before) for infra in Infra}
    new = {infra: catalogue.defaults(infra, after) for infra in Infra}
    changes = tuple(change for infra in Infra for change in _changes(infra, old[infra], new[infra]))
    held = {image for images in old.values() for image in images.values()}
    wanted = {image for images in new.values() for image in images.values()}
    return LineDifference(before, after, changes, tuple(sorted(wanted - held)))


def _changes(infra: Infra, old: Mapping[str, str], new: Mapping[str, str]) -> tuple[ImageChange, ...]:
    names = dict.fromkeys([*new, *old])
    found = (ImageChange(infra, name, old.get(name), new.get(name)) for name in names)
    return tuple(change for change in found if change.before != change.after)
