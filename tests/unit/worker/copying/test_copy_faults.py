"""What breaks on the way, and how a copy goes on: no byte twice where it can be helped, and never a wrong one."""

import threading
from time import monotonic, sleep

import pytest

from pierhead.testing.fake_registry import BlobFault, Scripted, Then, UploadFault
from pierhead.testing.images import image
from pierhead.worker.cancel import CancelToken

from .conftest import PIECE


@pytest.fixture
def tool(source, large):
    made = image([large])
    source.add("team/tool", "1", made)
    return made


def is_right(copier, made) -> bool:
    """Whether the target has all of it, byte for byte."""
    found = copier.target.content.find_manifest("team/tool", "1")
    blobs = {digest: copier.target.content.find_blob("team/tool", digest) for digest in made.blobs}
    return found is not None and found[2] == made.raw and blobs == dict(made.blobs)


def test_a_source_that_breaks_off_is_asked_for_the_rest(copier, source, tool, large):
    source.faults.hit_blob(large.digest, BlobFault(Then.CUT, after_bytes=3 * PIECE + 77, times=3))
    outcome = copier.one("team/tool:1")
    assert outcome.state == "copied"
    assert is_right(copier, tool)
    assert outcome.bytes_fetched == outcome.bytes_total
    assert [each.range for each in source.requests if each.target == str(large.digest) and each.range]


@pytest.mark.parametrize("keep", [0, 1, 77, PIECE])
@pytest.mark.parametrize("status", [None, 500, 502, 503])
def test_a_target_that_breaks_in_the_middle_goes_on_from_where_it_is(copier, target, tool, keep, status):
    target.uploads.fault = UploadFault("PATCH", keep, status, skip=2, times=2)
    outcome = copier.one("team/tool:1")
    assert outcome.state == "copied"
    assert is_right(copier, tool)
    assert outcome.bytes_fetched == outcome.bytes_total
    assert len([each for each in target.requests if each.kind == "uploads" and each.method == "POST"]) == 2


@pytest.mark.parametrize("keep", [0, 77, PIECE])
@pytest.mark.parametrize("status", [None, 500])
def test_a_target_that_loses_count_gets_the_blob_anew(copier, target, tool, large, keep, status):
    target.uploads.remembers = False
    target.uploads.fault = UploadFault("PATCH", keep, status, skip=2)
    outcome = copier.one("team/tool:1")
    assert outcome.state == "copied"
    assert is_right(copier, tool)
    assert outcome.bytes_fetched <= outcome.bytes_total + 4 * PIECE


