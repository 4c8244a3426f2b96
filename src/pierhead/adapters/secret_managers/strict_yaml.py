"""YAML of an operator, read strictly: every mapping is taken apart by name, and every fault has a line.

Scalars are texts; what they stand for is the reader's business. Aliases, tags and keys that occur twice are refused.
"""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pierhead.kit.errors import InvalidInputError

if TYPE_CHECKING:
    from yaml import Node

T = TypeVar("T")
_CAP_BYTES = 256 * 1024
_PLAIN_TAGS = ("str", "int", "float", "bool", "null", "timestamp", "seq", "map")


class SecretManagersFileError(InvalidInputError):
    """``line`` counts from 1; 0 means the file as a whole."""

    code = "secret-managers-file-invalid"

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(
            f"{path}{f':{line}' if line else ''}: {problem}",
            hint="mend the file that PIERHEAD_SECRET_MANAGERS names; docs/guides/secret-managers.md has examples",
        )
        self.path = path
        self.line = line


class Item:
    """A node with the place it stands at."""

    def __init__(self, path: Path, node: "Node") -> None:
        self._path = path
        self._node = node

    @property
    def line(self) -> int:
        return int(self._node.start_mark.line) + 1

    def error(self, problem: str) -> SecretManagersFileError:
        return SecretManagersFileError(self._path, self.line, problem)

    @property
    def is_text(self) -> bool:
        import yaml

        return isinstance(self._node, yaml.ScalarNode)

    def text(self, what: str) -> str:
        if not self.is_text or not self._node.value:
            raise self.error(f"{what} must be a text")
        text = str(self._node.value)
        if not text.isprintable():
            raise self.error(f"{what} has control characters in it")
        return text

    def items(self, what: str) -> list["Item"]:
        import yaml

        if not isinstance(self._node, yaml.SequenceNode):
            raise self.error(f"{what} must be a list")
        return [Item(self._path, node) for node in self._node.value]

    def fields(self, what: str, known: Collection[str]) -> "Fields":
        """Raises SecretManagersFileError for a field that is not ``known``, and for one that occurs twice."""
        import yaml

        if not isinstance(self._node, yaml.MappingNode):
            raise self.error(f"{what} must have fields, such as {next(iter(known))}")
        found: dict[str, Item] = {}
        for key_node, value_node in self._node.value:
            key = Item(self._path, key_node)
            name = key.text("the name of a field")
            if name not in known:
                raise key.error(f"{what} has no field {name[:100]!r}; its fields are {', '.join(known)}")
            if name in found:
                raise key.error(f"the field {name} occurs twice")
            found[name] = Item(self._path, value_node)
        return Fields(self, what, found)


class Fields:
    def __init__(self, whole: Item, what: str, found: dict[str, Item]) -> None:
        self._whole = whole
        self._what = what
        self._found = found

    def error(self, name: str, problem: str) -> SecretManagersFileError:
        return self._found.get(name, self._whole).error(problem)

    def has(self, name: str) -> bool:
        return name in self._found

    def item(self, name: str) -> Item:
        if name not in self._found:
            raise self._whole.error(f"{self._what} needs the field {name}")
        return self._found[name]

    def text(self, name: str, default: str | None = None) -> str:
        return default if default is not None and not self.has(name) else self.item(name).text(name)

    def optional(self, name: str, read: Callable[[str], T]) -> T | None:
        return read(self.text(name)) if self.has(name) else None


def read_yaml(path: Path) -> Item:
    """Raises SecretManagersFileError."""
    import yaml

    try:
        with path.open("rb") as file:
            raw = file.read(_CAP_BYTES + 1)
    except OSError as error:
        raise SecretManagersFileError(path, 0, f"cannot be read: {error.strerror or error}") from None
    if len(raw) > _CAP_BYTES:
        raise SecretManagersFileError(path, 0, f"is larger than {_CAP_BYTES:,} bytes")
    try:
        text = raw.decode()
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            _check_event(path, event)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError:
        raise SecretManagersFileError(path, 0, "is not UTF-8 text") from None
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "is no YAML"
        raise SecretManagersFileError(path, mark.line + 1 if mark else 0, str(problem)) from None
    if node is None:
        raise SecretManagersFileError(path, 0, "is empty")
    return Item(path, node)


def _check_event(path: Path, event: object) -> None:
    import yaml

    if not isinstance(event, yaml.NodeEvent):
        return
    line = event.start_mark.line + 1 if event.start_mark else 0
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise SecretManagersFileError(path, line, "anchors and aliases are not taken here")
    tag = getattr(event, "tag", None)
    if tag is not None and str(tag).removeprefix("tag:yaml.org,2002:") not in _PLAIN_TAGS:
        raise SecretManagersFileError(path, line, f"the tag {str(tag)[:60]} is not taken here")
