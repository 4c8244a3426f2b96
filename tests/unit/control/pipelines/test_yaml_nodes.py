"""What is refused before any meaning is looked at, and the places that refusals name."""

import contextlib
import tracemalloc

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from pierhead.control.pipelines import PipelineSyntaxError, PipelineTooLargeError, yaml_nodes
from pierhead.control.pipelines.yaml_nodes import MAX_BYTES, MAX_DEPTH, Mapping, Scalar, Sequence, compose
from pierhead.kit.errors import AppError

MIB = 1024 * 1024
LAUGHS = "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test with the parser in C and with the one in Python."""
    monkeypatch.setattr(yaml_nodes, "_LOADER", getattr(yaml, request.param))


pytestmark = pytest.mark.usefixtures("_loader")


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("a: 1\nb: {c: 1, c: 2}\n", "b (line 2, column 11)", "the key 'c' occurs twice"),
        ("a: 1\na: 2\n", "line 2, column 1", "the key 'a' occurs twice"),
        ("a: !!python/object/apply:os.system [ls]\n", "a (line 1, column 4)", "the tag"),
        ("a: [1, !secret x]\n", "a[1] (line 1, column 8)", "the tag '!secret' is not accepted"),
        ("a: !!binary aGk=\n", "a (line 1, column 4)", "the tag"),
        ("a: !!set {x}\n", "a (line 1, column 4)", "the tag"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1", "a second document begins"),
        ("a:\n  ? [x, y]\n  : 1\n", "a (line 2, column 5)", "a key must be a text"),
        ("a:\n  ? {x: y}\n  : 1\n", "a (line 2, column 5)", "a key must be a text"),
        ("k: &k x\n*k : 1\n", "line 2, column 1", "a key must be a text"),
        ("&k a: 1\n", "line 1, column 1", "a key with an anchor"),
        ("~: 1\n", "line 1, column 1", "a key is empty"),
        ("null: 1\n", "line 1, column 1", "a key is empty"),
        ("?\n: 1\n", "line 1, column 2", "a key is empty"),
        ("x: &x {a: 1}\ny:\n  <<: *x\n", "y (line 3, column 3)", "merge keys (<<) are not accepted"),
        ("a: *nobody\n", "a (line 1, column 4)", "the alias *nobody has no anchor before it"),
        ("a: &a [1, *a]\n", "a[1] (line 1, column 11)", "is part of what it repeats"),
        ("a: [1, 2\nb: 3\n", "line 2", ""),
        ("a: b: c\n", "line 1, column 5", "mapping values are not allowed"),
        ("a:\n\tb: 1\n", "line 2, column 1", "cannot start any token"),
        ("a: 'open\n", "line 2", ""),
        ("a: \x01\n", "line 1, column 4", "a control character"),
        ("a: b\nc: \x7f\n", "line 2, column 4", "a control character"),
        ("%TAG ! x\n---\na: 1\n", "line 1, column 1", "directives other than %YAML"),
        ("a: 1\n%FOO\n", "line 2, column 1", "directives other than %YAML"),
        ("a: 1\x85%TAG ! b\n", "line 1, column 6", "directives other than %YAML"),
        ("a: \ud800", "line 1, column 1", "not UTF-8"),
        (b"a: \xff\n", "line 1, column 1", "not UTF-8"),
        ("a: b\n".encode("utf-16"), "line 1, column 1", "not UTF-8"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_place(text: str | bytes, place: str, reason: str) -> None:
    with pytest.raises(PipelineSyntaxError) as caught:
        compose(text)
    assert place in str(caught.value)
    assert reason in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        "x: &x [" + "1, " * 20_000 + "1]\ny: [*x, *x, *x]\n",
        "[" + "1, " * 60_000 + "1]",
        "- a\n" * 60_000,
    ],
)
def test_a_text_that_holds_or_grows_to_too_many_values_is_refused(text: str) -> None:
    with pytest.raises(PipelineTooLargeError):
        compose(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "{a: " * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1),
        "- " * (MAX_DEPTH + 1) + "x",
        "x: &x " + "[" * 40 + "]" * 40 + "\ny: " + "[" * 40 + "*x" + "]" * 40,
    ],
)
def test_nesting_beyond_the_cap_is_refused(text: str) -> None:
    with pytest.raises(PipelineSyntaxError, match="nested deeper than 64 levels"):
        compose(text)


