"""Images and their evidence through a tar file from one registry into another, byte for byte."""

import json
import tarfile
from pathlib import Path

import pytest

from pierhead.oci.digest import Digest
from pierhead.oci.errors import DigestMismatchError
from pierhead.oci.platform import Platform
from pierhead.oci.reference import Reference
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.errors import ManifestUnknownError, RegistryError
from pierhead.registry.transport import Transport
from pierhead.testing.clock import FakeClock
from pierhead.testing.fake_registry import BlobFault, FakeRegistry, Then
from pierhead.testing.images import artifact, image, layer, multi_platform, noise
from pierhead.worker.archives import Archive, loads_of, lock_document, save_images
from pierhead.worker.archives.errors import TwoImagesOneNameError
from pierhead.worker.archives.source import ENDPOINT
from pierhead.worker.copying import CopyRequest, IndexMode, copy_images

LARGE = layer({"large": noise(3 * 1024 * 1024)})
SMALL = layer({"small": "small"})


@pytest.fixture
def source():
    with FakeRegistry(has_referrers=True) as registry:
        yield registry


@pytest.fixture
def target():
    with FakeRegistry() as registry:
        yield registry


@pytest.fixture
def transport():
    with Transport(FakeClock()) as transport:
        yield transport


@pytest.fixture
def path(tmp_path):
    return tmp_path / "images.tar"


def wanted(registry, name, **more) -> CopyRequest:
    reference = Reference.parse(f"{registry.host}/{name}")
    return CopyRequest(name, Endpoint.for_url(registry.url), reference, ENDPOINT, reference, **more)


def load(path, target, transport, prefix=""):
    endpoint = Endpoint.for_url(target.url)
    with Archive(path) as archive:
        requests, source = loads_of(
            archive, lambda name: (endpoint, Reference(target.host, prefix + name.repository, name.tag, name.digest))
        )
        return copy_images(requests, transport, lambda _: None, open_source=source)


def test_an_image_comes_out_as_it_went_in(source, target, transport, path):
    made = multi_platform([SMALL, LARGE], "tool")
    source.add("team/tool", "1", made)
    (saved,) = save_images([wanted(source, "team/tool:1")], transport, path)
    assert (saved.digest, saved.document_bytes) == (made.descriptor.digest, len(made.raw))
    assert saved.platforms == ("linux/amd64", "linux/arm64/v8")
    (outcome,) = load(path, target, transport, "mirror/")
    assert (outcome.state, outcome.error) == ("copied", None)
    assert target.content.find_manifest("mirror/team/tool", "1")[2] == made.raw
    for digest, content in made.blobs.items():
        assert target.content.find_blob("mirror/team/tool", digest) == content
    assert [each.state for each in load(path, target, transport, "mirror/")] == ["present"]


def test_evidence_travels_with_the_image(source, target, transport, path):
    made = image([SMALL])
    source.add("team/tool", "1", made)
    sbom = artifact("application/spdx+json", b"sbom", made.descriptor)
    signature = artifact("application/x.signature", b"signature", sbom.descriptor)
    for each in (sbom, signature):
        for digest, content in each.blobs.items():
            source.content.put_blob("team/tool", digest, content)
        source.content.put_manifest("team/tool", str(each.descriptor.digest), each.descriptor.media_type, each.raw)
    tag = f"sha256-{made.descriptor.digest.encoded}.sig"
    source.add("team/tool", tag, image([layer({"sig": "sig"})]))
    (saved,) = save_images([wanted(source, "team/tool:1", referrers=True)], transport, path)
    assert saved.evidence == 3
    (outcome,) = load(path, target, transport)
    assert (outcome.error, outcome.referrers) == (None, 3)
    assert target.content.find_manifest("team/tool", str(signature.descriptor.digest))[2] == signature.raw
    assert set(target.content.tags("team/tool")) >= {"1", tag, f"sha256-{made.descriptor.digest.encoded}"}


def test_what_images_share_is_saved_once_and_the_same_images_are_the_same_file(source, transport, path, tmp_path):
    for n in range(3):
        source.add("team/tool", str(n), image([LARGE, layer({"n": str(n)})]))
    requests = [wanted(source, f"team/tool:{n}") for n in range(3)]
    save_images(requests, transport, path)
    save_images(requests, transport, tmp_path / "again.tar")
    assert path.read_bytes() == (tmp_path / "again.tar").read_bytes()
    with tarfile.open(path) as tar:
        names = tar.getnames()
    assert names[:2] == ["oci-layout", "index.json"]
    assert len(names) == len(set(names)) == 2 + 3 + 3 + 3 + 1


