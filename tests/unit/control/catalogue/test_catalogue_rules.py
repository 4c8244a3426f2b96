from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.catalogue import (
    Catalogue,
    Infra,
    InvalidInfraError,
    NoImageError,
    Pin,
    UnknownFieldError,
    UnsupportedInfraError,
    VersionSource,
    choose_version,
    deprecated,
    effective,
    is_too_old,
    overrides,
    tag_of,
)
from pierhead.kit.errors import AppError

CATALOGUE = Catalogue.load()
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def pin(field: str, value: str, infra: Infra = Infra.K8) -> Pin:
    return Pin("acc", infra, field, value, NOW, "ann")


@pytest.mark.parametrize("text", ["", "K9", "KUBERNETES", "DLITE", "K8;"])
def test_an_infrastructure_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInfraError):
        Infra.parse(text)


@pytest.mark.parametrize("text", ["DLITE_VM", "dlite_vm"])
def test_the_hosted_infrastructure_has_no_settings(text: str) -> None:
    with pytest.raises(UnsupportedInfraError, match=r"^Config not supported for infra type: DLITE_VM$"):
        Infra.parse(text)


@pytest.mark.parametrize(
    ("text", "infra"), [("K8", Infra.K8), ("k8", Infra.K8), (" k8 ", Infra.K8), ("VM", Infra.VM), ("vm", Infra.VM)]
)
def test_an_infrastructure_is_read_in_any_case(text: str, infra: Infra) -> None:
    assert Infra.parse(text) is infra


@given(st.text())
def test_any_text_is_an_infrastructure_or_refused(text: str) -> None:
    try:
        assert Infra.parse(text) in Infra
    except AppError:
        return


def test_a_version_of_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownFieldError) as refusal:
        choose_version("addonTags", Infra.K8, (), CATALOGUE)
    assert refusal.value.hint == "did you mean addonTag?"
    with pytest.raises(UnknownFieldError):
        choose_version("addonTag", Infra.VM, (pin("addonTag", "x:1", Infra.VM),), CATALOGUE)


def test_a_field_with_neither_pin_nor_default_is_an_error() -> None:
    with pytest.raises(NoImageError):
        choose_version("addonTagRootless", Infra.K8, (), CATALOGUE, "1.14")


def test_without_a_pin_the_default_of_the_line_is_taken() -> None:
    choice = choose_version("addonTag", Infra.K8, (pin("liteEngineTag", "x:1"),), CATALOGUE)
    assert (choice.image, choice.source) == ("harness/ci-addon:1.16.92", VersionSource.DEFAULT)
    assert [(reason.rule, reason.chosen) for reason in choice.trail] == [("pin", False), ("default", True)]
    assert "1.16" in choice.trail[1].text
    assert choose_version("addonTag", Infra.K8, (), CATALOGUE, "1.14").image == "harness/ci-addon:1.14.4"


def test_a_pin_wins_over_the_default_and_says_by_whom() -> None:
    choice = choose_version("addonTag", Infra.K8, (pin("addonTag", "harness/ci-addon:1.16.93"),), CATALOGUE)
    assert (choice.image, choice.source) == ("harness/ci-addon:1.16.93", VersionSource.PIN)
    assert [(reason.rule, reason.chosen) for reason in choice.trail] == [("pin", True), ("default", False)]
    assert "ann on 2026-01-05" in choice.trail[0].text
    assert choice.warnings == ()


def test_a_pin_that_a_hotfix_has_passed_is_used_and_warned_about() -> None:
    choice = choose_version("addonTag", Infra.K8, (pin("addonTag", "harness/ci-addon:1.16.90"),), CATALOGUE)
    assert choice.image == "harness/ci-addon:1.16.90"
    assert choice.warnings == ("harness/ci-addon:1.16.90 has a hotfix: move to harness/ci-addon:1.16.92",)
    assert choice.trail[-1].rule == "support"


