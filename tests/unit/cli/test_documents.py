import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.cli.documents import MalformedDocumentError, TooManyValuesError, parse_documents, read_source
from pierhead.kit.errors import AppError
from pierhead.kit.limits import BodyTooLargeError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: no", {"a": "no"}),
        ("a: 2024-01-31", {"a": "2024-01-31"}),
        ("a: 012", {"a": "012"}),
        ("a: 1:30", {"a": "1:30"}),
        ("a: '12'", {"a": "12"}),
        ("a: 12", {"a": 12}),
        ("a: 1.5e3", {"a": 1500.0}),
        ("a: 1.14.4", {"a": "1.14.4"}),
        ("a: true", {"a": True}),
        ("a: ~", {"a": None}),
        ("a:", {"a": None}),
        ('{"a": [1, null, "x"]}', {"a": [1, None, "x"]}),
    ],
)
def test_scalars_are_what_they_look_like(text: str, value: object) -> None:
    assert parse_documents(text.encode(), "f") == [value]


def test_several_documents_and_lists_of_them_are_one_list() -> None:
    raw = b"{connector: {identifier: a}}\n---\n- connector: {identifier: b}\n- connector: {identifier: c}\n---\n"
    found = parse_documents(raw, "f")
    assert [document["connector"]["identifier"] for document in found[:3]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"a: 1\na: 2", "f, line 2, column 1: the key 'a' occurs twice"),
        (b"a: [1, 2", "f, line 1"),
        (b"a: &x [*x]", "nested deeper"),
        (b"[" * 200, "nested deeper|f, line"),
        (b"? [a]\n: 1", "a key has to be a text"),
        (b"\xff\xfe\xff", "f: not valid YAML"),
        (b"a: \x00", "f: not valid YAML"),
        (b"a: !!python/object/apply:os.system [x]\nb: *no", "f, line 2"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(raw: bytes, reason: str) -> None:
    with pytest.raises(MalformedDocumentError, match=reason):
        parse_documents(raw, "f")


def test_a_tag_constructs_nothing() -> None:
    assert parse_documents(b"a: !!python/object/apply:os.system ['exit 3']", "f") == [{"a": ["exit 3"]}]


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(TooManyValuesError):
        parse_documents("\n".join(lines).encode(), "f")


@pytest.mark.parametrize(
    "raw",
    [b"".join(b"k%d: 1\n" % n for n in range(90_000)), b"---\n" * 200_000, b"- 1\n" * 200_000],
    ids=["keys", "documents", "items"],
)
def test_more_than_can_be_read_in_a_few_seconds_is_refused_while_it_is_read(raw: bytes) -> None:
    begun = time.process_time()
    with pytest.raises(TooManyValuesError, match="20,000"):
        parse_documents(raw, "f")
    assert time.process_time() - begun < 8


def test_a_file_above_the_cap_is_refused(tmp_path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(BodyTooLargeError):
        read_source(str(path))


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(MalformedDocumentError, match=r"nope\.yaml: cannot be read: No such file"):
        read_source(str(tmp_path / "nope.yaml"))


@given(st.binary() | st.text(alphabet="ab:-[]{}&*!|>'\"#%@\n\t ,?~0", max_size=60).map(str.encode))
def test_any_bytes_are_documents_or_a_named_error(raw: bytes) -> None:
    with suppress(AppError):
        parse_documents(raw, "f")
