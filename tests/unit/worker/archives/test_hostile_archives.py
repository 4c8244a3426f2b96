"""Archives that somebody made to do harm, and such as just are none."""

import gzip
import io
import json
import os
import tarfile
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.kit.errors import AppError
from pierhead.oci.digest import Digest
from pierhead.testing.images import image, layer
from pierhead.worker.archives import Archive
from pierhead.worker.archives.errors import ArchiveIoError, BrokenArchiveError, NamelessImageError
from pierhead.worker.archives.tar_format import header

LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
MADE = image([layer({"a": "a"})])
INDEX = "application/vnd.oci.image.index.v1+json"


def index_of(*names: str) -> bytes:
    entries = [
        MADE.descriptor.to_json() | {"annotations": {"org.opencontainers.image.ref.name": name}} for name in names
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()


def good() -> list[tuple[tarfile.TarInfo, bytes]]:
    files = {"oci-layout": LAYOUT, "index.json": index_of("r.example/a/b:1")}
    files |= {f"blobs/sha256/{digest.encoded}": data for digest, data in MADE.blobs.items()}
    files[f"blobs/sha256/{MADE.descriptor.digest.encoded}"] = MADE.raw
    return [(plain(name, data), data) for name, data in files.items()]


def plain(name: str, data: bytes = b"", **more) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    for key, value in more.items():
        setattr(entry, key, value)
    return entry


def packed(entries, form=tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for entry, data in entries:
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture
def archive(tmp_path):
    def opened(raw: bytes) -> Archive:
        path = tmp_path / "a.tar"
        path.write_bytes(raw)
        return Archive(path)

    return opened


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_archives_of_other_tools_are_read(archive, form):
    directories = [(plain(name, type=tarfile.DIRTYPE), b"") for name in ("blobs", "blobs/sha256")]
    others = [(plain("manifest.json", b"[]"), b"[]"), (plain("x" * 90 + "/" + "y" * 60), b"")]
    with archive(packed([*directories, *others, *good()], form)) as opened:
        (named,) = opened.images
        assert (str(named.reference), opened.document(named.descriptor.digest)) == ("r.example/a/b:1", MADE.raw)


def test_names_may_begin_with_a_dot(archive):
    entries = [(plain(f"./{entry.name}", data), data) for entry, data in good()]
    with archive(packed(entries)) as opened:
        assert len(opened.images) == 1


LINKS = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE]


@pytest.mark.parametrize("kind", LINKS, ids=["symlink", "link", "char", "block", "fifo", "sparse"])
def test_what_is_no_plain_file_is_refused(archive, kind):
    entry = plain("blobs/sha256/" + "0" * 64, type=kind, linkname="/etc/passwd")
    raw = packed(good())
    with pytest.raises(BrokenArchiveError):
        archive(entry.tobuf() + raw)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "blobs/../../x", "a\\..\\b", "a\nb", "blobs/\x1b[0m"])
def test_names_that_lead_elsewhere_are_refused(archive, name):
    with pytest.raises(BrokenArchiveError) as caught:
        archive(packed([(plain(name, b"x"), b"x"), *good()]))
    assert "\x1b" not in caught.value.message


def test_a_name_that_stands_twice_is_refused(archive):
    with pytest.raises(BrokenArchiveError):
        archive(packed([*good(), (plain("./index.json", b"{}"), b"{}")]))


@pytest.mark.parametrize("raw", [gzip.compress(packed(good())), b"BZh9" + bytes(600), b"\xfd7zXZ" + bytes(600)])
def test_a_compressed_archive_is_refused_with_what_to_do(archive, raw):
    with pytest.raises(BrokenArchiveError, match="unpack it first"):
        archive(raw)


def test_every_cut_is_noticed(archive):
    raw = packed(good())
    end = len(raw.rstrip(b"\0"))  # behind it are zeros only
    for cut in range(0, end, 97):
        with pytest.raises(BrokenArchiveError):
            archive(raw[:cut])


