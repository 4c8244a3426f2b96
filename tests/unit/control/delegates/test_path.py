"""Which path a task takes: one origin of selectors counts, the most specific."""

import pytest

from pierhead.control.delegates import PLATFORM, Origin, Path, choose_path, normalised

ALL = {origin: (f"{origin.name.lower()}-tag",) for origin in Origin if origin is not Origin.NOBODY}
ORDER = [Origin.STEP, Origin.STEP_GROUP, Origin.STAGE, Origin.PIPELINE, Origin.CONNECTOR]


@pytest.mark.parametrize("most_specific", range(len(ORDER)))
def test_the_most_specific_that_gives_any_counts_and_nothing_is_merged(most_specific: int) -> None:
    given = {origin: ALL[origin] for origin in ORDER[most_specific:]}
    path = choose_path(given, connector="account.hub", connector_wants_delegate=True)
    assert path.selectors == ALL[ORDER[most_specific]]
    assert path.origin is ORDER[most_specific]


def test_blank_selectors_count_as_not_given() -> None:
    given = {Origin.STEP: (" ", ""), Origin.STAGE: (" EU ", "eu", "SSD")}
    path = choose_path(given)
    assert (path.selectors, path.origin) == (("eu", "ssd"), Origin.STAGE)
    assert path.reason == "the stage asks for a delegate with all of the tags eu, ssd"


def test_without_selectors_the_connector_says_the_way() -> None:
    assert choose_path({}) == PLATFORM
    assert choose_path({}, connector="hub") == Path(
        True, (), Origin.CONNECTOR, "connector hub is reached through the platform"
    )
    assert choose_path({}, connector="hub", connector_wants_delegate=True) == Path(
        False, (), Origin.CONNECTOR, "connector hub is reached through any available delegate"
    )


def test_selectors_of_a_connector_that_goes_through_the_platform_count_for_nothing() -> None:
    assert choose_path({Origin.CONNECTOR: ("eu",)}, connector="hub").is_platform


def test_selectors_are_trimmed_lower_cased_and_kept_once_in_their_order() -> None:
    assert normalised((" B", "a ", "b", "", "A")) == ("b", "a")
