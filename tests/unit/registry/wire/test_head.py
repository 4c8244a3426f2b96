import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.kit.errors import AppError
from pierhead.registry.wire.head import parse_head, render_request


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_head_or_refused(raw: bytes) -> None:
    for written in (raw, b"HTTP/1.1 200 OK\r\n" + raw):
        try:
            head = parse_head(written, "x")
        except AppError:
            continue
        assert 100 <= head.status <= 999
        for name, value in head.headers:
            assert name == name.lower()
            assert not set("\r\n\0") & set(value)


def test_fields_keep_their_order_and_lose_their_blanks() -> None:
    head = parse_head(b"HTTP/1.0 404 Not Found\r\nB: 1 \t\r\na:\r\nB:\t2", "x")
    assert (head.status, head.reason, head.is_http10) == (404, "Not Found", True)
    assert list(head.headers) == [("b", "1"), ("a", ""), ("b", "2")]
    assert (head.headers.get("b"), head.headers.all("b"), head.headers.get("c")) == ("1", ["1", "2"], None)


@pytest.mark.parametrize("line", [b"HTTP/1.1 200", b"HTTP/1.1 200 ", b"HTTP/1.1 299 \xe9\t!"])
def test_a_reason_may_be_missing_or_odd(line: bytes) -> None:
    parse_head(line, "x")


@pytest.mark.parametrize("target", ["/a b", "/a\r\nX: y", "/\u00e9", "/\x00", "/\x7f"])
def test_nothing_unsafe_gets_into_a_request_line(target: str) -> None:
    with pytest.raises(ValueError, match="control"):
        render_request("GET", target, [])


@pytest.mark.parametrize("value", ["a\r\nX: y", "\u00e9", "\n"])
def test_nothing_unsafe_gets_into_a_field(value: str) -> None:
    with pytest.raises(ValueError, match="control"):
        render_request("GET", "/", [("Authorization", value)])
