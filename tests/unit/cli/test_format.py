import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pierhead.cli.format import clean, duration, moment, part_of, rate, short_digest, size
from pierhead.cli.render import Screen
from pierhead.cli.run_table import tell_run


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "?"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_951, "10 kB"),
        (999_400, "999 kB"),
        (999_600, "1.0 MB"),
        (185_000_000, "185 MB"),
        (10**18, "1000000 TB"),
    ],
)
def test_bytes_have_three_digits_at_most(count: int | None, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.844, "0.84 s"), (12.34, "12.3 s"), (119.7, "2 min 00 s"), (3725, "62 min 05 s")],
)
def test_durations_are_short(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_nothing_measured_gives_no_rate() -> None:
    assert (rate(0, 1.0), rate(10, 0.0), rate(10, None), rate(12_000_000, 1.0)) == ("", "", "", "12 MB/s")


def test_short_forms_of_what_is_missing_are_empty_or_unknown() -> None:
    assert (short_digest(None), short_digest("x"), part_of(None, None)) == ("", "", "0 B / ?")
    assert (moment(None), moment("soon"), moment(-5), moment(1e300)) == ("", "", "", "")


def test_a_time_on_the_wire_is_shown_in_utc() -> None:
    assert moment(1_700_000_000_000) == "2023-11-14 22:13:20Z"


@given(st.text())
def test_no_foreign_text_can_drive_a_terminal(text: str) -> None:
    assert clean(text).isprintable()


@given(st.text())
@example("\x7f")
def test_json_stays_the_same_data_and_harmless(text: str) -> None:
    out = io.StringIO()
    Screen(out=out).json({"text": text})
    assert (
        json.loads(out.getvalue().encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass"))["text"] == text
    )
    assert out.getvalue().replace("\n", "").isprintable()


def test_a_table_without_a_terminal_is_plain_aligned_lines() -> None:
    out = io.StringIO()
    Screen(out=out).table(("name", "what"), [("a", "\x1b[31mred"), ("longer", None)])
    assert out.getvalue() == "NAME    WHAT\na       \\x1b[31mred\nlonger\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_colour_unless_it_is_not_wanted() -> None:
    shown = {}
    for has_color in (True, False):
        out = Terminal()
        Screen(out=out, has_color=has_color).table(("state",), [("failed",)])
        shown[has_color] = out.getvalue()
    assert "failed" in shown[True]
    assert "\x1b[31m" not in shown[False]


def test_a_run_that_is_too_wide_for_the_terminal_is_told_in_lines(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = Terminal()
    connector = {"reference": "account.harnessImage", "source": "account"}
    image = {"reference": "127.0.0.1:5000/harness/ci-addon:1.14.4", "state": "pulled", "connector": connector}
    run = {"id": "r", "state": "succeeded", "stages": [{"identifier": "build", "images": [image]}]}
    tell_run(Screen(out=out, has_color=False), run)
    lines = [line.strip() for line in out.getvalue().splitlines()]
    assert lines[0] == "stage build"
    assert lines[1].startswith("pulled    harness/ci-addon:1.14.4")
    assert lines[2] == "from 127.0.0.1:5000 by connector account.harnessImage, account default"


def test_markup_in_foreign_text_stays_text_on_a_terminal() -> None:
    out = Terminal()
    screen = Screen(out=out, has_color=False)
    screen.table(("name",), [("[bold]x[/bold]",)])
    screen.line("[red]y[/red]", style="red")
    assert "[bold]x[/bold]" in out.getvalue()
    assert "[red]y[/red]" in out.getvalue()
