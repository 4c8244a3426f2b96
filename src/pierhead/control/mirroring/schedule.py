"""When a mirror runs by itself: cron as Debian reads it, in a time zone of its own; pure."""

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from .errors import InvalidMirrorError

if TYPE_CHECKING:
    from cronsim import CronSim

_EXAMPLE: Final = "five fields: minute hour day month weekday, for example 0 3 * * MON"
_AT_LEAST_S: Final = 60


def next_run(schedule: str, time_zone: str, after: datetime) -> datetime | None:
    """In UTC; None for a schedule whose day never comes. Raises InvalidMirrorError."""
    found = next(islice(_runs(schedule, time_zone, after), 1), None)
    return None if found is None else found.astimezone(UTC)


def check_schedule(schedule: str, time_zone: str) -> None:
    """Raises InvalidMirrorError for what cannot be read and for what never comes."""
    if next_run(schedule, time_zone, datetime(2024, 1, 1, tzinfo=UTC)) is None:
        raise InvalidMirrorError("schedule", f"{schedule!r} never comes", _EXAMPLE)


def _runs(schedule: str, time_zone: str, after: datetime) -> "CronSim":
    from cronsim import CronSim, CronSimError  # only where something is scheduled

    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        why = f"{time_zone[:100]!r} is no time zone that is known here"
        raise InvalidMirrorError("timeZone", why, "such as Europe/Berlin") from None
    if len(schedule.split()) != 5:
        raise InvalidMirrorError("schedule", f"{schedule[:100]!r} is no cron expression", _EXAMPLE)
    try:
        return CronSim(schedule, after.astimezone(zone))
    except CronSimError as error:
        raise InvalidMirrorError("schedule", f"{schedule[:100]!r} is no cron expression: {error}", _EXAMPLE) from None
