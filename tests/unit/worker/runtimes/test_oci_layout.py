"""A layout finds only what is whole, checks what it holds, and copies what it can prove."""

import pytest

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.errors import DigestMismatchError
from pierhead.oci.platform import Platform
from pierhead.testing.images import LINUX_AMD64, LINUX_ARM64, Image, image, index, layer, multi_platform
from pierhead.worker.errors import ImageNotInLayoutError
from pierhead.worker.runtimes.oci_layout import LayoutImage, OciLayout

BASE = layer({"etc/os-release": "ID=pierhead\n"})
NAME = "registry.example/team/tool:1.0"
RISCV = Platform("linux", "riscv64")


@pytest.fixture
def layout(tmp_path) -> OciLayout:
    layout = OciLayout(tmp_path / "layout")
    layout.create()
    return layout


def fill(layout: OciLayout, made: Image, *, without: Digest | None = None) -> None:
    blobs = {**made.blobs, **{descriptor.digest: raw for descriptor, raw in made.documents}}
    for digest, data in blobs.items():
        if digest != without:
            layout.blobs.put(digest, data)


def named(layout: OciLayout, made: Image, name: str = NAME) -> Image:
    fill(layout, made)
    layout.name(
        [
            LayoutImage(
                name,
                Descriptor(made.descriptor.media_type, made.descriptor.digest, made.descriptor.size),
                made.descriptor.digest,
            )
        ]
    )
    return made


def chosen(layout: OciLayout, made: Image, place: int = 0, name: str = NAME) -> Image:
    """One platform of an index, as a pull stores it."""
    child = made.manifests[place]
    raw = next(raw for descriptor, raw in made.documents if descriptor.digest == child.digest)
    layout.blobs.put(child.digest, raw)
    from pierhead.oci.documents import parse_document
    from pierhead.oci.graph import blobs_of

    for blob in blobs_of(parse_document(raw, None)):
        layout.blobs.put(blob.digest, made.blobs[blob.digest])
    layout.name([LayoutImage(name, child, made.descriptor.digest)])
    return made


@pytest.mark.parametrize("missing", range(4))
def test_an_image_with_a_missing_part_is_not_found(layout, missing):
    made = named(layout, image([BASE, layer({"a": "a"})]))
    parts = [*made.blobs, made.descriptor.digest]
    layout.blobs.path(parts[missing]).unlink()
    assert layout.find(NAME, LINUX_AMD64) is None
    assert not layout.verify().is_sound


def test_an_image_with_a_cut_off_blob_is_not_found(layout):
    made = named(layout, image([BASE]))
    path = layout.blobs.path(BASE.digest)
    path.write_bytes(path.read_bytes()[:-1])
    assert layout.find(NAME, LINUX_AMD64) is None
    assert len(layout.verify().problems) == 2
    assert made.descriptor.digest != BASE.digest


def test_an_image_with_a_damaged_manifest_is_not_found(layout):
    made = named(layout, image([BASE]))
    path = layout.blobs.path(made.descriptor.digest)
    path.write_bytes(path.read_bytes().replace(b"layers", b"LAYERS"))
    assert layout.find(NAME, LINUX_AMD64) is None
    assert not layout.verify().is_sound


def test_an_image_whose_tag_has_moved_on_is_not_found(layout):
    named(layout, image([BASE]))
    assert layout.find(NAME, LINUX_AMD64, resolved=Digest.of(b"newer")) is None


def test_another_platform_is_not_found(layout):
    chosen(layout, multi_platform([BASE], "tool"))
    assert layout.find(NAME, LINUX_ARM64) is None
    assert layout.find(NAME, None) is None


def test_an_index_is_not_found_for_a_platform_it_lacks(layout):
    named(layout, multi_platform([BASE], "tool"))
    assert layout.find(NAME, RISCV) is None


def test_a_whole_image_is_found(layout):
    made = named(layout, image([BASE]))
    found = layout.find(NAME, LINUX_AMD64)
    assert found.digest == made.descriptor.digest
    assert layout.find(NAME, LINUX_AMD64, resolved=made.descriptor.digest) == found


def test_one_platform_of_an_index_is_found_by_the_digest_of_the_index(layout):
    made = chosen(layout, multi_platform([BASE], "tool"))
    found = layout.find(NAME, LINUX_AMD64, resolved=made.descriptor.digest)
    assert found.descriptor.digest == made.manifests[0].digest


