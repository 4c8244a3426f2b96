import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.oci import media_types as mt
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.errors import PlatformNotFoundError
from pierhead.oci.index import Index, choose, select
from pierhead.oci.platform import Platform

ATTESTATION = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": "sha256:..."}


def entry(
    name: str,
    platform: str | None,
    media_type: str = mt.OCI_MANIFEST,
    annotations: dict[str, str] | None = None,
) -> Descriptor:
    where = Platform.parse(platform) if platform else None
    return Descriptor(media_type, Digest.of(name.encode()), len(name), where, annotations or {})


def named(name: str) -> Digest:
    return Digest.of(name.encode())


def index(*entries: Descriptor) -> Index:
    return Index(b"{}", mt.OCI_INDEX, entries)


LINUX_AMD64 = Platform("linux", "amd64")


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [entry("a", "linux/arm64"), entry("b", "linux/s390x")],
        [entry("a", None), entry("b", None)],
        [entry("a", None), entry("b", "linux/arm64")],
        [entry("a", "unknown/unknown", annotations=ATTESTATION)],
        [entry("a", "unknown/unknown")],
        [entry("a", "linux/amd64", annotations=ATTESTATION)],
        [entry("a", None, annotations=ATTESTATION)],
        [entry("a", "linux/amd64", "application/vnd.oci.image.layer.v1.tar+gzip")],
        [entry("a", None, "application/vnd.buildkit.cacheconfig.v0")],
        [entry("a", "linux/amd64/v3")],
    ],
)
def test_refuses_when_nothing_runs_there(entries: list[Descriptor]) -> None:
    with pytest.raises(PlatformNotFoundError):
        select(index(*entries), LINUX_AMD64)


def test_a_refusal_lists_what_there_is_without_attestations() -> None:
    entries = [
        entry("a", "linux/arm64"),
        entry("b", "windows(10.0.1.2)/amd64"),
        entry("c", "unknown/unknown", annotations=ATTESTATION),
        entry("d", None),
    ]
    with pytest.raises(PlatformNotFoundError) as caught:
        select(index(*entries), Platform.parse("linux/amd64"))
    assert caught.value.available == ("linux/arm64", "windows(10.0.1.2)/amd64", "unnamed")
    assert "linux/amd64; it is there for linux/arm64, windows(10.0.1.2)/amd64, unnamed" in caught.value.message


def test_a_refusal_of_a_huge_index_stays_short() -> None:
    with pytest.raises(PlatformNotFoundError) as caught:
        select(index(*[entry("a", "linux/arm64")] * 10_000), LINUX_AMD64)
    assert len(caught.value.message) < 500


@pytest.mark.parametrize(
    ("platforms", "wanted", "chosen"),
    [
        (["linux/386", "linux/amd64"], "linux/amd64", 1),
        (["linux/amd64", "linux/amd64/v2", "linux/amd64/v3", "linux/amd64/v4"], "linux/amd64/v3", 2),
        (["linux/amd64", "linux/amd64/v2"], "linux/amd64", 0),
        (["linux/arm/v5", "linux/arm/v6", "linux/arm/v8"], "linux/arm/v7", 1),
        (["linux/arm/v6", "linux/arm/v7", "linux/arm64"], "linux/arm64", 2),
        (["linux/arm/v6", "linux/arm/v7"], "linux/arm64/v8", 1),
        (["linux/arm64", "linux/arm64"], "linux/arm64/v8", 0),
        (["windows/amd64", "linux/amd64"], "linux/amd64", 1),
    ],
)
def test_the_exact_platform_wins_then_the_nearest_then_the_first(
    platforms: list[str], wanted: str, chosen: int
) -> None:
    entries = [entry(str(position), platform) for position, platform in enumerate(platforms)]
    assert select(index(*entries), Platform.parse(wanted)) is entries[chosen]


@pytest.mark.parametrize(
    ("versions", "wanted", "chosen"),
    [
        (["10.0.20348.1", "10.0.20348.9"], "10.0.20348.1", 0),
        (["10.0.20348.1", "10.0.20348.10", "10.0.20348.9"], "10.0.20348.5", 1),
        (["10.0.17763.1", "10.0.20348.1"], "10.0.20348.5", 1),
        (["10.0.17763.1", "10.0.20348.1"], None, 1),
        (["x.y", "10.0.20348.1"], None, 1),
    ],
)
def test_among_windows_images_the_very_version_wins_then_the_newest(
    versions: list[str], wanted: str | None, chosen: int
) -> None:
    entries = [entry(version, f"windows({version})/amd64") for version in versions]
    assert select(index(*entries), Platform("windows", "amd64", None, wanted)) is entries[chosen]


def test_attestations_are_never_chosen_and_never_in_the_way() -> None:
    entries = [
        entry("att", "unknown/unknown", annotations=ATTESTATION),
        entry("odd", "linux/amd64", annotations=ATTESTATION),
        entry("run", "linux/amd64"),
    ]
    assert select(index(*entries), LINUX_AMD64) is entries[2]
    assert [Index.is_attestation(each) for each in entries] == [True, True, False]


@pytest.mark.parametrize("media_type", sorted(mt.MANIFESTS | mt.INDEXES))
def test_a_single_entry_without_platform_is_usable_with_a_reason(media_type: str) -> None:
    single = entry("only", None, media_type)
    attestation = entry("att", "unknown/unknown", annotations=ATTESTATION)
    selection = choose(index(single, attestation), LINUX_AMD64)
    assert selection.descriptor is single
    assert selection.reason == "it is the only entry, and does not say its platform"


def test_a_nested_index_is_chosen_by_its_platform() -> None:
    nested = entry("nested", "linux/amd64", mt.OCI_INDEX)
    assert select(index(entry("a", "linux/arm64"), nested), LINUX_AMD64) is nested


@pytest.mark.parametrize(
    ("platform", "reason"),
    [("linux/amd64", "linux/amd64 is linux/amd64"), ("linux/386", "linux/386 runs on linux/amd64")],
)
def test_a_choice_says_why(platform: str, reason: str) -> None:
    assert choose(index(entry("a", platform)), LINUX_AMD64).reason == reason


PLATFORMS = st.sampled_from(
    [
        "linux/amd64",
        "linux/amd64/v2",
        "linux/386",
        "linux/arm64",
        "linux/arm64/v9",
        "linux/arm/v6",
        "windows(10.0.1.2)/amd64",
    ]
)


@given(st.lists(PLATFORMS, max_size=6), PLATFORMS)
def test_the_choice_runs_there_and_nothing_is_nearer(platforms: list[str], wanted: str) -> None:
    entries = [entry(str(position), platform) for position, platform in enumerate(platforms)]
    place = Platform.parse(wanted)
    ranks = [Platform.parse(platform).rank(place) for platform in platforms]
    possible = [rank for rank in ranks if rank is not None]
    try:
        chosen = select(index(*entries), place)
    except PlatformNotFoundError:
        assert not possible
        return
    assert chosen.platform is not None
    assert chosen.platform.rank(place) == min(possible)
