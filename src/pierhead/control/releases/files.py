"""The calendar that ships with the package, or an operator's own beside the own release lines."""

from importlib import resources
from pathlib import Path

from pierhead.control.catalogue import CALENDAR_FILE, parsed, read_capped

from .calendar import ReleaseCalendar, read_calendar


def load_calendar(directory: Path | None = None) -> ReleaseCalendar:
    """Raises ReleaseLineFileError, ReleaseCalendarError."""
    own = directory / CALENDAR_FILE if directory else None
    if own is not None and own.exists():
        return read_calendar(parsed(str(own), read_capped(own)), str(own))
    shipped = resources.files(__package__).joinpath("data").joinpath(CALENDAR_FILE)
    return read_calendar(parsed(CALENDAR_FILE, shipped.read_bytes()), CALENDAR_FILE)