def test_a_single_image_is_found_for_every_platform_for_its_tag_means_nothing_else(layout):
    named(layout, image([BASE]))
    assert layout.find(NAME, RISCV) is not None
    assert layout.find(NAME, None) is not None


def test_an_image_that_others_named_is_found_by_its_config(layout):
    made = image([BASE], platform=LINUX_ARM64)
    fill(layout, made)
    bare = Descriptor(made.descriptor.media_type, made.descriptor.digest, made.descriptor.size)
    layout.name([LayoutImage(NAME, bare)])
    assert layout.find(NAME, LINUX_ARM64) is not None
    assert layout.find(NAME, LINUX_AMD64) is None


def test_a_whole_index_serves_each_and_all_of_its_platforms(layout):
    named(layout, multi_platform([BASE], "tool"))
    assert all(layout.find(NAME, platform) for platform in (LINUX_AMD64, LINUX_ARM64, None))


def test_an_index_with_one_complete_platform_serves_only_that(layout):
    made = multi_platform([BASE], "tool")
    fill(layout, made, without=made.manifests[1].digest)
    layout.name(
        [
            LayoutImage(
                NAME,
                Descriptor(made.descriptor.media_type, made.descriptor.digest, made.descriptor.size),
                made.descriptor.digest,
            )
        ]
    )
    assert layout.find(NAME, LINUX_AMD64) is not None
    assert layout.find(NAME, LINUX_ARM64) is None
    assert layout.find(NAME, None) is None


def test_indexes_of_indexes_are_followed_but_not_for_ever(layout):
    made = image([BASE])
    for _ in range(6):
        made = index([made])
    named(layout, made)
    assert layout.find(NAME, None) is None


def test_a_sound_layout_has_no_problems(layout):
    named(layout, multi_platform([BASE], "tool"))
    report = layout.verify()
    assert report.is_sound
    assert (report.images, report.blobs) == (1, len(list((layout.root / "blobs" / "sha256").iterdir())))


def test_a_changed_byte_is_a_problem(layout):
    named(layout, image([BASE]))
    path = layout.blobs.path(BASE.digest)
    data = bytearray(path.read_bytes())
    data[10] ^= 1
    path.write_bytes(data)
    assert [problem for problem in layout.verify().problems if BASE.digest.encoded in problem]


def test_a_stranger_among_the_blobs_is_a_problem(layout):
    named(layout, image([BASE]))
    (layout.root / "blobs" / "sha256" / "stranger").touch()
    assert len(layout.verify().problems) == 1


def test_copying_an_image_that_is_not_whole_copies_nothing(layout, tmp_path):
    named(layout, image([BASE]))
    layout.blobs.path(BASE.digest).unlink()
    with pytest.raises(ImageNotInLayoutError):
        layout.copy_to(OciLayout(tmp_path / "other"), [(NAME, None)])
    assert not (tmp_path / "other").exists()


def test_copying_a_damaged_blob_fails_and_names_nothing(layout, tmp_path):
    named(layout, image([BASE]))
    path = layout.blobs.path(BASE.digest)
    path.write_bytes(bytes(len(path.read_bytes())))
    other = OciLayout(tmp_path / "other")
    with pytest.raises(DigestMismatchError):
        layout.copy_to(other, [(NAME, None)])
    assert other.images() == ()
    assert not other.blobs.has(BASE.digest)


def test_chosen_images_are_copied_whole(layout, tmp_path):
    made = named(layout, multi_platform([BASE], "tool"))
    named(layout, image([layer({"b": "b"})]), "registry.example/other:1")
    other = OciLayout(tmp_path / "other")
    layout.copy_to(other, [(NAME, None)])
    assert [image.name for image in other.images()] == [NAME]
    assert other.find(NAME, None).digest == made.descriptor.digest
    assert other.verify().is_sound


def test_what_a_name_means_by_now_is_not_copied_for_what_it_meant_before(layout, tmp_path):
    before = named(layout, image([BASE])).descriptor.digest
    after = named(layout, image([layer({"b": "b"})]))
    other = OciLayout(tmp_path / "other")

    with pytest.raises(ImageNotInLayoutError):
        layout.copy_to(other, [(NAME, before)])
    layout.copy_to(other, [(NAME, after.descriptor.digest)])

    assert other.find(NAME, None).digest == after.descriptor.digest
