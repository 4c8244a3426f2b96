"""The small languages in a regsync file, said in ours: durations and schedules as cron, patterns of denied tags as
globs, templates of backup tags; pure. None where there is no way to say it.
"""

import re
from dataclasses import dataclass
from typing import Final

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ns|us|µs|ms|s|m|h))+")
_PART = re.compile(r"([0-9.]+)(ns|us|µs|ms|s|m|h)")
_NAMED: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_ZONE = re.compile(r"(?:CRON_)?TZ=(\S{1,100})\s+(.*)", re.DOTALL)
_EVERY = re.compile(r"@every\s+(\S+)")
_DAY_S: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``is_exact``: it comes as often as was written; otherwise the next rarer rhythm that cron can say."""

    cron: str
    time_zone: str = "UTC"
    is_exact: bool = True


def seconds_of(duration: str) -> float | None:
    """Of a duration such as ``1h30m``."""
    text = duration.strip()
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def rhythm_of_interval(duration: str) -> Rhythm | None:
    """From once a minute to once a week."""
    every_s = seconds_of(duration)
    if every_s is None or every_s <= 0:
        return None
    crons = [(60 * each, f"*/{each} * * * *") for each in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)]
    crons += [(3600, "0 * * * *"), *((3600 * each, f"0 */{each} * * *") for each in (2, 3, 4, 6, 8, 12))]
    crons += [(_DAY_S, "0 0 * * *"), (7 * _DAY_S, "0 0 * * 0")]
    length_s, cron = next((each for each in crons if each[0] >= every_s), crons[-1])
    return Rhythm(cron.replace("*/1 ", "* "), is_exact=length_s == every_s)


def rhythm_of_schedule(schedule: str) -> Rhythm | None:
    """What a schedule says; whether its five fields are right is asked elsewhere."""
    zone, rest = "UTC", schedule.strip()
    if found := _ZONE.fullmatch(rest):
        zone, rest = found[1], found[2].strip()
    if found := _EVERY.fullmatch(rest):
        return rhythm_of_interval(found[1])
    rest = _NAMED.get(rest, rest)
    return Rhythm(rest, zone) if len(rest.split()) == 5 else None


_TAG_TEMPLATE = re.compile(r"\{\{-?\s*\.Ref\.Tag\s*-?\}\}")
_DATE_TEMPLATE = re.compile(r"""\{\{-?\s*\(?\s*time\.Now\)?\.Format\s+["'`]20060102["'`]\s*-?\}\}""")


def backup_of(template: str) -> str | None:
    """``bkup-{{.Ref.Tag}}`` as ``bkup-{tag}``. Only a tag beside the one that is written over can be said."""
    text = _DATE_TEMPLATE.sub("{date}", _TAG_TEMPLATE.sub("{tag}", template.strip()))
    plain = text.replace("{tag}", "").replace("{date}", "")
    return text if "{tag}" in text and re.fullmatch(r"[A-Za-z0-9_.-]*", plain) else None
