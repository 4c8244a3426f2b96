"""index.json and oci-layout: names are added whole or not at all, and other people's entries stay."""

import json
import threading
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.kit.errors import AppError
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.media_types import OCI_MANIFEST
from pierhead.oci.platform import Platform
from pierhead.worker.errors import BrokenLayoutError, LayoutVersionError, NotALayoutError
from pierhead.worker.runtimes.index_file import REF_NAME, RESOLVED_DIGEST, IndexFile, LayoutImage

AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")


def entry(name: str, content: bytes = b"a", platform: Platform | None = None) -> LayoutImage:
    descriptor = Descriptor(OCI_MANIFEST, Digest.of(content), len(content), platform)
    return LayoutImage(name, descriptor, Digest.of(b"index of " + content))


@pytest.fixture
def index(tmp_path) -> IndexFile:
    index = IndexFile(tmp_path)
    index.create()
    return index


def summary(index: IndexFile) -> list[tuple[str, str, str]]:
    return [
        (image.name, str(image.descriptor.platform), image.descriptor.digest.encoded[:4]) for image in index.entries()
    ]


def test_a_file_is_no_layout(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotALayoutError):
        IndexFile(tmp_path / "file").create()


def test_a_layout_of_another_version_is_left_alone(tmp_path):
    (tmp_path / "oci-layout").write_text('{"imageLayoutVersion": "2.0.0"}')
    with pytest.raises(LayoutVersionError):
        IndexFile(tmp_path).create()
    assert not (tmp_path / "index.json").exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"manifests": 1}', '{"manifests": [1]}', '{"manifests": [], "manifests": []}']
)
def test_a_broken_index_is_named_and_not_overwritten(index, tmp_path, text):
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(BrokenLayoutError):
        index.entries()
    with pytest.raises(BrokenLayoutError):
        index.put([entry("a")])
    assert (tmp_path / "index.json").read_text() == text


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_give_entries_or_a_named_error(tmp_path_factory, raw):
    root = tmp_path_factory.mktemp("layout")
    (root / "index.json").write_bytes(raw)
    with suppress(AppError):
        IndexFile(root).entries()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["digest", "size", "mediaType", "annotations", REF_NAME, RESOLVED_DIGEST, "platform"])
            | st.text(),
            inner,
        )
    ),
    max_leaves=20,
)


@given(st.lists(json_values))
def test_any_entries_give_entries_or_a_named_error(tmp_path_factory, manifests):
    root = tmp_path_factory.mktemp("layout")
    (root / "index.json").write_text(json.dumps({"manifests": manifests}))
    with suppress(AppError):
        IndexFile(root).entries()


def test_a_new_layout_is_what_the_specification_wants(index, tmp_path):
    assert json.loads((tmp_path / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    assert json.loads((tmp_path / "index.json").read_text())["manifests"] == []
    index.create()
    assert index.entries() == ()


def test_names_are_found_again(index):
    image = entry("docker.io/library/alpine:3.20", platform=AMD64)
    index.put([image])
    (found,) = index.entries()
    assert (found.name, found.resolved, found.descriptor.platform) == (image.name, image.resolved, AMD64)


def test_a_name_moves_to_its_new_image(index):
    index.put([entry("a", b"1"), entry("b", b"2"), entry("c", b"3")])
    index.put([entry("b", b"new")])
    assert [name for name, *_ in summary(index)] == ["a", "b", "c"]
    assert index.entries()[1].descriptor.digest == Digest.of(b"new")


def test_two_platforms_of_a_name_live_side_by_side(index):
    index.put([entry("a", b"1", AMD64), entry("a", b"2", ARM64)])
    index.put([entry("a", b"3", AMD64)])
    assert [(str(i.descriptor.platform), i.descriptor.digest) for i in index.entries()] == [
        ("linux/amd64", Digest.of(b"3")),
        ("linux/arm64", Digest.of(b"2")),
    ]


def test_an_entry_for_all_platforms_takes_the_place_of_those_for_one(index):
    index.put([entry("a", b"1", AMD64), entry("a", b"2", ARM64)])
    index.put([entry("a", b"3")])
    assert [image.descriptor.digest for image in index.entries()] == [Digest.of(b"3")]


def test_what_others_wrote_stays(index, tmp_path):
    foreign = {"mediaType": OCI_MANIFEST, "digest": str(Digest.of(b"f")), "size": 1, "x-other": {"deep": [1]}}
    (tmp_path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [foreign], "x-top": 7}))
    index.put([entry("a")])
    written = json.loads((tmp_path / "index.json").read_text())
    assert written["manifests"][0] == foreign
    assert written["x-top"] == 7
    assert [image.name for image in index.entries()] == ["a"]


def test_nothing_is_written_when_nothing_changes(index, tmp_path):
    index.put([entry("a", platform=AMD64)])
    before = (tmp_path / "index.json").stat().st_ino
    index.put([entry("a", platform=AMD64)])
    assert (tmp_path / "index.json").stat().st_ino == before


def test_no_name_is_lost_when_many_write_at_once(index):
    def put(number: int) -> None:
        index.put([entry(f"image-{number}", str(number).encode())])

    threads = [threading.Thread(target=put, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {image.name for image in index.entries()} == {f"image-{number}" for number in range(16)}


def test_no_temporary_file_is_left(index, tmp_path):
    index.put([entry("a")])
    assert {path.name for path in tmp_path.iterdir()} == {"oci-layout", "index.json", ".index.lock"}
