"""Release days."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.releases import ReleaseCalendar, ReleaseCalendarError, load_calendar, month_after, read_calendar

SHIPPED = load_calendar()
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
RULES = st.builds(
    ReleaseCalendar,
    weekday=st.integers(0, 6),
    ordinals=st.sets(st.sampled_from([1, 2, 3, 4, 5, -1]), min_size=1).map(tuple),
)


def test_releases_come_on_the_second_and_fourth_monday() -> None:
    assert SHIPPED.upcoming(date(2026, 11, 21), 4) == (
        date(2026, 11, 23),
        date(2026, 12, 14),
        date(2026, 12, 28),
        date(2027, 1, 11),
    )
    assert SHIPPED.previous(date(2026, 11, 21)) == date(2026, 11, 9)
    assert SHIPPED.is_release_day(date(2026, 11, 23))
    assert not SHIPPED.is_release_day(date(2026, 11, 30))
    assert SHIPPED.in_words() == "second and fourth Monday of each month (UTC)"


def test_the_day_itself_is_neither_next_nor_previous() -> None:
    assert SHIPPED.next(date(2026, 11, 23)) == date(2026, 12, 14)
    assert SHIPPED.previous(date(2026, 11, 23)) == date(2026, 11, 9)


def test_a_month_without_a_fifth_has_no_day() -> None:
    fifth = ReleaseCalendar(weekday=0, ordinals=(5,))
    assert fifth.upcoming(date(2026, 11, 1), 2) == (date(2026, 11, 30), date(2027, 3, 29))
    assert ReleaseCalendar(weekday=4, ordinals=(-1,)).next(date(2026, 11, 1)) == date(2026, 11, 27)


def test_a_day_begins_where_the_calendar_is() -> None:
    late = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
    assert SHIPPED.today(late) == date(2026, 11, 22)
    assert read_calendar({"time_zone": "Asia/Tokyo"}, "x").today(late) == date(2026, 11, 23)


def test_days_that_were_written_down_take_the_place_of_a_rule_and_end() -> None:
    days = read_calendar({"dates": [date(2026, 12, 24), date(2026, 12, 1)]}, "x")
    assert days.upcoming(date(2026, 11, 1), 5) == (date(2026, 12, 1), date(2026, 12, 24))
    assert days.next(date(2026, 12, 24)) is None
    assert days.previous(date(2026, 12, 1)) is None
    assert days.previous(date(2027, 1, 1)) == date(2026, 12, 24)
    assert days.is_release_day(date(2026, 12, 24))
    assert not days.is_release_day(date(2026, 12, 14))


@given(RULES, DAYS)
def test_next_and_previous_are_the_nearest_days_of_the_rule(calendar: ReleaseCalendar, day: date) -> None:
    after, before = calendar.next(day), calendar.previous(day)
    assert after is not None
    assert before is not None
    assert before < day < after
    assert calendar.is_release_day(before)
    assert calendar.is_release_day(after)
    between = [before + timedelta(days=n) for n in range(1, (after - before).days)]
    assert [found for found in between if calendar.is_release_day(found) and found != day] == []


@given(DAYS)
def test_a_month_later_is_the_same_day_or_the_last_one(day: date) -> None:
    later = month_after(day)
    assert 28 <= (later - day).days <= 31
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"weekday": "mon"}, "no weekday"),
        ({"weekday": 1}, "no weekday"),
        ({"ordinals": []}, "ordinals"),
        ({"ordinals": [6]}, "ordinals"),
        ({"ordinals": [0]}, "ordinals"),
        ({"ordinals": [True]}, "ordinals"),
        ({"ordinals": 2}, "ordinals"),
        ({"dates": []}, "dates are"),
        ({"dates": ["2026-01-01"]}, "dates are"),
        ({"dates": [datetime(2026, 1, 1)]}, "dates are"),  # noqa: DTZ001 - as TOML reads it
        ({"dates": [date(2026, 1, 1)] * 1001}, "dates are"),
        ({"dates": [date(2026, 1, 1)], "weekday": "monday"}, "only one"),
        ({"time_zone": "Mars/Olympus"}, "no time zone"),
        ({"time_zone": "../etc"}, "no time zone"),
        ({"time_zone": 7}, "no time zone"),
        ({"days": []}, "nothing that a calendar has"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_by_name(document: dict[str, object], problem: str) -> None:
    with pytest.raises(ReleaseCalendarError, match=r"my\.toml") as refusal:
        read_calendar(document, "my.toml")
    assert problem in refusal.value.message


def test_an_own_calendar_beside_the_own_lines_counts(tmp_path: Path) -> None:
    assert load_calendar(tmp_path) == SHIPPED
    (tmp_path / "calendar.toml").write_text('weekday = "Friday"\nordinals = [-1, 1]\ntime_zone = "Europe/Berlin"\n')
    own = load_calendar(tmp_path)
    assert own.in_words() == "first and last Friday of each month (Europe/Berlin)"
