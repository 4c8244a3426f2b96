"""What performers say is kept within bounds, and is about the task it is said for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.pipelines import ImageState
from pierhead.kit.errors import InvalidInputError
from pierhead.protocol.tasks import HttpExchange, ImageEvent, PullResult, TagsResult, TaskFailure
from pierhead.server.jobs.errors import clipped, document_of, failure_in
from pierhead.server.jobs.facts import facts_of
from pierhead.server.jobs.origins import experience
from pierhead.server.jobs.results import ForeignReportError, check_keys, expect

HERE, THERE = "https://a.example", "https://b.example"


@given(number=st.integers() | st.sampled_from([2**63, 10**40, -(10**40)]), seconds=st.floats(allow_nan=False))
def test_any_number_becomes_one_that_fits(number: int, seconds: float) -> None:
    facts = facts_of(
        ImageEvent(
            key="a", state="pulled", bytes_total=number, bytes_done=number, bytes_fetched=number, seconds=seconds
        )
    )
    for kept in (facts.bytes_total, facts.bytes_done, facts.bytes_fetched):
        assert 0 <= kept < 2**63
    assert 0 <= facts.seconds <= 1e9


def test_a_digest_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        facts_of(ImageEvent(key="a", state="pulled", digest="sha256:../../etc/passwd"))


def test_long_texts_are_clipped() -> None:
    long = "x" * 100_000
    exchange = HttpExchange(method="GET", url=long, status=401, body=long)
    failure = clipped(TaskFailure(code=long, category=long, message=long, hint=long, exchange=exchange))
    assert max(map(len, (failure.code, failure.message, failure.hint, failure.exchange.url))) <= 4000
    assert len(failure.exchange.body) == 512
    assert len(facts_of(ImageEvent(key="a", state="failed", warnings=(long,) * 100)).warnings) == 20


def test_a_failure_stands_in_the_row_as_it_was_said() -> None:
    exchange = HttpExchange(method="GET", url="https://a/v2/", status=401, body="no")
    failure = TaskFailure(code="c", category="denied", message="m", hint="h", exchange=exchange, retryable=True)
    assert failure_in(document_of(failure)) == failure
    assert failure_in(None).code == "task-cancelled"


def test_a_result_of_another_kind_is_refused() -> None:
    with pytest.raises(ForeignReportError, match="listTags"):
        expect(TagsResult(name="a", tags=(), truncated=False), PullResult, "pull")
    with pytest.raises(ForeignReportError, match="no image 'b'"):
        check_keys(["a", "b"], {"a"}, "pull")


def failure(code: str, status: int | None = None) -> TaskFailure:
    exchange = None if status is None else HttpExchange(method="GET", url=HERE, status=status)
    return TaskFailure(code=code, category="unavailable", message="m", exchange=exchange)


@pytest.mark.parametrize(
    ("outcomes", "reached"),
    [
        ([], {}),
        ([(HERE, None)], {HERE: True}),
        ([(HERE, failure("connect-refused"))], {HERE: False}),
        ([(HERE, failure("registry-unavailable", 503))], {HERE: True}),
        ([(HERE, failure("digest-mismatch"))], {}),
        ([(HERE, failure("tls-failed")), (HERE, None)], {HERE: True}),
        ([(HERE, None), (HERE, failure("tls-failed"))], {HERE: True}),
        ([(HERE, None), (THERE, failure("name-not-resolved"))], {HERE: True, THERE: False}),
    ],
)
def test_what_answered_was_reached_and_what_said_nothing_was_not(outcomes, reached) -> None:
    found, reasons = experience(outcomes)
    assert found == reached
    assert set(reasons) == {origin for origin, is_reached in reached.items() if not is_reached}


def test_images_keep_their_state() -> None:
    assert facts_of(ImageEvent(key="a", state="present")).state is ImageState.PRESENT
