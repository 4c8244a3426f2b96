"""How old an image is, and whether there is a hotfix for it."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.catalogue import (
    Catalogue,
    ImageVersion,
    Infra,
    ReleaseLineFileError,
    SupportState,
    at_version,
    state_of_line,
    support_of,
    version_of,
)

SHIPPED = Catalogue.load()
DIGEST = "@sha256:" + "0" * 64


def catalogue(directory: Path, files: dict[str, str], today: date | None = None) -> Catalogue:
    for name, text in files.items():
        (directory / name).write_text(text)
    return Catalogue.read(directory, today)


def state(image: str, known: Catalogue = SHIPPED, field: str = "addonTag") -> SupportState:
    return support_of(known.fields[field], Infra.K8, image, known).state


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        ("a:1.16.92", SupportState.LATEST),
        ("a:1.16.0", SupportState.LATEST),
        ("a:1.15.3", SupportState.LATEST_1),
        ("a:1.14.4", SupportState.LATEST_2),
        ("a:1.13.99", SupportState.UNSUPPORTED),
        ("a:0.99.0", SupportState.UNSUPPORTED),
        ("a:1.17.0", SupportState.NEWER),
        ("a:2.0.0", SupportState.NEWER),
        ("a:rootless-1.14.4", SupportState.LATEST_2),
        ("a:v1.15.0", SupportState.LATEST_1),
        ("a:rootless-v1.15.0", SupportState.LATEST_1),
        ("a:1.15.0-rootless", SupportState.LATEST_1),
        ("my.registry:5000/p/a:1.14.0", SupportState.LATEST_2),
        (f"a:1.14.4{DIGEST}", SupportState.LATEST_2),
        ("a:latest", SupportState.UNKNOWN),
        ("a", SupportState.UNKNOWN),
        (f"a{DIGEST}", SupportState.UNKNOWN),
        ("not an image", SupportState.UNKNOWN),
    ],
)
def test_the_latest_three_releases_are_supported(image: str, wanted: SupportState) -> None:
    assert state(image) is wanted


def test_plugin_images_come_as_needed_and_have_no_window() -> None:
    assert state("plugins/s3:0.0.1", field="s3UploadTag") is SupportState.AS_NEEDED


def test_a_hotfix_is_a_higher_z_of_the_same_release(tmp_path: Path) -> None:
    known = catalogue(tmp_path, {"1.14.toml": '[[hotfix]]\nversion = "1.14.9"\nfields = ["addonTag"]\n'})
    field = known.fields["addonTag"]
    assert support_of(field, Infra.K8, "r.example/a:rootless-1.14.4", known).hotfix == "r.example/a:rootless-1.14.9"
    assert support_of(field, Infra.K8, f"a:1.14.8{DIGEST}", known).hotfix == "a:1.14.9"
    assert support_of(field, Infra.K8, "a:1.14.9", known).hotfix is None
    assert support_of(field, Infra.K8, "a:1.15.1", known).hotfix is None
    assert support_of(known.fields["liteEngineTag"], Infra.K8, "a:1.14.4", known).hotfix is None
    assert support_of(known.fields["liteEngineTag"], Infra.K8, "a:1.14.3", known).hotfix == "a:1.14.4"


def test_there_are_no_hotfixes_for_what_is_no_longer_supported(tmp_path: Path) -> None:
    known = catalogue(tmp_path, {"1.13.toml": '[K8]\naddonTag = "a:1.13.9"\n[[hotfix]]\nversion = "1.13.10"\n'})
    found = support_of(known.fields["addonTag"], Infra.K8, "a:1.13.1", known)
    assert (found.state, found.hotfix) == (SupportState.UNSUPPORTED, None)
    assert "no longer supported" in found.warnings("a:1.13.1")[0]


def test_the_last_minor_of_an_older_major_has_to_be_known_to_count_from_it(tmp_path: Path) -> None:
    two = '[release]\nbased_on = "1.16"\n[K8]\naddonTag = "a:2.0.0"\n'
    known = catalogue(tmp_path, {"2.0.toml": two})
    assert [state(f"a:{version}", known) for version in ("2.0.5", "1.16.1", "1.15.0", "1.14.0", "1.17.0")] == [
        SupportState.LATEST,
        SupportState.LATEST_1,
        SupportState.LATEST_2,
        SupportState.UNSUPPORTED,
        SupportState.UNSUPPORTED,
    ]


def test_lines_have_a_state_of_their_own() -> None:
    assert [(line, state_of_line(line, SHIPPED)) for line in SHIPPED.lines()] == [
        ("1.16", SupportState.LATEST),
        ("1.14", SupportState.LATEST_2),
    ]


def test_a_line_of_the_future_is_known_and_not_out_yet(tmp_path: Path) -> None:
    text = '[release]\nreleased = 2026-11-23\nbased_on = "1.16"\n[K8]\naddonTag = "a:1.17.0"\n'
    before = catalogue(tmp_path, {"1.17.toml": text}, date(2026, 11, 22))
    assert (before.lines()[0], before.line(None)) == ("1.17", "1.16")
    assert state("a:1.17.0", before) is SupportState.NEWER
    on_the_day = Catalogue.read(tmp_path, date(2026, 11, 23))
    assert on_the_day.line(None) == "1.17"
    assert on_the_day.default("addonTag", Infra.K8) == "a:1.17.0"
    assert on_the_day.default("s3UploadTag", Infra.K8) == SHIPPED.default("s3UploadTag", Infra.K8)
    assert state("a:1.13.0", on_the_day) is SupportState.UNSUPPORTED


def test_an_own_file_changes_of_a_shipped_line_what_it_names(tmp_path: Path) -> None:
    text = '[release]\nreleased = 2026-01-12\n[VM]\ngitCloneTag = "r.example/git:7"\n'
    line = catalogue(tmp_path, {"1.16.toml": text}).release_lines["1.16"]
    assert (line.released, line.is_own) == (date(2026, 1, 12), True)
    assert line.defaults[Infra.VM]["gitCloneTag"] == "r.example/git:7"
    assert line.defaults[Infra.K8] == SHIPPED.release_lines["1.16"].defaults[Infra.K8]
    assert not SHIPPED.release_lines["1.16"].is_own


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("new.toml", "", "not that of a release line"),
        ("1.17.0.toml", "", "not that of a release line"),
        ("1.17.toml", "=", "is no TOML"),
        ("1.17.toml", "[releases]", "unknown part 'releases'"),
        ("1.17.toml", "[release]\nday = 1", "and nothing else"),
        ("1.17.toml", "release = 1", "is not a table"),
        ("1.17.toml", '[release]\nreleased = "2026-01-01"', "is no day"),
        ("1.17.toml", "[release]\nreleased = 2026-01-01T00:00:00", "is no day"),
        ("1.17.toml", '[release]\nbased_on = "1.18"', "no older release line"),
        ("1.17.toml", '[release]\nbased_on = "1.17"', "no older release line"),
        ("1.17.toml", '[K8]\nnope = "a:1"', "no image field 'nope'"),
        ("1.17.toml", '[VM]\naddonTag = "a:1"', "VM has no image field 'addonTag'"),
        ("1.17.toml", '[K8]\naddonTag = "Not An Image"', "K8.addonTag"),
        ("1.17.toml", "[K8]\naddonTag = 1", "no text"),
        ("1.17.toml", '[[hotfix]]\nversion = "1.18.1"', "no version 1.17.z"),
        ("1.17.toml", '[[hotfix]]\nversion = "1.17"', "no version 1.17.z"),
        ("1.17.toml", '[[hotfix]]\nversion = "1.17.1"\nfields = ["nope"]', "do not exist"),
        ("1.17.toml", '[[hotfix]]\nversion = "1.17.1"\nwhy = 1', "and nothing else"),
        ("1.17.toml", "hotfix = 1", "[[hotfix]]"),
        ("1.17.toml", "#" * 300_000, "larger than"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(tmp_path: Path, name: str, text: str, problem: str) -> None:
    with pytest.raises(ReleaseLineFileError) as refusal:
        catalogue(tmp_path, {name: text})
    assert problem in refusal.value.message
    assert name in refusal.value.message


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseLineFileError, match="cannot be read"):
        Catalogue.read(tmp_path / "none")


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        ("r.example:5000/a:rootless-1.2.3", "r.example:5000/a:rootless-9.8.7"),
        ("a:v1.2", "a:v9.8.7"),
        ("a:1.2.3-rootless", "a:9.8.7-rootless"),
        (f"a:1.2.3{DIGEST}", "a:9.8.7"),
    ],
)
def test_the_same_image_at_another_version(image: str, wanted: str) -> None:
    assert at_version(image, ImageVersion(9, 8, 7)) == wanted


def test_an_image_without_a_version_has_no_other() -> None:
    with pytest.raises(ValueError, match="no version"):
        at_version("a:latest", ImageVersion(1, 2, 3))


@given(st.text())
def test_any_text_has_a_version_or_none(text: str) -> None:
    version = version_of(text)
    assert version is None or version_of(at_version(text, version)) == version
    assert state(text) in SupportState
