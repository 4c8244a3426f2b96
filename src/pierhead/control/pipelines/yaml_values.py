"""The one document of a YAML text as plain values, for readers that want a whole object and no lines.

Every scalar stays the text as written, but for an empty one and ``null``, which are None.
"""

from .yaml_nodes import Mapping, Node, Sequence, compose


def yaml_value(raw: bytes) -> object:
    """None when there is no document. Raises PipelineSyntaxError, PipelineTooLargeError."""
    node = compose(raw)
    return None if node is None else _value(node)


def _value(node: Node) -> object:
    """As deep as ``compose`` lets a text be."""
    if isinstance(node, Mapping):
        return {key: _value(value) for key, value in node.entries.items()}
    if isinstance(node, Sequence):
        return [_value(item) for item in node.items]
    return None if node.is_null else node.text
