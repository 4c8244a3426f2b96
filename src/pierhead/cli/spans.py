"""Spans of time as people write them: 30m, 12h, 90d."""

import re

from .errors import UsageError

_UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


def milliseconds_of(text: str) -> int:
    """Raises UsageError."""
    match = re.match(r"([1-9][0-9]{0,5})([mhd])\Z", text)
    if match is None:
        raise UsageError(f"{text!r} is not a span of time", hint="write it as 30m, 12h or 90d")
    return int(match[1]) * _UNITS_MS[match[2]]
