"""What programs really print, and which cause it has to be taken for; and what must not be taken for any."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from pierhead.control.diagnosis import diagnose

TABLE = tomllib.loads(Path(__file__).with_name("texts.toml").read_text())
KNOWN, UNKNOWN = TABLE["text"], TABLE["none"]


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


@pytest.mark.parametrize("row", KNOWN, ids=ids(KNOWN))
def test_an_error_is_told_by_its_cause_with_what_stands_in_it(row: dict[str, Any]) -> None:
    told = diagnose(row["text"])
    assert [one.cause.code for one in told][:1] == [row["cause"]]
    found = told[0].found
    expected = {key: row[key] for key in ("image", "registry", "platform") if key in row}
    assert {key: getattr(found, key) for key in expected} == expected
    assert row.get("status") in (None, found.http_status)


@pytest.mark.parametrize("row", UNKNOWN, ids=ids(UNKNOWN))
def test_what_is_not_known_is_not_guessed(row: dict[str, Any]) -> None:
    assert [one.cause.code for one in diagnose(row["text"])] == []


def test_the_table_is_as_wide_as_was_promised() -> None:
    assert (len(KNOWN) >= 60, len(UNKNOWN) >= 10) == (True, True)
