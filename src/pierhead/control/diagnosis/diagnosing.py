"""From an error text to causes in the order of how much they explain; pure. Nothing is asked of anybody here."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from .causes import CauseTable, cause_table
from .extracting import first_named, found_in
from .masking import masked
from .model import Diagnosis, Found
from .reading import Reading, readings
from .signs import Hit, find_hits
from .steps import filled_steps

MAX_DIAGNOSES = 5
_MAX_QUOTE = 400
_LOOK_BACK = 25
_LOOK_AHEAD = 6
_AROUND = 1000


def diagnose(text: str, known: Found | None = None) -> tuple[Diagnosis, ...]:
    """What the text shows, the most telling first; empty where it shows nothing that is known here.

    ``known``: what is known of the image besides the text; the text's own word goes before it. Raises
    DiagnosisTextTooLongError.
    """
    table, known = cause_table(), known or Found()
    consequences: tuple[Diagnosis, ...] = ()
    for reading in readings(text):
        told = _told(reading, table, known)
        causes = tuple(one for one in told if not one.cause.is_consequence)
        if causes:
            return causes[:MAX_DIAGNOSES]
        consequences = consequences or told
    return consequences[:1]


def found_in_text(text: str) -> Found:
    """The image and host that a text speaks of first, whatever is wrong with them. Raises as ``diagnose``."""
    reading = next(iter(readings(text)))
    lines = [reading.text[slice(*reading.span(line))] for line in range(min(len(reading.starts), 2000))]
    return first_named(lines)


def _told(reading: Reading, table: CauseTable, known: Found) -> tuple[Diagnosis, ...]:
    said = _Lines(reading, known)
    seen = [(hit, said.found(hit)) for hit in find_hits(reading, table)]
    fitting = [(hit, found) for hit, found in seen if _is_at_host(hit.cause.hosts, found)]
    heaviest = _heaviest_of_lines(fitting, is_joined=reading.is_joined)
    told = [_diagnosis(reading, hit, found) for hit, found in heaviest]
    told.sort(key=lambda one: (-one.cause.weight, one.line))
    return _one_of_each(told)


class _Lines:
    """What the lines of one reading say; each is read once, however many signs are near it."""

    def __init__(self, reading: Reading, known: Found) -> None:
        self._reading = reading
        self._known = known
        self._near: dict[int, Found] = {}
        self._own: dict[tuple[int, int], Found] = {}

    def found(self, hit: Hit) -> Found:
        """The line's own word, then that of the lines before, then of those after."""
        found = self._of(hit)
        if not found.image:
            before = range(hit.line - 1, max(-1, hit.line - _LOOK_BACK), -1)
            after = range(hit.line + 1, min(len(self._reading.starts), hit.line + _LOOK_AHEAD))
            near = next((one for number in (*before, *after) if (one := self._at(number)).image), Found())
            if not found.registry or not near.registry or found.registry == near.registry:
                found = found.filled(replace(near, host="", http_status=None))
        return found.filled(self._known)

    def _of(self, hit: Hit) -> Found:
        """Of a long line, what is around the sign."""
        start, end = self._reading.span(hit.line)
        around = max(start, (hit.start // _AROUND - 1) * _AROUND), min(end, (hit.end // _AROUND + 2) * _AROUND)
        if around not in self._own:
            self._own[around] = found_in(self._reading.text[slice(*around)])
        return self._own[around]

    def _at(self, line: int) -> Found:
        if line not in self._near:
            self._near[line] = found_in(self._reading.text[slice(*self._reading.span(line))])
        return self._near[line]


def _is_at_host(hosts: Sequence[str], found: Found) -> bool:
    return not hosts or any(fnmatchcase(host, pattern) for pattern in hosts for host in (found.registry, found.host))


def _heaviest_of_lines(seen: Sequence[tuple[Hit, Found]], *, is_joined: bool) -> list[tuple[Hit, Found]]:
    """One line tells one cause; lines that were put together tell one at all."""
    best: dict[int, tuple[Hit, Found]] = {}
    for hit, found in seen:
        line = 0 if is_joined else hit.line
        if line not in best or hit.cause.weight > best[line][0].cause.weight:
            best[line] = hit, found
    return list(best.values())


def _one_of_each(told: Iterable[Diagnosis]) -> tuple[Diagnosis, ...]:
    """Of each family and image the first; one without an image says nothing new beside one with."""
    kept: list[Diagnosis] = []
    for one in told:
        same = [other for other in kept if other.cause.family == one.cause.family]
        if not any(_is_about_the_same(one.found, other.found) for other in same):
            kept.append(one)
    return tuple(kept)


def _is_about_the_same(one: Found, other: Found) -> bool:
    if not one.repository or not other.repository:
        return True
    return one.repository == other.repository and (not one.tag or not other.tag or one.tag == other.tag)


def _diagnosis(reading: Reading, hit: Hit, found: Found) -> Diagnosis:
    start, end = reading.span(hit.line)
    quote = _clipped(reading.text[start:end], hit.start - start, hit.end - start)
    return Diagnosis(hit.cause, masked(quote), hit.line + 1, found, steps=filled_steps(hit.cause, found))


def _clipped(line: str, start: int, end: int) -> str:
    """The line, or of a long one what is around the sign."""
    if len(line) <= _MAX_QUOTE:
        return line.strip()
    room = max(0, _MAX_QUOTE - (end - start)) // 2
    first, last = max(0, start - room), min(len(line), end + room, start + _MAX_QUOTE)
    before, after = "..." if first > 0 else "", "..." if last < len(line) else ""
    return before + line[first:last].strip() + after
