"""The one document of a YAML text as plain values, for readers that want a whole object; with its lines if need be.

Every scalar stays the text as written, but for an empty one and ``null``, which are None.
"""

from collections.abc import Iterable

from .yaml_nodes import Mapping, Node, Sequence, compose


def yaml_value(raw: bytes) -> object:
    """None when there is no document. Raises PipelineSyntaxError, PipelineTooLargeError."""
    node = compose(raw)
    return None if node is None else _value(node)


def yaml_lined(raw: bytes) -> tuple[object, dict[tuple[str | int, ...], int]]:
    """The same, and the line (from 1) of each value by the keys and positions that lead to it; what an alias repeats
    stands where it was written. Raises PipelineSyntaxError, PipelineTooLargeError."""
    node = compose(raw)
    lines: dict[tuple[str | int, ...], int] = {}
    if node is not None:
        _note_lines(node, (), lines)
    return (None if node is None else _value(node)), lines


def _note_lines(node: Node, path: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]) -> None:
    lines[path] = node.mark.line + 1
    inner: Iterable[tuple[str | int, Node]] = ()
    if isinstance(node, Mapping):
        inner = node.entries.items()
    elif isinstance(node, Sequence):
        inner = enumerate(node.items)
    for step, each in inner:
        _note_lines(each, (*path, step), lines)


def _value(node: Node) -> object:
    """As deep as ``compose`` lets a text be."""
    if isinstance(node, Mapping):
        return {key: _value(value) for key, value in node.entries.items()}
    if isinstance(node, Sequence):
        return [_value(item) for item in node.items]
    return None if node.is_null else node.text
