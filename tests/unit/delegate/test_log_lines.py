import json
import logging

import pytest

from pierhead.delegate.log_lines import _JsonLines, _Lines


def record(text: str, level: int = logging.INFO) -> logging.LogRecord:
    made = logging.LogRecord("pierhead.delegate", level, "", 0, text, None, None)
    made.created, made.msecs = 1_800_000_000.0, 7.0
    return made


def test_one_line_an_event_with_the_time_in_utc() -> None:
    assert _Lines(has_colour=False).format(record("hello")) == "2027-01-15T08:00:00.007Z info    hello"


def test_remote_text_cannot_forge_a_line_or_drive_a_terminal() -> None:
    line = _Lines(has_colour=False).format(record("a\nb\x1b[31m\r\x07"))
    assert line.endswith(r"a\nb\x1b[31m\r\x07")


def test_colours_only_for_what_needs_looking_at() -> None:
    assert "\x1b" not in _Lines(has_colour=True).format(record("fine"))
    assert _Lines(has_colour=True).format(record("bad", logging.ERROR)).startswith("\x1b[31m")


def test_json_lines_are_one_object_each() -> None:
    line = _JsonLines().format(record("a\nb", logging.WARNING))
    assert "\n" not in line
    assert json.loads(line) == {"time": "2027-01-15T08:00:00.007Z", "level": "warning", "message": "a\nb"}


@pytest.mark.parametrize("formatter", [_Lines(has_colour=False), _JsonLines()])
def test_nobody_fills_the_log_with_one_line(formatter: logging.Formatter) -> None:
    assert len(formatter.format(record("x" * 50_000))) < 1100
