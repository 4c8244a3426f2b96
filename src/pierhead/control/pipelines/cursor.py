"""Reads typed values out of YAML nodes; every refusal names the path, the line and what is expected.

Knows no field of a pipeline. A key that is absent and a key without a value are the same.
"""

import re
from collections.abc import Callable, Container, Iterable
from typing import Final, TypeVar

from .errors import PipelineExpressionError, PipelineFieldError
from .yaml_nodes import NULLS, Mapping, Node, Scalar, Sequence, join_path, place_of

_TRUTHS: Final = {"true": True, "false": False}
_NUMBER: Final = re.compile(r"[0-9]{1,10}\Z")
_DURATION: Final = re.compile(r"(?:[0-9]{1,6}[wdhms]\s*)+\Z")
_DURATION_PART: Final = re.compile(r"([0-9]+)([wdhms])")
_SECONDS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SHOWN: Final = 80

T = TypeVar("T")


class Cursor:
    """A node and the way to it."""

    __slots__ = ("_parent", "_step", "node")

    def __init__(self, node: Node, parent: "Cursor | None" = None, step: str | int = "") -> None:
        self.node = node
        self._parent = parent
        self._step = step

    @property
    def path(self) -> str:
        if self._parent is None:
            return ""
        above = self._parent.path
        return f"{above}[{self._step}]" if isinstance(self._step, int) else join_path(above, self._step)

    @property
    def line(self) -> int:
        return place_of("", self.node).line

    @property
    def key(self) -> str:
        return str(self._step)

    def wrong(self, expected: str, found: str = "", *, hint: str = "") -> PipelineFieldError:
        return PipelineFieldError(place_of(self.path, self.node), expected, found or _described(self.node), hint=hint)

    def find(self, key: str) -> "Cursor | None":
        """What is under ``key``; None when there is nothing. Raises PipelineFieldError when this is no mapping."""
        node = self.node
        if type(node) is not Mapping:
            raise self.wrong("a mapping")
        child = node.entries.get(key)
        if child is None or (type(child) is Scalar and child.is_plain and child.text in NULLS):
            return None
        return Cursor(child, self, key)

    def need(self, key: str, expected: str) -> "Cursor":
        found = self.find(key)
        if found is None:
            raise Cursor(self.node, self, key).wrong(expected, "nothing")
        if type(found.node) is Scalar and not found.node.text.strip():
            raise found.wrong(expected, "an empty text")
        return found

    def has(self, key: str) -> bool:
        return self.find(key) is not None

    def entries(self, among: "Container[str] | None" = None) -> "list[Cursor]":
        """A cursor for each value of a mapping, or for those whose key is ``among`` some."""
        if type(self.node) is not Mapping:
            raise self.wrong("a mapping")
        pairs = self.node.entries.items()
        return [Cursor(node, self, key) for key, node in pairs if among is None or key in among]

    def items(self, expected: str = "a list") -> "list[Cursor]":
        if not isinstance(self.node, Sequence):
            raise self.wrong(expected)
        return [Cursor(node, self, index) for index, node in enumerate(self.node.items)]

    @property
    def is_empty(self) -> bool:
        """Nothing, or a text of blanks: as good as not given."""
        return type(self.node) is Scalar and _says_nothing(self.node)

    @property
    def is_scalar(self) -> bool:
        return type(self.node) is Scalar

    @property
    def is_expression(self) -> bool:
        return type(self.node) is Scalar and "<+" in self.node.text

    def text(self, expected: str = "a text") -> str:
        """One line as it is written, without outer blanks. Raises PipelineFieldError, PipelineExpressionError."""
        if type(self.node) is not Scalar or self.node.is_null:
            raise self.wrong(expected)
        text = self.node.text
        if "<+" in text:
            raise PipelineExpressionError(place_of(self.path, self.node), text)
        text = text.strip()
        if not text:
            raise self.wrong(expected, "an empty text")
        if not text.isprintable():
            raise self.wrong(expected, "several lines or control characters")
        return text

    def verbatim(self) -> str:
        """The scalar exactly as it is written; nothing is an empty text."""
        if type(self.node) is not Scalar:
            raise self.wrong("a text")
        return "" if self.node.is_null else self.node.text

    def shown(self) -> str:
        """The beginning of the scalar, be it an expression or nothing, fit for a terminal; for people only."""
        text = self.verbatim()[:256]
        return text if text.isprintable() else "".join(each if each.isprintable() else "�" for each in text)

    def choice(self, options: dict[str, T]) -> T:
        """What the text stands for, upper and lower case being the same."""
        if type(self.node) is Scalar and self.node.text in options:
            return options[self.node.text]
        text = self.text(any_of(options))
        for name, option in options.items():
            if name.casefold() == text.casefold():
                return option
        raise self.wrong(any_of(options))

    def truth(self) -> bool:
        return self.choice(_TRUTHS)

    def number(self) -> int:
        text = self.text("a whole number")
        if not _NUMBER.match(text):
            raise self.wrong("a whole number of at most ten digits")
        return int(text)

    def duration_s(self) -> float:
        """Seconds in ``10m``, ``1h30m``, ``1h 30m`` or ``90s``."""
        expected = "a duration such as 10m, 1h30m or 90s"
        text = self.text(expected)
        if not _DURATION.match(text):
            raise self.wrong(expected)
        seconds = sum(int(count) * _SECONDS[unit] for count, unit in _DURATION_PART.findall(text))
        if seconds == 0:
            raise self.wrong("a duration longer than nothing")
        return float(seconds)

    def optional(self, key: str, read: "Callable[[Cursor], T]") -> T | None:
        """What ``read`` makes of the value under ``key``; None when there is none or its text is empty."""
        node = self.node
        if type(node) is not Mapping:
            raise self.wrong("a mapping")
        child = node.entries.get(key)
        if child is None or (type(child) is Scalar and _says_nothing(child)):
            return None
        return read(Cursor(child, self, key))


def _says_nothing(scalar: Scalar) -> bool:
    return scalar.is_null or not scalar.text.strip()


def nothing(_key: str, _read: Callable[[Cursor], T]) -> T | None:
    """Stands for ``Cursor.optional`` where there is nothing to read from."""
    return None


def any_of(words: Iterable[str]) -> str:
    """``a, b or c``."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _described(node: Node) -> str:
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    if node.is_null:
        return "nothing"
    text = node.text
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