def test_some_platforms_are_saved_in_an_index_of_their_own(source, target, transport, path):
    made = multi_platform([SMALL], "tool")
    source.add("team/tool", "1", made)
    request = wanted(source, "team/tool:1", platforms=(Platform("linux", "amd64"),), index=IndexMode.REWRITTEN)
    (saved,) = save_images([request], transport, path)
    assert saved.source_digest == made.descriptor.digest != saved.digest
    assert saved.platforms == ("linux/amd64",)
    (outcome,) = load(path, target, transport)
    assert (outcome.state, outcome.digest) == ("copied", saved.digest)


def test_an_image_by_its_digest_is_loaded_by_it(source, target, transport, path):
    made = image([SMALL])
    source.add("team/tool", "1", made)
    save_images([wanted(source, f"team/tool@{made.descriptor.digest}")], transport, path)
    (outcome,) = load(path, target, transport)
    assert outcome.state == "copied"
    assert target.content.tags("team/tool") == []
    assert target.content.find_manifest("team/tool", str(made.descriptor.digest))


@pytest.mark.parametrize("then", [Then.FLIP, Then.CUT])
def test_nothing_is_left_of_an_archive_that_could_not_be_finished(source, transport, path, then):
    path.write_bytes(b"what was there before")
    source.add("team/tool", "1", image([SMALL, LARGE]))
    source.faults.hit_blob(LARGE.digest, BlobFault(then, 1000, times=1000))
    with pytest.raises((DigestMismatchError, RegistryError)):
        save_images([wanted(source, "team/tool:1")], transport, path)
    assert path.read_bytes() == b"what was there before"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_an_image_that_is_not_there_fails_before_anything_is_written(source, transport, path):
    with pytest.raises(ManifestUnknownError):
        save_images([wanted(source, "team/tool:1")], transport, path)
    assert list(path.parent.iterdir()) == []


def test_one_name_twice_is_refused(source, transport, path):
    with pytest.raises(TwoImagesOneNameError):
        save_images([wanted(source, "team/tool:1")] * 2, transport, path)


def test_the_lock_names_every_image_by_digest(source, transport, path):
    made = multi_platform([SMALL], "tool")
    source.add("team/tool", "1", made)
    lock = json.loads(lock_document(save_images([wanted(source, "team/tool:1")], transport, path)))
    (entry,) = lock["images"]
    assert (lock["version"], entry["reference"]) == (1, f"{source.host}/team/tool:1")
    assert (entry["digest"], entry["size"]) == (str(made.descriptor.digest), len(made.raw))
    assert entry["platforms"] == ["linux/amd64", "linux/arm64/v8"]


def flip(path: Path, digest: Digest) -> None:
    """One byte in the middle of a blob."""
    with Archive(path) as archive:
        entry = archive.find(digest)
    data = bytearray(path.read_bytes())
    data[entry.offset + entry.size // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("digest", [SMALL.digest, LARGE.digest], ids=["small", "large"])
def test_a_wrong_byte_in_a_blob_sets_no_tag(source, target, transport, path, digest):
    source.add("team/tool", "1", image([SMALL, LARGE]))
    save_images([wanted(source, "team/tool:1")], transport, path)
    flip(path, digest)
    (outcome,) = load(path, target, transport)
    assert (outcome.state, outcome.error.code) == ("failed", "digest-mismatch")
    assert not target.content.tags("team/tool")
    assert target.content.find_blob("team/tool", digest) is None


def test_a_wrong_byte_in_a_manifest_sets_no_tag(source, target, transport, path):
    made = image([SMALL])
    source.add("team/tool", "1", made)
    save_images([wanted(source, "team/tool:1")], transport, path)
    flip(path, made.descriptor.digest)
    (outcome,) = load(path, target, transport)
    assert (outcome.state, outcome.error.code) == ("failed", "digest-mismatch")
    assert not target.content.tags("team/tool")


def test_a_load_that_was_cut_off_ends_in_the_same_state(source, target, transport, path):
    made = multi_platform([SMALL, LARGE], "tool")
    source.add("team/tool", "1", made)
    save_images([wanted(source, "team/tool:1")], transport, path)
    target.content.put_blob("team/tool", SMALL.digest, SMALL.content)  # so far it had got
    (outcome,) = load(path, target, transport)
    assert (outcome.state, outcome.bytes_mounted) == ("copied", SMALL.size)
    assert target.content.find_manifest("team/tool", "1")[2] == made.raw
