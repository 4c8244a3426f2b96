"""Release lines and a calendar of the operator's own, read at the start."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pierhead.control.catalogue import Infra, ReleaseLineFileError
from pierhead.control.releases import ReleaseCalendarError
from pierhead.server.bootstrap import open_application
from pierhead.server.setting_error import SettingError
from pierhead.server.settings import Settings
from pierhead.testing.clock import FakeClock

LINE = '[release]\nreleased = 2026-11-23\nbased_on = "1.16"\n[K8]\naddonTag = "own/addon:1.17.0"\n'


def _write(directory: Path, **files: str) -> Path:
    directory.mkdir(parents=True)
    for name, text in files.items():
        (directory / f"{name.replace('_', '.')}.toml").write_text(text)
    return directory


@pytest.mark.parametrize(("day", "line"), [(22, "1.16"), (23, "1.17")])
def test_a_line_beside_the_data_is_the_default_from_its_day_on(tmp_path: Path, day: int, line: str) -> None:
    _write(tmp_path / "data" / "release-lines", **{"1_17": LINE})
    clock = FakeClock(datetime(2026, 11, day, 12, tzinfo=UTC))
    application = open_application(Settings(data=tmp_path / "data"), clock=clock, serves=False)
    try:
        assert application.catalogue.line == line
        image = {"1.16": "harness/ci-addon:1.16.92", "1.17": "own/addon:1.17.0"}[line]
        assert application.catalogue.default_config(Infra.K8)["addonTag"] == image
        assert [each.name for each in application.releases.lines()] == ["1.17", "1.16", "1.14"]
    finally:
        application.close()


def test_a_calendar_that_was_named_counts(tmp_path: Path) -> None:
    lines = _write(tmp_path / "lines", calendar='weekday = "friday"\nordinals = [-1]\n')
    settings = Settings.from_environment(
        {"PIERHEAD_DATA": str(tmp_path / "data"), "PIERHEAD_RELEASE_LINES": str(lines)}
    )
    application = open_application(settings, serves=False)
    try:
        assert application.releases.calendar.in_words() == "last Friday of each month (UTC)"
    finally:
        application.close()


def test_a_file_that_does_not_fit_stops_the_start_and_lets_go_of_the_data(tmp_path: Path) -> None:
    lines = _write(tmp_path / "lines", **{"1_17": "[K9]"})
    settings = Settings(data=tmp_path / "data", release_lines=lines)
    for wrong, error in (("[K9]", ReleaseLineFileError), (None, ReleaseCalendarError)):
        if wrong is None:
            (lines / "1.17.toml").unlink()
            (lines / "calendar.toml").write_text("ordinals = [9]")
        with pytest.raises(error, match=str(lines)):
            open_application(settings, serves=False)
    with pytest.raises(ReleaseLineFileError, match="cannot be read"):
        open_application(Settings(data=tmp_path / "data", release_lines=tmp_path / "none"), serves=False)
    open_application(Settings(data=tmp_path / "data"), serves=False).close()


def test_preflight_is_enforced_only_where_that_is_said() -> None:
    assert not Settings.from_environment({}).enforces_preflight
    assert Settings.from_environment({"PIERHEAD_PREFLIGHT": "enforce"}).enforces_preflight
    with pytest.raises(SettingError, match="PIERHEAD_PREFLIGHT"):
        Settings.from_environment({"PIERHEAD_PREFLIGHT": "yes"})
