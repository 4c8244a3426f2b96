"""Built images are real, and the same each time."""

import gzip
import io
import tarfile

from pierhead.oci.digest import Digest
from pierhead.oci.documents import parse_document
from pierhead.oci.graph import blobs_of
from pierhead.oci.image_config import ImageConfig
from pierhead.oci.index import Index
from pierhead.oci.manifest import Manifest
from pierhead.testing.images import image, index, layer, multi_platform, noise, noise_layer

FILES = {"etc/os-release": "ID=pierhead\n", "bin/tool": b"\x7fELF"}


def test_the_same_files_are_the_same_layer():
    assert layer(FILES) == layer(dict(reversed(FILES.items())))


def test_a_layer_is_a_tar_of_its_files():
    made = layer(FILES)
    unpacked = gzip.decompress(made.content)
    assert Digest.of(unpacked) == made.diff_id
    with tarfile.open(fileobj=io.BytesIO(unpacked)) as tar:
        assert {entry.name: tar.extractfile(entry).read() for entry in tar} == {
            "etc/os-release": b"ID=pierhead\n",
            "bin/tool": b"\x7fELF",
        }


def test_an_image_holds_all_that_its_manifest_names():
    for docker in (False, True):
        made = image([layer(FILES), layer({"a": "b"})], docker=docker, labels={"x": "y"})
        manifest = parse_document(made.raw, made.descriptor.media_type)
        assert isinstance(manifest, Manifest)
        assert {blob.digest for blob in blobs_of(manifest)} == set(made.blobs)
        config = ImageConfig.parse(made.blobs[manifest.config.digest])
        assert config.diff_ids == (layer(FILES).diff_id, layer({"a": "b"}).diff_id)
        assert config.labels == {"x": "y"}


def test_an_index_names_its_images_and_an_attestation():
    made = multi_platform([layer(FILES)], "tool")
    parsed = parse_document(made.raw, None)
    assert isinstance(parsed, Index)
    assert [Index.is_attestation(entry) for entry in parsed.manifests] == [False, False, True]
    assert {entry.digest for entry in parsed.manifests} == {descriptor.digest for descriptor, _ in made.documents[:-1]}
    assert index([image([layer(FILES)])], docker=True).descriptor.media_type.endswith("manifest.list.v2+json")


def test_images_share_the_layers_they_are_given():
    shared = layer(FILES)
    one, two = image([shared, layer({"1": "1"})]), image([shared, layer({"2": "2"})])
    assert set(one.blobs) & set(two.blobs) == {shared.digest}


def test_a_big_layer_is_what_it_says(tmp_path):
    made = noise_layer(20_000_000, tmp_path / "layer", seed=3)
    packed = made.content.read_bytes()
    assert (Digest.of(packed), len(packed)) == (made.digest, made.size)
    assert 20_000_000 < made.size < 20_100_000
    unpacked = gzip.decompress(packed)
    assert Digest.of(unpacked) == made.diff_id
    with tarfile.open(fileobj=io.BytesIO(unpacked)) as tar:
        (entry,) = tar
        assert entry.size == 20_000_000
    assert noise_layer(20_000_000, tmp_path / "again", seed=3).digest == made.digest


def test_noise_is_the_same_everywhere():
    assert noise(8, 1).hex() == noise(16, 1).hex()[:16]
    assert noise(8, 1) != noise(8, 2)