def test_any_wrong_byte_of_a_header_is_noticed_or_does_no_harm(archive):
    raw = packed(good())
    for at in range(0, 512, 3):
        broken = bytearray(raw)
        broken[at] ^= 0x41
        with pytest.raises(BrokenArchiveError):
            archive(bytes(broken))


def test_a_size_that_is_larger_than_the_file_costs_no_memory(archive):
    tracemalloc.start()
    with pytest.raises(BrokenArchiveError):
        archive(header("index.json", 1 << 60) + packed(good()))
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def test_an_extended_header_that_is_a_bomb_is_not_read(archive, tmp_path):
    entry = plain("x", type=tarfile.XHDTYPE)
    entry.size = 1 << 30
    path = tmp_path / "bomb.tar"
    path.write_bytes(entry.tobuf())
    os.truncate(path, 1 << 31)
    with pytest.raises(BrokenArchiveError, match="larger than any"):
        Archive(path)


def test_too_many_entries_are_refused(archive, monkeypatch):
    monkeypatch.setattr("pierhead.worker.archives.tar_format.MAX_ENTRIES", 3)
    with pytest.raises(BrokenArchiveError):
        archive(packed(good()))


def test_an_index_that_is_too_large_is_refused(archive):
    data = b" " * (5 << 20)
    rest = [pair for pair in good() if pair[0].name != "index.json"]
    with pytest.raises(BrokenArchiveError):
        archive(packed([*rest, (plain("index.json", data), data)]))


@pytest.mark.parametrize("missing", ["oci-layout", "index.json"])
def test_what_is_no_layout_is_refused(archive, missing):
    with pytest.raises(BrokenArchiveError, match=missing):
        archive(packed([pair for pair in good() if pair[0].name != missing]))


def test_a_name_without_a_repository_is_refused(archive):
    entries = [(plain("oci-layout", LAYOUT), LAYOUT), (plain("index.json", index_of("1.2")), index_of("1.2"))]
    with pytest.raises(NamelessImageError):
        archive(packed(entries))


def test_a_blob_under_a_name_that_is_no_digest_is_no_blob(archive):
    extra = [(plain(name, b"x"), b"x") for name in ("blobs/sha256/" + "a" * 128, "blobs/md5/" + "a" * 32)]
    with archive(packed([*good(), *extra])) as opened:
        assert opened.find(Digest("sha512", "a" * 128)) is None


@pytest.mark.parametrize("what", ["missing", "directory"])
def test_a_file_that_cannot_be_read_is_told_plainly(tmp_path, what):
    path = tmp_path if what == "directory" else tmp_path / "nope.tar"
    with pytest.raises((ArchiveIoError, BrokenArchiveError)):
        Archive(path)


def test_a_large_size_is_written_so_that_it_can_be_read_again(tmp_path):
    """Over 8 GiB the plain field is too short."""
    size = 9 << 30
    path = tmp_path / "large.tar"
    rest = packed(good())
    with path.open("wb") as file:
        file.write(header("blobs/sha256/" + "b" * 64, size))
        file.seek(size, os.SEEK_CUR)
        file.write(rest)
    with Archive(path) as opened:
        assert opened.find(Digest("sha256", "b" * 64)).size == size
        assert len(opened.images) == 1


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(packed(good())) - 1), st.binary(min_size=1, max_size=12)), max_size=4))
def test_bytes_that_were_changed_anywhere_are_refused_by_name_or_do_no_harm(tmp_path_factory, changes):
    raw = bytearray(packed(good()))
    for at, data in changes:
        raw[at : at + len(data)] = data
    path = tmp_path_factory.mktemp("any") / "a.tar"
    path.write_bytes(bytes(raw))
    try:
        with Archive(path) as opened:
            for named in opened.images:
                raw_document = opened.document(named.descriptor.digest)
                assert raw_document is None or Digest.of(raw_document) == named.descriptor.digest
            opened.referrers(MADE.descriptor.digest)
    except AppError:
        pass
