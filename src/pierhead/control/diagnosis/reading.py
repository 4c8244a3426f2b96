"""A text as programs printed it, made readable: without colours, escapes and JSON around it; pure.

Bounded: what is longer than ``MAX_TEXT`` is refused, and every step takes time in proportion to the text.
"""

import contextlib
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from pierhead.kit.errors import AppError, TooLargeError
from pierhead.kit.limits import KIB, parse_json

MAX_TEXT = 256 * KIB
"""Characters of a text that is looked at."""
_MAX_JSON_LINE = 64 * KIB
_COLOURS = re.compile(r"\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]|\x1b\][^\x07\x1b]{0,512}(?:\x07|\x1b\\)|\x1b[@-_]")
_WRITTEN_COLOURS = re.compile(r"(?:\\x1b|\\u001b|\\033|\^\[)\[[0-9;]{0,16}m", re.IGNORECASE)
_ESCAPED_QUOTE = re.compile(r"\\{1,8}([\"'])")
_QUOTES = str.maketrans("“”‘’`", "\"\"'''")
_ESCAPES = {
    "&quot;": '"',
    "&#34;": '"',
    "&#39;": "'",
    "&lt;": "<",
    "&gt;": ">",
    "\\u003c": "<",
    "\\u003e": ">",
    "\\u0026": "&",
}
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TIMESTAMP = re.compile(r"^\W{0,3}\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]{0,12}(?:Z|[+-]\d\d:?\d\d)?\W{0,3}\s?")


class DiagnosisTextTooLongError(TooLargeError):
    code = "diagnosis-text-too-long"

    def __init__(self, length: int) -> None:
        super().__init__(
            f"the text has {length:,} characters, and at most {MAX_TEXT:,} are looked at",
            hint="give the lines around the error only",
        )
        self.length = length


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the text. ``lowered`` is as long as ``text``, in lower case."""

    text: str
    lowered: str
    starts: tuple[int, ...]
    length: int
    """Without the space around it."""
    is_joined: bool = False
    """Lines were put together: words of one may seem to belong to another."""

    def line_at(self, position: int) -> int:
        """The number of the line, from 0."""
        return bisect_right(self.starts, position) - 1

    def span(self, line: int) -> tuple[int, int]:
        end = self.starts[line + 1] - 1 if line + 1 < len(self.starts) else len(self.text)
        return self.starts[line], end


def readings(text: str) -> Iterator[Reading]:
    """Line by line; then with lines put together, for terminals and logs that break them where they like.

    Raises DiagnosisTextTooLongError.
    """
    if len(text) > MAX_TEXT:
        raise DiagnosisTextTooLongError(len(text))
    lines = _plain("\n".join(map(_out_of_json, cleaned(text).split("\n")))).split("\n")
    yield _reading(lines)
    if sum(map(bool, lines)) > 1:
        bare = [_TIMESTAMP.sub("", line) for line in lines if line]
        yield _reading([" ".join(line.strip() for line in bare)], is_joined=True)
        yield _reading(["".join(bare)], is_joined=True)


def cleaned(text: str) -> str:
    """Without colours and control characters; quotes are plain."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _WRITTEN_COLOURS.sub("", _COLOURS.sub("", text))
    return _CONTROLS.sub("", text.translate(_QUOTES))


def _out_of_json(line: str) -> str:
    """A line of JSON as its texts; any other as it is."""
    if not line.lstrip().startswith("{"):
        return line
    stripped = line.strip()
    if stripped.endswith("}") and len(stripped) <= _MAX_JSON_LINE:
        with contextlib.suppress(AppError):
            value = parse_json(stripped.encode("utf-8", "replace"), max_depth=16, max_values=4000)
            return " | ".join(_texts(value)).replace("\n", " ").replace("\r", " ")
    return line


def _plain(text: str) -> str:
    """With the escapes undone that quotes get where one program quotes another."""
    text = _ESCAPED_QUOTE.sub(r"\1", text)
    for escape, character in _ESCAPES.items():
        text = text.replace(escape, character)
    return text


def _texts(value: object) -> Iterator[str]:
    """Every text in a JSON value, named by its key where it has one: ``code`` and ``status`` mean something."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str | int):
                yield f"{key}: {inner}"
            else:
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _reading(lines: list[str], *, is_joined: bool = False) -> Reading:
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line) + 1
    text = "\n".join(lines)
    return Reading(text, _lowered(text), tuple(starts), len(text.strip()), is_joined)


def _lowered(text: str) -> str:
    """In lower case at the same length: some capital letters have two small ones."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(character.lower() if len(character.lower()) == 1 else character for character in text)