def test_the_pin_of_the_innermost_place_decides_and_the_others_are_told() -> None:
    canary = Pin("acc", Infra.K8, "addonTag", "x/a:1.16.99", NOW, "bob", "o", "p")
    choice = choose_version("addonTag", Infra.K8, (canary, pin("addonTag", "harness/ci-addon:1.16.92")), CATALOGUE)
    assert choice.image == "x/a:1.16.99"
    assert [(reason.rule, reason.chosen) for reason in choice.trail] == [
        ("pin", True),
        ("pin", False),
        ("default", False),
    ]
    assert choice.trail[0].text == "pinned for project o/p by bob on 2026-01-05"
    assert choice.trail[1].text == "the account pins harness/ci-addon:1.16.92, which is overridden"


def test_a_pin_of_another_infrastructure_is_not_looked_at() -> None:
    choice = choose_version("gitCloneTag", Infra.K8, (pin("gitCloneTag", "x:1", Infra.VM),), CATALOGUE)
    assert choice.source is VersionSource.DEFAULT


def test_a_pin_gives_an_image_to_a_field_that_has_no_default() -> None:
    choice = choose_version("addonTagRootless", Infra.K8, (pin("addonTagRootless", "x:1"),), CATALOGUE, "1.14")
    assert choice.image == "x:1"


def test_a_pin_that_is_no_longer_supported_is_used_and_warned_about() -> None:
    choice = choose_version("addonTag", Infra.K8, (pin("addonTag", "harness/ci-addon:1.13.0"),), CATALOGUE)
    assert choice.image == "harness/ci-addon:1.13.0"
    (warning,) = choice.warnings
    assert "no longer supported" in warning


def test_plugins_have_no_support_window() -> None:
    assert choose_version("s3UploadTag", Infra.K8, (pin("s3UploadTag", "plugins/s3:1.0.0"),), CATALOGUE).warnings == ()


def test_overrides_are_the_pins_alone_and_effective_lays_them_over_the_defaults() -> None:
    defaults = {"a": "x:1", "b": "y:1"}
    assert overrides(()) == {}
    assert overrides((pin("b", "y:2"),)) == {"b": "y:2"}
    assert effective(defaults, (pin("b", "y:2"), pin("c", "z:1"))) == {"a": "x:1", "b": "y:2", "c": "z:1"}
    assert defaults == {"a": "x:1", "b": "y:1"}


@pytest.mark.parametrize(
    ("image", "default", "too_old"),
    [
        ("a:1.13.99", "a:1.16.0", True),
        ("a:1.14.0", "a:1.16.92", False),
        ("a:1.16.92", "a:1.16.92", False),
        ("a:1.18.0", "a:1.16.92", False),
        ("a:0.99.0", "a:1.0.0", True),
        ("a:2.0.0", "a:1.16.0", False),
        ("a:rootless-1.13.0", "a:rootless-1.16.92", True),
        ("a:1.13.0-rootless", "a:1.16.92", True),
        ("my.registry:5000/p/a:1.13.0", "a:1.16.92", True),
        ("a:1.13", "a:1.16.92", True),
        ("a:latest", "a:1.16.92", False),
        ("a", "a:1.16.92", False),
        ("my.registry:5000/a", "a:1.16.92", False),
        ("a@sha256:" + "0" * 64, "a:1.16.92", False),
        ("a:1.13.0@sha256:" + "0" * 64, "a:1.16.92", True),
        ("a:1.13.0", "a:latest", False),
        ("a:99999999999999.1.1", "a:1.16.92", False),
    ],
)
def test_more_than_two_minor_releases_behind_is_too_old(image: str, default: str, too_old: bool) -> None:
    assert is_too_old(image, default) is too_old


def test_deprecated_pins_are_named_with_what_to_move_to() -> None:
    pins = (pin("addonTag", "harness/ci-addon:1.2.3"), pin("liteEngineTag", "harness/ci-lite-engine:1.16.1"))
    (old,) = deprecated(pins, CATALOGUE.defaults(Infra.K8))
    assert (old.field, old.version, old.default_image) == ("addonTag", "1.2.3", "harness/ci-addon:1.16.92")


@given(st.text(), st.text())
def test_no_text_upsets_the_comparison_of_versions(image: str, default: str) -> None:
    assert is_too_old(image, default) in (True, False)
    assert ":" not in tag_of(image)
