"""Who needs which blob, and from where it may come."""

from pierhead.kit.errors import AppError
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.registry.endpoint import Endpoint
from pierhead.worker.blob_board import SMALL_BYTES, BlobBoard, BlobSource

A, B = Endpoint.for_reference("a.example"), Endpoint.for_reference("b.example")
ERROR, OTHER_ERROR = AppError("first"), AppError("second")


def blob(name: str, size: int = SMALL_BYTES * 2) -> Descriptor:
    return Descriptor("x/y", Digest.of(name.encode()), size)


def source(image: str, endpoint: Endpoint = A, repository: str = "team/tool") -> BlobSource:
    return BlobSource(image, endpoint, repository)


def test_a_blob_of_two_images_is_one_job():
    board = BlobBoard()
    job = board.want(blob("1"), source("one"))
    assert board.want(blob("1"), source("two")) is job
    assert board.take(small=False) is job
    assert board.take(small=False) is None
    assert board.succeed(job) == {"one", "two"}


def test_the_largest_goes_first():
    board = BlobBoard()
    for size in (5, 9, 7):
        board.want(blob(str(size), size * SMALL_BYTES), source("one"))
    assert [board.take(small=False).blob.size // SMALL_BYTES for _ in range(3)] == [9, 7, 5]


def test_small_and_large_do_not_wait_for_each_other():
    board = BlobBoard()
    small = board.want(blob("small", 10), source("one"))
    assert board.take(small=False) is None
    assert board.take(small=True) is small


def test_the_same_place_is_asked_once():
    board = BlobBoard()
    job = board.want(blob("1"), source("one"))
    board.want(blob("1"), source("two"))
    assert len(job.sources) == 1
    board.want(blob("1"), source("two", repository="team/other"))
    board.want(blob("1"), source("two", B))
    assert len(job.sources) == 3


def test_a_source_that_fails_hands_over_to_the_next():
    board = BlobBoard()
    job = board.want(blob("1"), source("one"))
    board.want(blob("1"), source("two", B))
    board.take(small=False)
    board.fail(job, ERROR)
    assert board.give_up() == []
    assert board.take(small=False) is job
    assert job.sources[0].endpoint is B


def test_a_source_that_turns_up_late_helps():
    board = BlobBoard()
    job = board.want(blob("1"), source("one"))
    board.take(small=False)
    board.fail(job, ERROR)
    assert board.take(small=False) is None
    board.want(blob("1"), source("two", B))
    assert board.take(small=False) is job
    assert board.give_up() == []


def test_a_late_image_of_a_place_that_failed_brings_nothing_new():
    board = BlobBoard()
    job = board.want(blob("1"), source("one"))
    board.take(small=False)
    board.fail(job, ERROR)
    board.want(blob("1"), source("two"))
    assert board.take(small=False) is None
    assert board.give_up() == [job]
    assert job.waiting == {"one", "two"}
    assert job.error_for("two") is ERROR


def test_each_image_hears_its_own_source():
    board = BlobBoard()
    job = board.want(blob("1"), source("one"))
    board.want(blob("1"), source("two", B))
    for error in (ERROR, OTHER_ERROR):
        board.take(small=False)
        board.fail(job, error)
    assert (job.error_for("one"), job.error_for("two")) == (ERROR, OTHER_ERROR)


def test_a_parked_job_comes_back():
    board = BlobBoard()
    job = board.want(blob("1"), source("one"))
    board.park(board.take(small=False))
    assert board.take(small=False) is None
    board.unpark()
    assert board.take(small=False) is job


def test_what_nobody_waits_for_is_cancelled():
    board = BlobBoard()
    own, shared = board.want(blob("own"), source("one")), board.want(blob("shared"), source("one"))
    board.want(blob("shared"), source("two"))
    board.forget("one")
    assert (own.cancel.is_set(), shared.cancel.is_set()) == (True, False)
    assert board.take(small=False) is shared
    assert board.take(small=False) is None


def test_a_forgotten_blob_can_be_wanted_again():
    board = BlobBoard()
    first = board.want(blob("1"), source("one"))
    board.forget("one")
    second = board.want(blob("1"), source("two"))
    assert second is not first
    assert board.take(small=False) is second


def test_a_forgotten_job_is_neither_unparked_nor_given_up():
    board = BlobBoard()
    parked, stuck = board.want(blob("parked"), source("one")), board.want(blob("stuck"), source("one"))
    for _ in range(2):
        board.take(small=False)
    board.park(parked)
    board.fail(stuck, ERROR)
    board.forget("one")
    board.unpark()
    assert board.take(small=False) is None
    assert board.give_up() == []
