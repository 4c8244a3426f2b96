"""Release days: some weekdays of each month, or days that somebody wrote down; pure but for the names of time zones.

A day is a day of the calendar's own time zone. Where there is no such day (behind the last date), the answer is None.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import ReleaseCalendarError

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ORDINALS = (1, 2, 3, 4, 5, -1)
_KEYS = frozenset({"weekday", "ordinals", "dates", "time_zone"})
_MOST_DATES = 1000
_MONTHS_BACK = 24  # every rule has a day in two years, the fifth of a weekday too


@dataclass(frozen=True, slots=True)
class ReleaseCalendar:
    """``weekday`` 0 is Monday. With ``dates`` (sorted) there is no rule, and after the last of them no day."""

    weekday: int = 0
    ordinals: tuple[int, ...] = (2, 4)
    dates: tuple[date, ...] = ()
    zone: tzinfo = UTC
    zone_name: str = "UTC"

    def today(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()

    def is_release_day(self, day: date) -> bool:
        return day in self.dates if self.dates else day in self._of_month(day.year, day.month)

    def after(self, day: date) -> Iterator[date]:
        """The release days behind that day, the nearest first."""
        return (found for found in self._forward(day) if found > day)

    def next(self, day: date) -> date | None:
        return next(self.after(day), None)

    def previous(self, day: date) -> date | None:
        """The nearest one before that day."""
        if self.dates:
            return max((found for found in self.dates if found < day), default=None)
        months = (_month(day, -back) for back in range(_MONTHS_BACK))
        return next((f for m in months for f in reversed(self._of_month(*m)) if f < day), None)

    def upcoming(self, day: date, count: int) -> tuple[date, ...]:
        return tuple(islice(self.after(day), count))

    def in_words(self) -> str:
        """The rule as one reads it aloud."""
        if self.dates:
            return f"{len(self.dates)} days that the operator wrote down"
        words = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
        named = " and ".join(words[ordinal] for ordinal in self.ordinals)
        return f"{named} {WEEKDAYS[self.weekday].title()} of each month ({self.zone_name})"

    def _forward(self, day: date) -> Iterator[date]:
        if self.dates:
            yield from self.dates
            return
        for ahead in range(12 * (9999 - day.year)):
            yield from self._of_month(*_month(day, ahead))

    def _of_month(self, year: int, month: int) -> tuple[date, ...]:
        first, length = monthrange(year, month)
        begin = 1 + (self.weekday - first) % 7
        days = [date(year, month, number) for number in range(begin, length + 1, 7)]
        chosen = {days[n - 1 if n > 0 else n] for n in self.ordinals if n <= len(days)}
        return tuple(sorted(chosen))


def _month(day: date, ahead: int) -> tuple[int, int]:
    index = 12 * day.year + day.month - 1 + ahead
    return index // 12, index % 12 + 1


def month_after(day: date) -> date:
    """The same day of the next month, or that month's last."""
    year, month = _month(day, 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def read_calendar(document: Mapping[str, Any], path: str) -> ReleaseCalendar:
    """Raises ReleaseCalendarError."""
    if unknown := sorted(set(document) - _KEYS):
        raise ReleaseCalendarError(path, f"{unknown[0]!r} is nothing that a calendar has")
    zone, name = _zone(document.get("time_zone", "UTC"), path)
    if "dates" not in document:
        return ReleaseCalendar(_weekday(document, path), _ordinals(document, path), zone=zone, zone_name=name)
    if "weekday" in document or "ordinals" in document:
        raise ReleaseCalendarError(path, "it has dates and a rule, and only one of them can hold")
    return ReleaseCalendar(dates=_dates(document["dates"], path), zone=zone, zone_name=name)


def _weekday(document: Mapping[str, Any], path: str) -> int:
    name = document.get("weekday", WEEKDAYS[0])
    if not isinstance(name, str) or name.lower() not in WEEKDAYS:
        raise ReleaseCalendarError(path, f"{name!r:.100} is no weekday")
    return WEEKDAYS.index(name.lower())


def _ordinals(document: Mapping[str, Any], path: str) -> tuple[int, ...]:
    given = document.get("ordinals", [2, 4])
    is_list = isinstance(given, list) and given and all(type(each) is int and each in _ORDINALS for each in given)
    if not is_list:
        raise ReleaseCalendarError(path, f"ordinals are some of {', '.join(map(str, _ORDINALS))}, not {given!r:.100}")
    return tuple(sorted(set(given), key=_ORDINALS.index))


def _dates(given: object, path: str) -> tuple[date, ...]:
    is_list = isinstance(given, list) and 0 < len(given) <= _MOST_DATES
    if not is_list or not all(type(each) is date for each in given):  # type: ignore[attr-defined]
        raise ReleaseCalendarError(path, f"dates are 1 to {_MOST_DATES} days such as 2026-12-14, without quotes")
    return tuple(sorted(set(given)))  # type: ignore[call-overload]


def _zone(name: object, path: str) -> tuple[tzinfo, str]:
    if name == "UTC":
        return UTC, "UTC"
    try:
        return ZoneInfo(str(name)), str(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ReleaseCalendarError(path, f"{name!r:.100} is no time zone, such as Europe/Berlin") from None
