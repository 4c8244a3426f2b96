import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.oci.errors import InvalidDocumentError, InvalidPlatformError
from pierhead.oci.platform import Platform


@pytest.mark.parametrize(
    "text",
    [
        "",
        "linux",
        "/",
        "linux/",
        "/amd64",
        "linux/amd64/",
        "linux//v8",
        "linux/arm64/v8/x",
        "linux/amd 64",
        "linux/amd64\n",
        "linux/аmd64",
        "linux/\x00",
        "linux()/amd64",
        "linux(a/amd64",
        "linux(a)(b)/amd64",
        "windows(10 0)/amd64",
        "linux/" + "a" * 65,
        "../..",
        "a" * 100_000,
    ],
)
def test_refuses_what_is_not_a_platform(text: str) -> None:
    with pytest.raises(InvalidPlatformError) as caught:
        Platform.parse(text)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 500


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("linux/amd64", "linux/amd64"),
        ("Linux/AMD64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/x86-64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/amd64/v3", "linux/amd64/v3"),
        ("linux/i386", "linux/386"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
        ("linux/arm64/v9", "linux/arm64/v9"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/7", "linux/arm/v7"),
        ("linux/arm/v6", "linux/arm/v6"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/s390x", "linux/s390x"),
        ("macos/arm64", "darwin/arm64"),
        ("windows(10.0.20348.2113)/amd64", "windows(10.0.20348.2113)/amd64"),
    ],
)
def test_many_spellings_of_one_platform(text: str, usual: str) -> None:
    assert str(Platform.parse(text)) == usual


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        ("linux/amd64", "linux/arm64"),
        ("linux/amd64", "windows/amd64"),
        ("linux/amd64", "linux/386"),
        ("linux/amd64/v3", "linux/amd64"),
        ("linux/amd64/v3", "linux/amd64/v2"),
        ("linux/arm64", "linux/arm/v7"),
        ("linux/arm64", "linux/arm/v8"),
        ("linux/arm/v7", "linux/arm/v6"),
        ("linux/arm/v8", "linux/arm/v7"),
        ("linux/arm/v4", "linux/arm/v7"),
        ("linux/arm64/v9", "linux/arm64"),
        ("linux/arm64/v9.1", "linux/arm64/v9"),
        ("linux/arm64/v9", "linux/arm64/v8.5"),
        ("linux/arm64/v8.6", "linux/arm64/v9.0"),
        ("linux/arm64/strange", "linux/arm64"),
        ("linux/ppc64le/power9", "linux/ppc64le/power8"),
        ("linux/ppc64le/power9", "linux/ppc64le"),
        ("unknown/unknown", "linux/amd64"),
        ("windows(10.0.17763.1)/amd64", "windows(10.0.20348.1)/amd64"),
    ],
)
def test_what_does_not_run_there(image: str, wanted: str) -> None:
    assert not Platform.parse(image).satisfies(Platform.parse(wanted))


@pytest.mark.parametrize(
    ("wanted", "best_first"),
    [
        ("linux/amd64", ["linux/amd64", "linux/386"]),
        ("linux/amd64/v3", ["linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386"]),
        ("linux/arm/v7", ["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"]),
        ("linux/arm/v6", ["linux/arm/v6", "linux/arm/v5"]),
        ("linux/arm/v8", ["linux/arm/v8", "linux/arm/v7", "linux/arm/v6"]),
        ("linux/arm64", ["linux/arm64", "linux/arm/v8", "linux/arm/v7", "linux/arm/v5"]),
        ("linux/arm64/v9", ["linux/arm64/v9", "linux/arm64/v8.5", "linux/arm64/v8.1", "linux/arm64", "linux/arm/v7"]),
        ("linux/s390x", ["linux/s390x"]),
        ("linux/ppc64le/power9", ["linux/ppc64le/power9"]),
    ],
)
def test_what_runs_there_and_in_which_order(wanted: str, best_first: list[str]) -> None:
    ranks = [Platform.parse(image).rank(Platform.parse(wanted)) for image in best_first]
    possible = [rank for rank in ranks if rank is not None]
    assert ranks[0] == 0
    assert ranks == sorted(set(possible))


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        (Platform("linux", "arm64", "v8"), Platform("linux", "arm64")),
        (Platform("linux", "arm64"), Platform("linux", "arm64", "v8")),
        (Platform("linux", "arm64", "8"), Platform("linux", "aarch64")),
        (Platform("linux", "x86_64"), Platform("linux", "amd64", "v1")),
        (Platform("Linux", "AMD64"), Platform("linux", "amd64")),
        (Platform("linux", "arm"), Platform("linux", "arm", "v7")),
    ],
)
def test_spellings_in_documents_do_not_matter(image: Platform, wanted: Platform) -> None:
    assert image.rank(wanted) == 0


