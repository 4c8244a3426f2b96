"""Regular expressions of denied tags as globs, where globs can say it; pure.

What a glob cannot say exactly becomes one that denies more, and never one that denies less.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MAX_CHARS: Final = 300
_MOST_GLOBS: Final = 50
_MOST_REPEATS: Final = 10
_ATOM = re.compile(r"(?P<escape>\\.)|(?P<set>\[\^?[A-Za-z0-9._-]+\])|(?P<any>\.)|(?P<plain>[A-Za-z0-9_:-])")
_REPEAT = re.compile(r"([*+?]|\{[0-9]{1,3}\})\??")
_SETS: Final = {"d": "[0-9]", "w": "[A-Za-z0-9_]"}


@dataclass(frozen=True, slots=True)
class Denial:
    """``is_wider``: some tag is denied that the pattern lets pass."""

    globs: tuple[str, ...]
    is_wider: bool = False


class _UnsayableError(Exception):
    """No glob says this."""


def denial_of(pattern: str) -> Denial | None:
    """Of a pattern that has to match the whole tag; None where globs cannot say it."""
    if not 0 < len(pattern) <= _MAX_CHARS:
        return None
    reading = _Reading(pattern.removeprefix("^").removesuffix("$") if not pattern.endswith(r"\$") else pattern)
    try:
        found = reading.alternatives()
    except (_UnsayableError, RecursionError):
        return None
    if reading.at < len(reading.text):
        return None
    globs = tuple(dict.fromkeys(found))
    return Denial(globs, reading.is_wider) if "" not in globs else None


class _Reading:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.is_wider = False

    def alternatives(self) -> list[str]:
        """Up to the end or a closing bracket."""
        found = self._sequence()
        while self._takes("|"):
            found += self._sequence()
        return _few(found)

    def _sequence(self) -> list[str]:
        found = [""]
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            parts = self._repeated(*self._atom())
            found = _few([before + part for before in found for part in parts])
        return found

    def _atom(self) -> tuple[list[str], bool]:
        """What it stands for, and whether that is any character."""
        if self._takes("("):
            self._takes("?:")
            inner = self.alternatives()
            if not self._takes(")"):
                raise _UnsayableError
            return inner, False
        found = _ATOM.match(self.text, self.at)
        if found is None:
            raise _UnsayableError
        self.at = found.end()
        return [_glob(found)], found.lastgroup == "any"

    def _repeated(self, parts: list[str], is_any: bool) -> list[str]:
        found = _REPEAT.match(self.text, self.at)
        if found is None:
            return parts
        self.at = found.end()
        match found[1]:
            case "?":
                return ["", *parts]
            case "*" | "+" as sign:
                return self._many(parts, is_any, sign == "+")
            case times:
                return _times(parts, int(times[1:-1]))

    def _many(self, parts: list[str], is_any: bool, is_one_needed: bool) -> list[str]:
        if is_any:
            return ["?*" if is_one_needed else "*"]
        self.is_wider = True  # a glob repeats nothing, so anything may follow
        once = [f"{part}*" for part in parts]
        return once if is_one_needed else ["", *once]

    def _takes(self, text: str) -> bool:
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True


def _glob(found: "re.Match[str]") -> str:
    text = found[0]
    match found.lastgroup:
        case "any":
            return "?"
        case "set":
            return text.replace("[^", "[!", 1)
        case "escape" if text[1] in _SETS:
            return _SETS[text[1]]
        case "escape" if text[1].isalnum() or text[1] in "*?[":
            raise _UnsayableError  # a class of its own, or a character that no tag has
        case "escape":
            return text[1]
    return text


def _times(parts: list[str], times: int) -> list[str]:
    if times > _MOST_REPEATS:
        raise _UnsayableError
    found = [""]
    for _ in range(times):
        found = _few([before + part for before in found for part in parts])
    return found


def _few(globs: list[str]) -> list[str]:
    if len(globs) > _MOST_GLOBS or any(len(glob) > _MAX_CHARS for glob in globs):
        raise _UnsayableError
    return globs


def literals_of(patterns: list[str]) -> Iterator[str | None]:
    """Each pattern as the one text that it matches, or None; a dot between is taken as a dot."""
    for pattern in patterns:
        text = pattern.removeprefix("^").removesuffix("$").replace("\\", "")
        yield text if re.fullmatch(r"[a-z0-9][a-z0-9._/-]*", text) else None
