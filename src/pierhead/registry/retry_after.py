"""Retry-After in every form met (RFC 9110 section 10.2.3, and the unix epoch that Docker Hub sends); pure."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

_SECONDS = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{0,9})?\Z")
_DATE = re.compile(r"[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT\Z")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# No wait is that long: a number of this size is a moment, in seconds or milliseconds since 1970.
_EPOCH_S = (1e9, 1e10)
_EPOCH_MS = (1e12, 1e13)


def parse_retry_after(values: Iterable[str], now: datetime) -> float | None:
    """Seconds from ``now``, at least 0; the longest where there are several. None when nothing can be read."""
    waits = [wait for value in values if (wait := _parse(value.strip(), now)) is not None]
    return max(waits, default=None)


def parse_http_date(text: str) -> datetime | None:
    """An HTTP date in UTC; None when it is none."""
    match = _DATE.match(text)
    if match is None:
        return _parse_old_date(text) if text else None
    day, month, year, hour, minute, second = match.groups()
    try:
        return datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC
        )
    except ValueError:
        return None


def _parse_old_date(text: str) -> datetime | None:
    """The two obsolete forms, which nearly nobody sends: worth an import only when met."""
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text[:100])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _parse(text: str, now: datetime) -> float | None:
    if _SECONDS.match(text):
        seconds = float(text)
        if _EPOCH_MS[0] <= seconds < _EPOCH_MS[1]:
            seconds /= 1000
        if _EPOCH_S[0] <= seconds < _EPOCH_S[1]:
            seconds -= now.timestamp()
        return max(0.0, seconds)
    moment = parse_http_date(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())
