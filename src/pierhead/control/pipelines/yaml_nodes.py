"""YAML text to nodes that know their line, under caps; what the nodes mean is not known here.

Built from the parser's events, without recursion and without constructing any Python object a tag may ask for. What
aliases repeat counts each time, so a text that would grow is refused while it is still small. Scalars keep the text as
written: whether ``1.10`` is a version or a number is the reader's business.
"""

import re
from collections.abc import Callable
from typing import Any, Final

import yaml

from pierhead.kit.limits import MIB

from .errors import PipelineSyntaxError, PipelineTooLargeError, Place

MAX_BYTES: Final = MIB
MAX_NODES: Final = 50_000
MAX_DEPTH: Final = 64

# libyaml needs quadratic time for many %TAG lines; nothing we accept can use one.
_TAG_DIRECTIVE = re.compile("(?:^|[\n\r\x85\u2028\u2029])%(?!YAML)")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_REFUSED_KEYS: Final = NULLS | {"<<"}
_STRING_TAGS: Final = frozenset({"!", "tag:yaml.org,2002:str"})
_SCALAR_TAGS: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Scalar:
    """``is_plain``: written without quotes, so that an empty or ``null`` text means nothing at all."""

    __slots__ = ("is_plain", "mark", "text")

    def __init__(self, text: str, is_plain: bool, mark: Any) -> None:
        self.text = text
        self.is_plain = is_plain
        self.mark = mark

    @property
    def is_null(self) -> bool:
        return self.is_plain and self.text in NULLS


class Sequence:
    __slots__ = ("items", "mark")

    def __init__(self, mark: Any) -> None:
        self.items: list[Node] = []
        self.mark = mark


class Mapping:
    """``awaiting`` is the key whose value comes next, while the node is being built."""

    __slots__ = ("awaiting", "entries", "mark")

    def __init__(self, mark: Any) -> None:
        self.entries: dict[str, Node] = {}
        self.awaiting: str | None = None
        self.mark = mark


Node = Scalar | Sequence | Mapping


def compose(raw: bytes | str) -> Node | None:
    """The one document in ``raw``; None when there is none. Raises PipelineSyntaxError, PipelineTooLargeError."""
    text = _decoded(raw)
    directive = _TAG_DIRECTIVE.search(text) if "%" in text else None
    if directive is not None:
        raise _syntax_error(text, directive.end() - 1, "directives other than %YAML are not accepted")
    try:
        return _Builder().run(_LOADER(text).get_event)
    except yaml.reader.ReaderError:
        found = _UNPRINTABLE.search(text)
        raise _syntax_error(text, found.start() if found else 0, "a control character is not allowed") from None
    except yaml.MarkedYAMLError as error:
        raise PipelineSyntaxError(_place("", error.problem_mark), _reason(error)) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two: escapes, in the pure parser
        raise PipelineSyntaxError(Place("", 1, 1), str(error)[:200]) from None


