"""Documents a user hands to ``apply``: YAML or JSON text, one or several, read into plain JSON values.

Scalars follow YAML 1.2's core schema, so that ``no``, ``012`` and ``2024-01-31`` stay the texts they look like; aliases
count as often as they are used, so that a bomb of them is refused.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pierhead.kit.errors import InvalidInputError, TooLargeError
from pierhead.kit.limits import MIB, BodyTooLargeError

if TYPE_CHECKING:
    from yaml import Node

_CAP_BYTES = MIB
_CAP_VALUES = 100_000  # with each alias as often as it is used
_CAP_WRITTEN = 20_000  # keys, values and documents as they stand in the file: reading as many takes two seconds
_MAX_DEPTH = 64

_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,2})?\Z")


class MalformedDocumentError(InvalidInputError):
    """Lines and columns count from 1."""

    code = "malformed-document"

    def __init__(self, where: str, reason: str, line: int | None = None, column: int | None = None) -> None:
        place = f", line {line}, column {column}" if line is not None else ""
        super().__init__(f"{where}{place}: {reason}")
        self.line = line


class TooManyValuesError(TooLargeError):
    code = "too-many-values"

    def __init__(self, where: str, most: int = _CAP_VALUES) -> None:
        super().__init__(f"{where} has more than {most:,} values")


def read_source(name: str) -> tuple[str, bytes]:
    """(what to call it, bytes) of a file, or of standard input for ``-``. Raises AppError."""
    import sys

    try:
        if name == "-":
            raw = sys.stdin.buffer.read(_CAP_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                raw = file.read(_CAP_BYTES + 1)
    except OSError as error:
        raise MalformedDocumentError(name, f"cannot be read: {error.strerror or error}") from None
    where = "standard input" if name == "-" else name
    if len(raw) > _CAP_BYTES:
        raise BodyTooLargeError(where, _CAP_BYTES)
    return where, raw


def parse_documents(raw: bytes, where: str) -> list[Any]:
    """Every document as a JSON value; a top-level list counts as its items. Raises MalformedDocumentError, TooLarge."""
    import yaml

    try:
        reader = _Reader(where)
        values = [reader.value(node, 0) for node in _composed(raw, where)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise MalformedDocumentError(where, error.problem or "not valid YAML", line, column) from None
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        raise MalformedDocumentError(where, f"not valid YAML: {error}") from None
    except RecursionError:
        raise MalformedDocumentError(where, f"nested deeper than {_MAX_DEPTH} levels") from None
    return list(_items(values))


def _composed(raw: bytes, where: str) -> "list[Node]":
    """Every document's tree; counted while it grows, since the time that it takes is what has to be bounded."""
    import yaml

    count = 0

    class Counting(yaml.SafeLoader):
        def compose_node(self, parent: "Node | None", index: int) -> "Node | None":
            nonlocal count
            count += 1
            if count > _CAP_WRITTEN:
                raise TooManyValuesError(where, _CAP_WRITTEN)
            return super().compose_node(parent, index)

    return [node for node in yaml.compose_all(raw, Loader=Counting) if node is not None]


def _items(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


class _Reader:
    def __init__(self, where: str) -> None:
        self._where = where
        self._left = _CAP_VALUES

    def value(self, node: "Node", depth: int) -> Any:
        import yaml

        self._left -= 1
        if self._left < 0:
            raise TooManyValuesError(self._where)
        if depth > _MAX_DEPTH:
            raise self._wrong(node, f"nested deeper than {_MAX_DEPTH} levels")
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, depth + 1) for item in node.value]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        return _scalar(node.value, is_plain=getattr(node, "style", None) is None)

    def _mapping(self, node: Any, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node.value, str):
                raise self._wrong(key_node, "a key has to be a text")
            if key_node.value in result:
                raise self._wrong(key_node, f"the key {key_node.value!r} occurs twice")
            result[key_node.value] = self.value(value_node, depth + 1)
        return result

    def _wrong(self, node: Any, reason: str) -> MalformedDocumentError:
        return MalformedDocumentError(self._where, reason, node.start_mark.line + 1, node.start_mark.column + 1)


def _scalar(text: str, *, is_plain: bool) -> object:
    if not is_plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text) and not re.match(r"[-+]?0[0-9]", text):
        return int(text)
    return float(text) if _FLOAT.match(text) and not text.lstrip("+-").isdigit() else text
