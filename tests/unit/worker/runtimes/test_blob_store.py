"""Blobs become addressable only when proven, whatever happens on the way."""

import threading

import pytest

from pierhead.kit.limits import BodyTooLargeError
from pierhead.oci.digest import Digest
from pierhead.oci.errors import DigestMismatchError, SizeMismatchError
from pierhead.testing.clock import FakeClock
from pierhead.worker.errors import LayoutBusyError, LayoutIoError
from pierhead.worker.runtimes.blob_ingest import BlobIngest
from pierhead.worker.runtimes.blob_store import BlobStore, Held

DATA = b"some bytes of a layer" * 1000
DIGEST = Digest.of(DATA)


@pytest.fixture
def store(tmp_path) -> BlobStore:
    return BlobStore(tmp_path, FakeClock())


def claimed(store: BlobStore, digest: Digest = DIGEST, size: int = len(DATA)) -> BlobIngest:
    found = store.claim(digest, size)
    assert isinstance(found, BlobIngest)
    return found


def partials(store: BlobStore) -> list[str]:
    return [path.name for path in store.partials.iterdir()] if store.partials.exists() else []


def test_bytes_of_another_digest_are_refused_and_deleted(store):
    wrong = DATA[:-1] + b"!"
    with claimed(store) as ingest:
        ingest.write(memoryview(wrong))
        with pytest.raises(DigestMismatchError):
            ingest.commit()
    assert not store.has(DIGEST)
    assert partials(store) == []


def test_too_few_bytes_are_refused_and_deleted(store):
    with claimed(store) as ingest:
        ingest.write(memoryview(DATA[:-1]))
        with pytest.raises(SizeMismatchError):
            ingest.commit()
    assert not store.has(DIGEST)
    assert partials(store) == []


def test_more_bytes_than_promised_are_refused_at_once(store):
    with claimed(store) as ingest:
        ingest.write(memoryview(DATA))
        with pytest.raises(SizeMismatchError):
            ingest.write(memoryview(b"x"))
    assert not store.has(DIGEST)
    assert partials(store) == []


def test_nothing_is_addressable_before_the_commit(store):
    with claimed(store) as ingest:
        ingest.write(memoryview(DATA))
        assert not store.has(DIGEST)
        assert not store.path(DIGEST).exists()
        ingest.commit()
    assert store.read(DIGEST) == DATA
    assert partials(store) == []


def test_a_blob_of_another_size_does_not_count_as_present_and_is_replaced(store):
    store.put(DIGEST, DATA)
    store.path(DIGEST).write_bytes(DATA[:100])
    assert not store.has(DIGEST, len(DATA))
    store.put(DIGEST, DATA)
    assert store.read(DIGEST) == DATA


def test_a_link_in_the_place_of_a_blob_does_not_count_as_present(store, tmp_path):
    (tmp_path / "elsewhere").write_bytes(DATA)
    store.path(DIGEST).parent.mkdir(parents=True)
    store.path(DIGEST).symlink_to(tmp_path / "elsewhere")
    assert not store.has(DIGEST, len(DATA))


def test_a_damaged_document_is_not_read(store):
    store.put(DIGEST, DATA)
    store.path(DIGEST).write_bytes(b"x" + DATA[1:])
    with pytest.raises(DigestMismatchError):
        store.read(DIGEST)


def test_a_document_over_the_cap_is_not_read(store):
    store.put(DIGEST, DATA)
    with pytest.raises(BodyTooLargeError):
        store.read(DIGEST, cap_bytes=len(DATA) - 1)


def test_a_directory_that_cannot_be_written_is_a_named_error(store):
    store.partials.write_text("a file where the directory should be")
    with pytest.raises(LayoutIoError):
        store.claim(DIGEST, len(DATA))


def test_one_writer_at_a_time(store):
    with claimed(store):
        assert store.claim(DIGEST, len(DATA)) is Held.ELSEWHERE
        with pytest.raises(LayoutBusyError):
            store.put(DIGEST, DATA)
    assert isinstance(claimed(store), BlobIngest)


def test_who_waited_uses_what_the_other_one_stored(store):
    with claimed(store) as ingest:
        ingest.write(memoryview(DATA))
        ingest.commit()
        assert store.claim(DIGEST, len(DATA)) is Held.PRESENT  # though the lock is still held
    assert store.claim(DIGEST, len(DATA)) is Held.PRESENT


def test_an_interrupted_ingest_goes_on_where_it_ended(store):
    with claimed(store) as first:
        first.write(memoryview(DATA[:5000]))
    with claimed(store) as second:
        second.resume()
        assert (second.offset, second.resumed) == (5000, True)
        second.write(memoryview(DATA[5000:]))
        second.commit()
    assert store.read(DIGEST) == DATA


def test_a_complete_but_uncommitted_ingest_needs_no_byte_more(store):
    with claimed(store) as first:
        first.write(memoryview(DATA))
    with claimed(store) as second:
        second.resume()
        assert second.offset == len(DATA)
        second.commit()
    assert store.read(DIGEST) == DATA


def test_a_partial_file_that_is_too_long_is_started_over(store):
    store.partials.mkdir()
    (store.partials / f"sha256-{DIGEST.encoded}").write_bytes(DATA + b"more")
    with claimed(store) as ingest:
        ingest.resume()
        assert (ingest.offset, ingest.resumed) == (0, False)
        ingest.write(memoryview(DATA))
        ingest.commit()
    assert store.read(DIGEST) == DATA


def test_a_damaged_partial_file_can_be_started_over_under_the_same_lock(store):
    store.partials.mkdir()
    (store.partials / f"sha256-{DIGEST.encoded}").write_bytes(b"\0" * 5000)
    with claimed(store) as ingest:
        ingest.resume()
        ingest.write(memoryview(DATA[5000:]))
        assert not ingest.is_proven
        ingest.restart()
        ingest.write(memoryview(DATA))
        ingest.commit()
    assert store.read(DIGEST) == DATA


def test_an_empty_blob_can_be_stored(store):
    store.put(Digest.of(b""), b"")
    assert store.read(Digest.of(b"")) == b""


def test_sha512_has_its_own_directory(store, tmp_path):
    digest = Digest.of(DATA, "sha512")
    store.put(digest, DATA)
    assert (tmp_path / "blobs" / "sha512" / digest.encoded).read_bytes() == DATA


def test_many_threads_store_the_same_blob_once(tmp_path):
    store, failures = BlobStore(tmp_path), []

    def put() -> None:
        try:
            store.put(DIGEST, DATA)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert store.read(DIGEST) == DATA
    assert partials(store) == []