@pytest.mark.parametrize(
    ("image_version", "wanted_version", "runs"),
    [
        ("10.0.20348.2113", "10.0.20348.1", True),
        ("10.0.20348", "10.0.20348.1", True),
        ("10.0.203480.1", "10.0.20348.1", False),
        ("10.0.17763.1", "10.0.20348.1", False),
        (None, "10.0.20348.1", True),
        ("10.0.20348.2113", None, True),
    ],
)
def test_windows_builds_must_agree(image_version: str | None, wanted_version: str | None, runs: bool) -> None:
    image = Platform("windows", "amd64", None, image_version)
    assert image.satisfies(Platform("windows", "amd64", None, wanted_version)) is runs


def test_the_version_of_linux_does_not_matter() -> None:
    assert Platform("linux", "amd64", None, "5.0").satisfies(Platform("linux", "amd64", None, "6.0"))


def test_features_must_be_there_once_any_are_named() -> None:
    image = Platform("windows", "amd64", os_features=("win32k",))
    assert image.satisfies(Platform("windows", "amd64"))
    assert image.satisfies(replace(image, os_features=("win32k", "other")))
    assert not image.satisfies(replace(image, os_features=("other",)))


@pytest.mark.parametrize(
    ("machine", "expected"),
    [("x86_64", "linux/amd64"), ("aarch64", "linux/arm64"), ("armv7l", "linux/arm/v7"), ("armv6l", "linux/arm/v6")],
)
def test_the_host_in_the_words_of_the_specs(machine: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    uname = os.uname_result(("Linux", "", "", "", machine))
    monkeypatch.setattr(os, "uname", lambda: uname)
    monkeypatch.setattr("sys.platform", "linux")
    assert str(Platform.host()) == expected


@pytest.mark.parametrize(
    "value",
    [
        [],
        "linux/amd64",
        {"os": 1, "architecture": "amd64"},
        {"os": "linux", "architecture": ["amd64"]},
        {"os": "li nux", "architecture": "amd64"},
        {"os": "linux", "architecture": "amd64", "variant": "\x00"},
        {"os": "linux", "architecture": "amd64", "os.features": "win32k"},
        {"os": "linux", "architecture": "amd64", "os.features": [""]},
    ],
)
def test_refuses_what_is_no_platform_in_a_document(value: object) -> None:
    with pytest.raises(InvalidDocumentError, match=r"manifests\[0\]\.platform"):
        Platform.from_json(value, "manifests[0].platform")


@pytest.mark.parametrize("value", [{}, {"os": "", "architecture": ""}, {"os": None}, {"variant": "v8"}])
def test_an_object_that_names_nothing_is_no_platform(value: dict[str, object]) -> None:
    assert Platform.from_json(value, "platform") is None


def test_half_a_platform_is_unknown_and_matches_nothing() -> None:
    half = Platform.from_json({"architecture": "amd64"}, "platform")
    assert half == Platform("unknown", "amd64")
    assert not half.satisfies(Platform("linux", "amd64"))


def test_json_keeps_every_field() -> None:
    platform = Platform("windows", "amd64", "v1", "10.0.1", ("win32k",))
    written = platform.to_json()
    assert written == {
        "os": "windows",
        "architecture": "amd64",
        "variant": "v1",
        "os.version": "10.0.1",
        "os.features": ["win32k"],
    }
    assert Platform.from_json(written, "platform") == platform


@given(st.text() | st.text(alphabet="linuxarmv678/() .0-") | st.from_regex(r"\A[a-z]{1,5}/(arm|arm64|amd64)(/v?\d)?\Z"))
def test_any_text_is_a_platform_or_refused(text: str) -> None:
    try:
        platform = Platform.parse(text)
    except InvalidPlatformError:
        return
    assert Platform.parse(str(platform)) == platform
    assert platform.rank(platform) == 0
