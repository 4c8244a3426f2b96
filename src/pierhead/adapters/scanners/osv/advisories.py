"""One advisory of OSV (its schema, version 1) into what matching needs of it; pure. What is odd in it is left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pierhead.control.gates import Severity

from .cvss import base_score, severity_of, severity_word
from .packages import MAX_VERSION_CHARS, usual_ecosystem

MAX_ID_CHARS: Final = 100
MAX_IDS: Final = 20
_MAX_EVENTS: Final = 2000
_MAX_VERSIONS: Final = 20_000

Range = tuple[str, str, str]
"""From (introduced), up to but without (fixed), up to and with (last affected); the last two empty where not said."""


@dataclass(frozen=True, slots=True)
class Affected:
    ecosystem: str
    name: str
    ranges: tuple[Range, ...]
    versions: tuple[str, ...]
    severity: Severity | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Advisory:
    """``ids``: its own first."""

    ids: tuple[str, ...]
    severity: Severity
    score: float | None
    modified: datetime | None
    affected: tuple[Affected, ...]


def read_advisory(given: object) -> Advisory | None:
    """None for what is no advisory, was withdrawn, or names no package."""
    if not isinstance(given, dict) or given.get("withdrawn"):
        return None
    ids = tuple(dict.fromkeys(_ids(given)))[:MAX_IDS]
    affected = tuple(_affected(given))
    if not ids or not affected:
        return None
    severity, score = _severity(given)
    return Advisory(ids, severity or Severity.UNKNOWN, score, _time(given.get("modified")), affected)


def _ids(given: Mapping[str, object]) -> Iterator[str]:
    others = [each for key in ("aliases", "upstream") for each in _list(given.get(key))]
    for text in (given.get("id"), *others):
        if isinstance(text, str) and 0 < len(text) <= MAX_ID_CHARS and text.isprintable():
            yield text


def _affected(given: Mapping[str, object]) -> Iterator[Affected]:
    for each in _list(given.get("affected")):
        if not isinstance(each, dict) or not isinstance(package := each.get("package"), dict):
            continue
        ecosystem, name = package.get("ecosystem"), package.get("name")
        if not isinstance(ecosystem, str) or not isinstance(name, str) or not name:
            continue
        ranges = tuple(one for given_range in _list(each.get("ranges")) for one in _ranges(given_range))
        versions = tuple(str(one) for one in _list(each.get("versions")) if _is_version(one))[:_MAX_VERSIONS]
        if ranges or versions:
            family = ecosystem.partition(":")[0]
            usual = name.lower().replace("_", "-").replace(".", "-") if family == "PyPI" else name
            yield Affected(usual_ecosystem(ecosystem), usual, ranges, versions, *_severity(each))


def _ranges(given: object) -> Iterator[Range]:
    """Events come in the order of versions, as all makers write them; one that ends closes the range before it."""
    if not isinstance(given, dict) or given.get("type") not in ("ECOSYSTEM", "SEMVER"):
        return
    introduced: str | None = None
    for event in _list(given.get("events"))[:_MAX_EVENTS]:
        if not isinstance(event, dict):
            continue
        start, fixed, last = (event.get(key) for key in ("introduced", "fixed", "last_affected"))
        if _is_version(start):
            if introduced is not None:
                yield introduced, "", ""
            introduced = str(start)
        elif introduced is not None and (_is_version(fixed) or _is_version(last)):
            yield introduced, str(fixed or ""), str(last or "")
            introduced = None
    if introduced is not None:
        yield introduced, "", ""


def _severity(given: Mapping[str, object]) -> tuple[Severity | None, float | None]:
    """The highest score of its vectors, else a word that its maker uses."""
    scores = [
        score
        for each in _list(given.get("severity"))
        if isinstance(each, dict) and isinstance(each.get("score"), str)
        if (score := base_score(each["score"])) is not None
    ]
    if scores:
        return severity_of(max(scores)), max(scores)
    for key in ("database_specific", "ecosystem_specific"):
        more = given.get(key)
        if isinstance(more, dict):
            for word in ("severity", "urgency", "cvss_severity"):
                if (found := severity_word(more.get(word))) is not None:
                    return found, None
    return _ubuntu_word(given), None


def _ubuntu_word(given: Mapping[str, object]) -> Severity | None:
    words = (each.get("score") for each in _list(given.get("severity")) if isinstance(each, dict))
    return next((found for word in words if (found := severity_word(word)) is not None), None)


def _time(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _is_version(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_VERSION_CHARS and value.isprintable()


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