def test_nesting_up_to_the_cap_is_read() -> None:
    assert compose("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None


@pytest.mark.parametrize("unit", ["[", "{", "- ", "? ", "&a ", "*a ", "%TAG !a! b\n", "---\n", "!!x ", "a: "])
def test_a_mebibyte_of_mischief_is_refused_with_little_memory(unit: str) -> None:
    text = (unit * MIB)[:MIB]
    tracemalloc.start()
    with pytest.raises(AppError):
        compose(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * MIB


def test_laughs_are_refused_with_little_memory() -> None:
    tracemalloc.start()
    with pytest.raises(PipelineTooLargeError):
        compose(LAUGHS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MIB


@pytest.mark.parametrize("raw", ["x" * (MAX_BYTES + 1), b"x" * (MAX_BYTES + 1), "é" * (MAX_BYTES // 2 + 1)])
def test_more_than_a_mebibyte_is_refused_unread(raw: str | bytes) -> None:
    with pytest.raises(PipelineTooLargeError, match="1,048,576 bytes"):
        compose(raw)


@pytest.mark.parametrize("raw", ["", "\n", "# only a comment\n", "---\n", b"\xef\xbb\xbf"])
def test_an_empty_document_is_nothing(raw: str | bytes) -> None:
    node = compose(raw)
    assert node is None or (isinstance(node, Scalar) and node.is_null)


def test_scalars_keep_the_text_as_written() -> None:
    node = compose(
        'a: 1.10\nb: "1.10"\nc: yes\nd: ~\ne: "~"\nf: !!str ~\ng: !!int 7\nh: ""\ni:\nj: |\n  two\n  lines\n'
    )
    assert isinstance(node, Mapping)
    texts = {key: (value.text, value.is_null) for key, value in node.entries.items() if isinstance(value, Scalar)}
    assert texts == {
        "a": ("1.10", False),
        "b": ("1.10", False),
        "c": ("yes", False),
        "d": ("~", True),
        "e": ("~", False),
        "f": ("~", False),
        "g": ("7", False),
        "h": ("", False),
        "i": ("", True),
        "j": ("two\nlines\n", False),
    }


def test_an_alias_stands_for_what_its_anchor_holds() -> None:
    node = compose("a: &list [1, {b: 2}]\nc: *list\nd: &one 1\ne: *one\nf: [*one, *list]\n")
    assert isinstance(node, Mapping)
    assert node.entries["c"] is node.entries["a"]
    assert node.entries["e"] is node.entries["d"]
    last = node.entries["f"]
    assert isinstance(last, Sequence)
    assert last.items == [node.entries["d"], node.entries["a"]]


def test_a_byte_order_mark_and_a_version_directive_are_passed_over() -> None:
    assert isinstance(compose(b"\xef\xbb\xbf%YAML 1.1\n---\na: 1\n"), Mapping)


def test_keys_that_look_like_numbers_are_texts() -> None:
    node = compose("8080: 80\ntrue: x\n")
    assert isinstance(node, Mapping)
    assert list(node.entries) == ["8080", "true"]


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200), st.text("[]{}:,&*!|>'\"%- \n\tab<?~", max_size=80)))
@example(b'"\\UFFFFFFFF"')
@example(b'"\\ud800"')
@example(b"%YAML 99999999999999999999.1\n--- a")
@example("a: \ufffe")
@example("a: b\x85\u2028c: d")
def test_any_bytes_give_nodes_or_an_error_of_ours(raw: bytes | str) -> None:
    with contextlib.suppress(AppError):
        compose(raw)
