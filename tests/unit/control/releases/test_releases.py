"""Lines, the state of every image, and what a move changes."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pierhead.control.catalogue import (
    Because,
    Catalogue,
    CatalogueService,
    Infra,
    PinChange,
    PinSetCause,
    SupportState,
    UnknownLineError,
)
from pierhead.control.releases import ImageStatus, ReleaseService, load_calendar, supported_until
from pierhead.control.scopes import Scope
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore
from pierhead.testing.places import make_place

ACC, PROJECT = Scope("acc"), Scope("acc", "o", "p")
TODAY = date(2026, 11, 21)
CLOCK = FakeClock(datetime(2026, 11, 21, 12, tzinfo=UTC))


@pytest.fixture
def catalogue() -> CatalogueService:
    store = MemoryStore()
    make_place(store, PROJECT, CLOCK.now())
    return CatalogueService(store, CLOCK)


@pytest.fixture
def releases(catalogue: CatalogueService) -> ReleaseService:
    return ReleaseService(catalogue, load_calendar(), CLOCK)


def pin(catalogue: CatalogueService, scope: Scope, field: str, image: str) -> None:
    catalogue.pin(scope, [PinChange(Infra.K8, field, image)], Because(PinSetCause.UPDATE, "ada"))


def row(releases: ReleaseService, field: str, scope: Scope = ACC) -> ImageStatus:
    return next(image for image in releases.status(scope).images if image.field == field)


def test_a_default_is_the_latest_and_supported_until_the_third_release_from_now(releases: ReleaseService) -> None:
    found = row(releases, "addonTag")
    assert (found.state, found.pinned, found.hotfix) == (SupportState.LATEST, None, None)
    assert found.supported_until == date(2026, 12, 28)
    status = releases.status(ACC)
    assert (status.today, status.next_release, status.previous_release) == (
        TODAY,
        date(2026, 11, 23),
        date(2026, 11, 9),
    )
    assert (status.default_line, status.newest_line, status.warnings) == ("1.16", "1.16", ())


@pytest.mark.parametrize(
    ("image", "state", "until"),
    [
        ("x/a:1.15.0", SupportState.LATEST_1, date(2026, 12, 14)),
        ("x/a:1.14.0", SupportState.LATEST_2, date(2026, 11, 23)),
        ("x/a:1.13.0", SupportState.UNSUPPORTED, None),
        ("x/a:latest", SupportState.UNKNOWN, None),
    ],
)
def test_an_older_pin_leaves_support_earlier(
    catalogue: CatalogueService, releases: ReleaseService, image: str, state: SupportState, until: date | None
) -> None:
    pin(catalogue, ACC, "addonTag", image)
    found = row(releases, "addonTag")
    assert (found.state, found.effective, found.supported_until) == (state, image, until)


def test_warnings_are_gathered_and_said_once(catalogue: CatalogueService, releases: ReleaseService) -> None:
    pin(catalogue, ACC, "addonTag", "x/a:1.13.0")
    pin(catalogue, ACC, "liteEngineTag", "x/b:1.16.1")
    assert releases.status(ACC).warnings == (
        "x/a:1.13.0 is no longer supported: it is more than two releases behind harness/ci-addon:1.16.92",
        "x/b:1.16.1 has a hotfix: move to x/b:1.16.92",
    )


def test_a_canary_is_seen_from_its_own_place(catalogue: CatalogueService, releases: ReleaseService) -> None:
    pin(catalogue, ACC, "addonTag", "x/a:1.15.0")
    pin(catalogue, PROJECT, "addonTag", "x/a:1.16.95")
    assert row(releases, "addonTag").pinned == "x/a:1.15.0"
    canary = row(releases, "addonTag", PROJECT)
    assert (canary.pinned, canary.pinned_at, canary.state) == ("x/a:1.16.95", "o/p", SupportState.LATEST)


def test_only_the_wanted_infrastructures_are_told(releases: ReleaseService) -> None:
    assert {image.infra for image in releases.status(ACC, [Infra.VM]).images} == {Infra.VM}
    assert {image.infra for image in releases.status(ACC).images} == set(Infra)


def test_lines_have_a_month_in_which_to_test_them(tmp_path: Path) -> None:
    (tmp_path / "1.16.toml").write_text("[release]\nreleased = 2026-11-09\n")
    (tmp_path / "1.17.toml").write_text('[release]\nreleased = 2026-11-23\nbased_on = "1.16"\n')
    service = CatalogueService(MemoryStore(), CLOCK, Catalogue.read(tmp_path, TODAY))
    announced, default, oldest = ReleaseService(service, load_calendar(), CLOCK).lines()
    assert (announced.name, announced.is_out, announced.is_default) == ("1.17", False, False)
    assert announced.state is SupportState.NEWER
    assert (default.is_out, default.is_default, default.test_until) == (True, True, date(2026, 12, 9))
    assert default.supported_until == date(2026, 12, 28)
    assert (oldest.name, oldest.released, oldest.test_until) == ("1.14", None, None)


def test_a_calendar_that_ends_says_no_day(tmp_path: Path) -> None:
    (tmp_path / "calendar.toml").write_text("dates = [2026-12-01, 2026-12-02]\n")
    calendar = load_calendar(tmp_path)
    assert supported_until(SupportState.LATEST, calendar, TODAY) is None
    assert supported_until(SupportState.LATEST_1, calendar, TODAY) == date(2026, 12, 2)


def test_the_difference_of_two_lines_is_what_to_mirror(releases: ReleaseService) -> None:
    diff = releases.diff("1.14", "1.16")
    found = {(change.infra, change.field): (change.before, change.after) for change in diff.changes}
    assert found[Infra.K8, "addonTag"] == ("harness/ci-addon:1.14.4", "harness/ci-addon:1.16.92")
    assert found[Infra.K8, "addonTagRootless"] == (None, "harness/ci-addon:rootless-1.16.92")
    assert (Infra.K8, "securityTag") not in found
    assert "harness/ci-addon:1.16.92" in diff.to_mirror
    assert "harness/sto-plugin:latest" not in diff.to_mirror
    assert list(diff.to_mirror) == sorted(set(diff.to_mirror))
    assert releases.diff("1.16", "1.16").changes == ()
    with pytest.raises(UnknownLineError):
        releases.diff("1.16", "9.9")
