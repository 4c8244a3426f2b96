import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.kit.limits import MalformedJsonError, parse_json

_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "a": 2}', "the key 'a' occurs twice"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ("[Infinity]", "Infinity is not a JSON number"),
        ("[" * 65 + "]" * 65, "nested deeper than 64 levels"),
        ("[" * 1_000_000, "nested deeper than 64 levels"),
        ('{"a":' * 100_000, "nested deeper than 64 levels"),
        ("9" * 5000, "digits"),
    ],
)
def test_what_json_parsers_disagree_about_is_refused(text: str, reason: str) -> None:
    with pytest.raises(MalformedJsonError, match=reason):
        parse_json(text.encode())


def test_a_broken_text_is_refused_with_its_line_and_column() -> None:
    with pytest.raises(MalformedJsonError) as caught:
        parse_json(b'[\n  {"field": "x",\n   "value": "y\n  }\n]')
    assert (caught.value.line, caught.value.column) == (3, 15)


def test_brackets_inside_strings_are_not_depth() -> None:
    assert parse_json(json.dumps(["[" * 500 + '\\"{{'] * 2).encode()) == ["[" * 500 + '\\"{{'] * 2


@given(st.binary())
def test_any_bytes_are_a_value_or_a_named_error(raw: bytes) -> None:
    with suppress(MalformedJsonError):
        parse_json(raw)


@given(_values)
def test_ordinary_values_come_back_as_they_were(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize("text", ["1e999", "-1e999", "[1e400]", '{"a": 9.9e308}'])
def test_a_number_that_no_float_can_hold_is_refused(text: str) -> None:
    with pytest.raises(MalformedJsonError, match="too large"):
        parse_json(text.encode())
