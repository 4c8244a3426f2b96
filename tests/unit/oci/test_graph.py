import pytest

from pierhead.oci import media_types as mt
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.errors import PlatformNotFoundError
from pierhead.oci.graph import blobs_of, children
from pierhead.oci.index import Index
from pierhead.oci.manifest import Manifest
from pierhead.oci.platform import Platform


def described(name: str, media_type: str = mt.OCI_LAYER_GZIP, urls: tuple[str, ...] = ()) -> Descriptor:
    return Descriptor(media_type, Digest.of(name.encode()), len(name), urls=urls)


def manifest(*layers: Descriptor) -> Manifest:
    return Manifest(b"{}", mt.OCI_MANIFEST, described("config", mt.OCI_CONFIG), layers)


def platformed(name: str, platform: str) -> Descriptor:
    return Descriptor(mt.OCI_MANIFEST, Digest.of(name.encode()), len(name), Platform.parse(platform))


AMD, ARM = platformed("amd", "linux/amd64"), platformed("arm", "linux/arm64")
ATTESTATION = platformed("att", "unknown/unknown")
INDEX = Index(b"{}", mt.OCI_INDEX, (AMD, ARM, AMD, ATTESTATION))


def test_a_missing_platform_refuses_the_whole_plan() -> None:
    with pytest.raises(PlatformNotFoundError):
        children(INDEX, [Platform.parse("linux/amd64"), Platform.parse("linux/s390x")])


def test_the_config_comes_first_and_each_blob_once_in_order() -> None:
    a, b = described("a"), described("b")
    found = manifest(a, b, a)
    assert blobs_of(found) == (found.config, a, b)


def test_a_manifest_without_layers_has_its_config() -> None:
    assert blobs_of(manifest()) == (described("config", mt.OCI_CONFIG),)


@pytest.mark.parametrize("media_type", sorted(mt.NON_DISTRIBUTABLE))
def test_foreign_layers_are_left_out_on_request_only(media_type: str) -> None:
    foreign, own = described("f", media_type, ("https://example.com/f",)), described("o")
    assert foreign in blobs_of(manifest(foreign, own))
    assert blobs_of(manifest(foreign, own), distributable_only=True)[1:] == (own,)


def test_a_layer_is_foreign_only_by_type_and_urls_together() -> None:
    nowhere_else = described("f", mt.DOCKER_FOREIGN_LAYER)
    also_elsewhere = described("o", urls=("https://example.com/o",))
    kept = blobs_of(manifest(nowhere_else, also_elsewhere), distributable_only=True)
    assert kept[1:] == (nowhere_else, also_elsewhere)


def test_all_children_are_each_entry_once() -> None:
    assert children(INDEX, None) == (AMD, ARM, ATTESTATION)


def test_children_for_platforms_are_in_the_order_asked_and_once() -> None:
    wanted = [Platform.parse(text) for text in ("linux/arm64/v8", "linux/amd64", "linux/amd64/v3")]
    assert children(INDEX, wanted) == (ARM, AMD)
    assert children(INDEX, []) == ()
