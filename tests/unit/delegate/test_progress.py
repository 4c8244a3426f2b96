"""How far a task is gets told in batches; where another attempt could go on is told at once."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, Queue

import pytest

from pierhead.delegate.errors import ServerUnreachableError
from pierhead.delegate.patience import Patience
from pierhead.delegate.progress import BATCH_EVERY_S, ProgressLoop
from pierhead.kit.clock import SystemClock
from pierhead.protocol.agent import ProgressRequest
from pierhead.protocol.tasks import CopyEvent, CopyState

Told = Queue[tuple[float, ProgressRequest]]


@contextmanager
def telling(send: Callable[[ProgressRequest], bool]) -> Iterator[ProgressLoop]:
    def nothing(*_: object) -> None:
        return

    patience = Patience(random.Random(1))
    loop = ProgressLoop("t", 1, 60.0, send, SystemClock(), patience, cancel=nothing, lost=nothing)
    with loop:
        yield loop


def event(done: int) -> CopyEvent:
    return CopyEvent(key="image", state=CopyState.COPYING, bytes_done=done)


@pytest.fixture
def told() -> Told:
    return Queue()


def noting(told: Told) -> Callable[[ProgressRequest], bool]:
    def send(request: ProgressRequest) -> bool:
        told.put((time.monotonic(), request))
        return False

    return send


def test_events_wait_for_the_next_batch_and_only_the_newest_is_told(told: Told) -> None:
    with telling(noting(told)) as loop:
        loop.copy(event(1))
        first_at, first = told.get(timeout=5)
        loop.copy(event(2))
        loop.copy(event(3))
        second_at, second = told.get(timeout=5)
    assert [each.bytes_done for each in (*first.copies, *second.copies)] == [1, 3]
    assert second_at - first_at >= BATCH_EVERY_S * 0.9


def test_a_checkpoint_does_not_wait(told: Told) -> None:
    with telling(noting(told)) as loop:
        began = time.monotonic()
        for number in range(10):
            loop.checkpoint({"number": number})
            _, request = told.get(timeout=5)
            assert request.checkpoint == {"number": number}
        assert time.monotonic() - began < 10 * BATCH_EVERY_S / 2


def test_a_checkpoint_does_not_make_it_ask_a_server_that_is_away_more_often(told: Told) -> None:
    def refuse(request: ProgressRequest) -> bool:
        told.put((time.monotonic(), request))
        raise ServerUnreachableError("http://server", "it does not answer")

    with telling(refuse) as loop:
        loop.checkpoint({"number": 1})
        told.get(timeout=5)
        loop.checkpoint({"number": 2})
        with pytest.raises(Empty):
            told.get(timeout=BATCH_EVERY_S)
