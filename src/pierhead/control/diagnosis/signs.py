"""Where a text shows the signs of causes; pure. Which of several counts is decided elsewhere.

Plain search for parts of lines, so that no text can make it slow: each sign is tried a bounded number of times.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .causes import CauseTable
from .model import Cause
from .reading import Reading

_TRIES = 400
_HITS = 8
_GAP = 400
"""Characters that a star may stand for."""
_AROUND = 600
"""How far around a sign of a long line its words are looked for."""
_BEFORE = 4000
"""How far back it may be said what was going on."""
_NEAR = 2
"""Lines before and after in which it may be said that this is about images."""
_BARE = 0.6
"""A text that is hardly more than a sign needs no words around it: somebody has cut it out."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A cause's sign at ``start`` to ``end`` of the reading."""

    cause: Cause
    start: int
    end: int
    line: int


def find_hits(reading: Reading, table: CauseTable) -> Iterator[Hit]:
    for cause in table.causes:
        yield from _of_cause(reading, cause, table)


def _of_cause(reading: Reading, cause: Cause, table: CauseTable) -> Iterator[Hit]:
    lines: set[int] = set()
    for start, end, literal in _places(reading, cause):
        line = reading.line_at(start)
        if line in lines or not _counts(reading, cause, table, start, end, literal):
            continue
        lines.add(line)
        yield Hit(cause, start, end, line)
        if len(lines) >= _HITS:
            return


def _places(reading: Reading, cause: Cause) -> Iterator[tuple[int, int, int]]:
    """Start, end, and how many characters of the sign itself were found there."""
    for sign in cause.signs:
        literal = sum(map(len, sign))
        for start, end in _matches(reading, sign):
            yield start, end, literal
    for sign in cause.then:
        for start, end in _matches(reading, sign):
            if _has(reading.lowered[max(0, start - _BEFORE) : start], cause.after):
                yield start, end, 0
    for code in cause.codes:
        for form in (f"code      {code}", f"code: {code}", f'code": "{code}"'):
            for start, end in _matches(reading, (form,)):
                if reading.lowered[end : end + 1] in ("", "\n", " ", '"', ",", "|"):
                    yield start, end, len(form) * 2


def _matches(reading: Reading, sign: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    lowered, at = reading.lowered, 0
    for _ in range(_TRIES):
        start = lowered.find(sign[0], at)
        if start < 0:
            return
        line_end = reading.span(reading.line_at(start))[1]
        end = _end_of(lowered, sign, start, line_end)
        if end is not None:
            yield start, end
        at = start + max(len(sign[0]), 1)


def _end_of(lowered: str, sign: tuple[str, ...], start: int, line_end: int) -> int | None:
    end = start + len(sign[0])
    if end > line_end:
        return None
    for part in sign[1:]:
        found = lowered.find(part, end, min(end + _GAP, line_end))
        if found < 0:
            return None
        end = found + len(part)
    return end


def _counts(reading: Reading, cause: Cause, table: CauseTable, start: int, end: int, literal: int) -> bool:
    line = reading.line_at(start)
    first, last = reading.span(line)
    around = reading.lowered[max(first, start - _AROUND) : min(last, end + _AROUND)]
    if _has(around, cause.unless) or _has(around, table.foreign):
        return False
    if ((cause.is_anywhere or cause.hosts) and not reading.is_joined) or _has(around, table.context):
        return True
    return literal >= _BARE * reading.length or _has(_near(reading, start, end), table.context)


def _near(reading: Reading, start: int, end: int) -> str:
    """The lines around that place, and of long ones what is close to it."""
    line = reading.line_at(start)
    first = reading.span(max(0, line - _NEAR))[0]
    last = reading.span(min(len(reading.starts) - 1, line + _NEAR))[1]
    return reading.lowered[max(first, start - 2 * _AROUND) : min(last, end + 2 * _AROUND)]


def _has(text: str, words: Iterable[str]) -> bool:
    return any(word in text for word in words)
