"""Seeds that are drawn and printed, and figures that are shown at the end of the run."""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest

Tell = Callable[[str], None]
_FIGURE = "figure"


@pytest.fixture
def seed(record_property: Callable[[str, object], None]) -> int:
    """Another one each time; FAULT_SEED=<number> draws the same again."""
    drawn = int(os.environ.get("FAULT_SEED") or random.randrange(2**32))
    print(f"seed {drawn}")  # noqa: T201 - shown when it fails
    record_property("seed", drawn)
    return drawn


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Notes a figure, which is printed when all is over."""

    def note(text: str) -> None:
        print(text)  # noqa: T201 - shown when it fails
        record_property(_FIGURE, text)

    return note


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])]
    told = [(report.nodeid.rpartition("::")[2], report.user_properties) for report in reports]
    lines = [
        f"{name} (seed {dict(properties).get('seed', '-')}): {value}"
        for name, properties in told
        for key, value in properties
        if key == _FIGURE
    ]
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.line(line)
