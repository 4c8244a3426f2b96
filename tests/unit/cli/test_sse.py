from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.cli import sse
from pierhead.kit.limits import BodyTooLargeError


def test_an_event_ends_at_an_empty_line_and_its_data_lines_are_joined() -> None:
    stream = [b"event: image\nda", b"ta: {\ndata: }\n\n", b": keep-alive\n\n", b"data:x\r\n\r\n"]
    assert list(sse.events(stream)) == [("image", "{\n}"), ("message", "x")]


def test_an_event_cut_off_by_the_end_of_the_stream_is_dropped() -> None:
    assert list(sse.events([b"event: run\ndata: 1\n"])) == []


def test_a_line_without_end_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(sse, "_LINE_CAP_BYTES", 100)
    with pytest.raises(BodyTooLargeError):
        list(sse.events([b"x" * 60, b"x" * 60]))


@given(st.lists(st.binary()))
def test_any_bytes_are_events_or_a_named_error(chunks: list[bytes]) -> None:
    with suppress(BodyTooLargeError):
        list(sse.events(chunks))


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1)), st.integers(1, 7))
def test_how_the_bytes_are_cut_makes_no_difference(texts: list[str], length: int) -> None:
    raw = "".join(f"event: e\ndata: {text}\n\n" for text in texts).encode()
    pieces = [raw[at : at + length] for at in range(0, len(raw), length)]
    assert list(sse.events(pieces)) == [("e", text) for text in texts]