def test_a_session_that_is_gone_is_begun_anew(copier, target, tool):
    target.faults.script(Scripted("PATCH", "", 404, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}'))
    target.faults.script(Scripted("GET", "", 404, times=1))
    assert copier.one("team/tool:1").state == "copied"
    assert is_right(copier, tool)


def test_a_session_that_is_always_gone_ends_the_copy(copier, target, tool):
    target.faults.script(Scripted("PATCH", "", 404, times=1000))
    outcome = copier.one("team/tool:1")
    assert (outcome.error.code, outcome.error.retryable) == ("upload-lost", True)
    assert target.content.tags("team/tool") in (None, [])


def test_a_target_that_never_recovers_ends_the_copy(copier, target, tool):
    target.faults.script(Scripted("PATCH", "", 503, times=1000))
    outcome = copier.one("team/tool:1")
    assert (outcome.error.code, outcome.error.retryable) == ("registry-unavailable", True)


def test_a_range_that_is_refused_is_looked_up(copier, target, tool):
    target.faults.script(Scripted("PATCH", "", 416, times=2))
    assert copier.one("team/tool:1").state == "copied"
    assert is_right(copier, tool)


@pytest.mark.parametrize("keep", [0, 100])
def test_a_commit_whose_answer_is_lost_is_not_done_twice(copier, target, tool, keep):
    target.uploads.fault = UploadFault("PUT", keep, None, times=2)
    assert copier.one("team/tool:1").state == "copied"
    assert is_right(copier, tool)


def test_a_rate_limit_is_waited_for(copier, target, tool):
    headers = {"Retry-After": "7"}
    for method in ("POST", "PATCH", "PUT"):
        target.faults.script(Scripted(method, "", 429, headers=headers))
    assert copier.one("team/tool:1").state == "copied"
    assert is_right(copier, tool)
    assert sum(copier.clock.waits) >= 21


@pytest.mark.parametrize("status", [400, 405, 415, 501])
def test_a_registry_that_takes_no_pieces_gets_the_blob_in_one_request(copier, target, tool, large, status):
    target.faults.script(Scripted("PATCH", "", status, times=1000))
    outcome = copier.one("team/tool:1")
    assert outcome.state == "copied"
    assert is_right(copier, tool)
    assert large.size in {each.size for each in target.requests if each.method == "PUT"}


def test_the_one_request_is_begun_anew_when_it_breaks(copier, source, target, tool, large):
    target.faults.script(Scripted("PATCH", "", 405, times=1000))
    target.uploads.fault = UploadFault("PUT", 5 * PIECE, 500, times=2)
    source.faults.hit_blob(large.digest, BlobFault(Then.CUT, after_bytes=3 * PIECE, times=1))
    assert copier.one("team/tool:1").state == "copied"
    assert is_right(copier, tool)


def test_a_rate_limit_of_the_one_request_is_waited_for(copier, target, tool):
    target.faults.script(Scripted("PATCH", "", 405, times=1000))
    target.faults.script(Scripted("PUT", "", 429, headers={"Retry-After": "7"}, times=2))
    assert copier.one("team/tool:1").state == "copied"
    assert is_right(copier, tool)


def test_pieces_that_are_too_large_are_made_smaller(copier, target, tool):
    target.faults.script(Scripted("PATCH", "", 413, times=1))
    assert copier.one("team/tool:1").state == "copied"
    assert is_right(copier, tool)
    sizes = [each.size for each in target.requests if each.method == "PATCH"]
    assert sizes[-2] == PIECE // 4


def test_a_small_blob_that_is_too_large_for_one_request_goes_in_pieces(copier, source, target, small):
    made = image([small])
    source.add("team/tool", "1", made)
    target.faults.script(Scripted("PUT", "", 413))
    assert copier.one("team/tool:1").state == "copied"
    assert is_right(copier, made)


def test_a_missing_blob_of_the_source_is_named(copier, source, tool, large):
    source.content.remove_blob("team/tool", large.digest)
    outcome = copier.one("team/tool:1")
    assert (outcome.error.code, source.host in outcome.error.message) == ("blob-unknown", True)


def interrupted(copier, source, large, at: int) -> dict:
    """What is left of a copy that was stopped when the source had sent so many bytes of the layer."""
    fault = source.faults.hit_blob(large.digest, BlobFault(Then.HOLD, after_bytes=at))
    cancel = CancelToken()

    def watch() -> None:
        give_up_at = monotonic() + 30
        while copier.target.uploads.received_bytes < at // PIECE * PIECE and monotonic() < give_up_at:
            sleep(0.01)
        cancel.cancel()

    threading.Thread(target=watch, daemon=True).start()
    assert copier.one("team/tool:1", cancel=cancel).state == "failed"
    fault.released.set()
    return copier.checkpoints[-1]


def test_another_attempt_goes_on_from_the_checkpoint(copier, source, target, tool, large):
    left = interrupted(copier, source, large, 5 * PIECE + 99)
    outcome = copier.one("team/tool:1", left=left)
    assert outcome.state == "copied"
    assert is_right(copier, tool)
    assert outcome.bytes_fetched <= outcome.bytes_total - 4 * PIECE
    assert copier.checkpoints[-1] == {"version": 1, "uploads": {}}


def test_bytes_of_an_earlier_attempt_that_were_wrong_are_found_out_by_the_target(copier, source, target, tool, large):
    left = interrupted(copier, source, large, 5 * PIECE)
    for data in target.uploads.sessions.values():
        if data:
            data[0] ^= 0xFF
    outcome = copier.one("team/tool:1", left=left)
    assert outcome.state == "copied"
    assert is_right(copier, tool)


def test_a_target_that_lies_about_the_commit_of_such_a_blob_is_found_out(copier, source, target, tool, large):
    left = interrupted(copier, source, large, 5 * PIECE)
    for session in target.uploads.sessions:
        target.faults.script(Scripted("PUT", session, 201, times=100))
    outcome = copier.one("team/tool:1", left=left)
    assert outcome.error.code == "upload-not-confirmed"


def test_a_checkpoint_of_an_upload_that_is_gone_does_no_harm(copier, source, target, tool, large):
    left = interrupted(copier, source, large, 5 * PIECE)
    target.uploads.sessions.clear()
    assert copier.one("team/tool:1", left=left).state == "copied"
    assert is_right(copier, tool)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v2/x", "not a url", "", "ftp://x", 7, None])
def test_a_checkpoint_that_leads_elsewhere_is_not_followed(copier, source, target, tool, large, url):
    left = interrupted(copier, source, large, 5 * PIECE)
    odd = {"version": 1, "uploads": {key: [url, 5] for key in left["uploads"]}}
    assert copier.one("team/tool:1", left=odd).state == "copied"
    assert is_right(copier, tool)


@pytest.mark.parametrize("left", [{}, {"version": 2, "uploads": {"a": 1}}, {"version": 1, "uploads": [1]}, {"x": None}])
def test_a_checkpoint_that_nobody_understands_does_no_harm(copier, tool, left):
    assert copier.one("team/tool:1", left=left).state == "copied"