class _Builder:
    """Takes one event after the other; ``open`` are the collections not yet closed, outermost first.

    The first of them is a list around the document, so that there always is one. This is the part of ``explain`` that
    costs most, hence few calls for each event.
    """

    __slots__ = ("anchors", "documents", "open", "repeated")

    def __init__(self) -> None:
        self.open: list[Sequence | Mapping] = [Sequence(None)]
        self.anchors: dict[str, Node] = {}
        self.repeated = 0
        self.documents = 0

    def run(self, next_event: Callable[[], Any]) -> Node | None:
        take: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._mapping,
            yaml.SequenceStartEvent: self._sequence,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
            yaml.DocumentEndEvent: _ignore,
            yaml.StreamStartEvent: _ignore,
        }
        end = yaml.StreamEndEvent
        for _ in range(MAX_NODES):  # a collection has two events; the cap is generous enough not to mind
            event = next_event()
            kind = type(event)
            if kind is end:
                around = self.open[0]
                return around.items[0] if isinstance(around, Sequence) and around.items else None
            take[kind](event)
        raise PipelineTooLargeError("has", MAX_NODES, "values")

    def _scalar(self, event: Any) -> None:
        text: str = event.value
        is_plain = not event.style
        if event.tag is not None or not text.isascii():
            is_plain = self._checked(event, is_plain)
        top = self.open[-1]
        if isinstance(top, Mapping) and top.awaiting is None:
            if text in top.entries or event.anchor is not None or (is_plain and text in _REFUSED_KEYS):
                self._refuse_key(text, event)
            top.awaiting = text
        else:
            self._put(Scalar(text, is_plain, event.start_mark), event)

    def _refuse_key(self, text: str, event: Any) -> None:
        if event.anchor is not None:
            raise self._refused(event, "a key with an anchor is not accepted")
        if text == "<<" and not event.style:
            raise self._refused(event, "merge keys (<<) are not accepted; write the keys out")
        if text in NULLS and not event.style:
            raise self._refused(event, "a key is empty; a key must be a text")
        raise self._refused(event, f"the key {text[:80]!r} occurs twice in this mapping")

    def _checked(self, event: Any, is_plain: bool) -> bool:
        if _UNPRINTABLE.search(event.value):
            raise self._refused(event, "a control character or half of a surrogate pair is not accepted")
        if event.tag is None or event.tag in _SCALAR_TAGS:
            return is_plain
        if event.tag not in _STRING_TAGS:
            raise self._refused(event, f"the tag {event.tag[:80]!r} is not accepted")
        return False

    def _mapping(self, event: Any) -> None:
        self._start(Mapping(event.start_mark), event, "tag:yaml.org,2002:map")

    def _sequence(self, event: Any) -> None:
        self._start(Sequence(event.start_mark), event, "tag:yaml.org,2002:seq")

    def _start(self, node: "Sequence | Mapping", event: Any, tag: str) -> None:
        if event.tag is not None and event.tag not in (tag, "!"):
            raise self._refused(event, f"the tag {event.tag[:80]!r} is not accepted")
        if len(self.open) > MAX_DEPTH:
            raise self._refused(event, f"nested deeper than {MAX_DEPTH} levels")
        self._put(node, event)
        self.open.append(node)

    def _close(self, _event: Any) -> None:
        self.open.pop()

    def _alias(self, event: Any) -> None:
        target = self.anchors.get(event.anchor)
        if target is None:
            raise self._refused(event, f"the alias *{event.anchor[:80]} has no anchor before it")
        if any(node is target for node in self.open):
            raise self._refused(event, f"the alias *{event.anchor[:80]} is part of what it repeats")
        size, height = _measure(target)
        if len(self.open) + height > MAX_DEPTH + 1:
            raise self._refused(event, f"nested deeper than {MAX_DEPTH} levels")
        self.repeated += size
        if self.repeated > MAX_NODES:
            raise PipelineTooLargeError("repeats", MAX_NODES, "values through aliases")
        self._put(target, event)

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise PipelineSyntaxError(_place("", event.start_mark), "a second document begins; one is expected")

    def _put(self, node: Node, event: Any) -> None:
        """Lays the node into the innermost open collection."""
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        top = self.open[-1]
        if isinstance(top, Sequence):
            top.items.append(node)
        elif top.awaiting is None:
            raise self._refused(event, "a key must be a text, not a list, a mapping or an alias")
        else:
            top.entries[top.awaiting] = node
            top.awaiting = None

    def _refused(self, event: Any, reason: str) -> PipelineSyntaxError:
        return PipelineSyntaxError(_place(self._path(), event.start_mark), reason)

    def _path(self) -> str:
        """To the place that is being read: in what is open around it, the entry begun last."""
        path = ""
        for node in self.open[1:]:
            is_innermost = node is self.open[-1]
            if isinstance(node, Sequence):
                path += f"[{len(node.items) - (not is_innermost)}]"
            elif not is_innermost:
                path = join_path(path, next(reversed(node.entries)))
            elif node.awaiting is not None:
                path = join_path(path, node.awaiting)
        return path


def _ignore(_event: Any) -> None:
    """Begin and end of the stream and of the document say nothing."""


def join_path(path: str, key: str) -> str:
    """``path`` and one more key; a key that would be hard to read in it is quoted."""
    if not re.fullmatch(r"[\w$-]{1,80}", key):
        return f"{path}[{key[:80]!r}]"
    return f"{path}.{key}" if path else key


def _measure(node: Node) -> tuple[int, int]:
    """How many nodes, in how many levels. Bounded: every node it meets was counted when it was built or repeated."""
    if isinstance(node, Scalar):
        return 1, 0
    children = node.items if isinstance(node, Sequence) else node.entries.values()
    measured = [_measure(child) for child in children]
    keys = len(node.entries) if isinstance(node, Mapping) else 0
    return sum((size for size, _ in measured), start=2 + keys), max((height for _, height in measured), default=0) + 1


def _decoded(raw: bytes | str) -> str:
    if len(raw) > MAX_BYTES:
        raise PipelineTooLargeError("has", MAX_BYTES, "bytes")
    try:
        data = raw.encode() if isinstance(raw, str) else raw
        text = data.decode("utf-8")
    except UnicodeError as error:
        at = error.start if isinstance(error, UnicodeDecodeError | UnicodeEncodeError) else 0
        raise PipelineSyntaxError(Place("", 1, 1), f"character {at} is not UTF-8") from None
    if len(data) > MAX_BYTES:
        raise PipelineTooLargeError("has", MAX_BYTES, "bytes")
    return text.removeprefix("\ufeff")


def _reason(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "the text is broken"
    return f"{problem} ({error.context})" if error.context else problem


def _place(path: str, mark: Any) -> Place:
    return Place(path, mark.line + 1, mark.column + 1) if mark is not None else Place(path, 1, 1)


def place_of(path: str, node: Node) -> Place:
    return _place(path, node.mark)


def _syntax_error(text: str, at: int, reason: str) -> PipelineSyntaxError:
    line = text.count("\n", 0, at) + 1
    return PipelineSyntaxError(Place("", line, at - text.rfind("\n", 0, at)), reason)
