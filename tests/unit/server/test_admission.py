"""Too many at once are sent away for as long as it takes to let them in."""

from contextlib import ExitStack

import pytest

from pierhead.server.delegates.admission import LONGEST_S, SHORTEST_S, Admission
from pierhead.server.delegates.refusals import LinkBusyError, refusal


def test_no_more_than_so_many_are_inside() -> None:
    admission = Admission("delegates", 2)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(admission.one())
        with pytest.raises(LinkBusyError):
            stack.enter_context(admission.one())
    with admission.one():
        pass


def test_the_more_there_are_the_longer_they_are_spread() -> None:
    now = [0.0]
    admission = Admission("delegates", 1, lambda: now[0])
    waits = []
    for refused in (1, 500, 5000):
        with admission.one():
            for _ in range(refused):
                with pytest.raises(LinkBusyError) as caught:
                    admission.check()
            waits.append(caught.value.retry_after_s)
        now[0] += 1.0
    assert waits[0] == SHORTEST_S
    assert waits[2] == LONGEST_S
    assert waits == sorted(waits)
    now[0] += 60
    with admission.one():
        with pytest.raises(LinkBusyError) as caught:
            admission.check()
        assert caught.value.retry_after_s == SHORTEST_S


def test_those_refused_together_do_not_come_back_together() -> None:
    error = LinkBusyError("delegates", 20.0)
    waits = {int(refusal(error).headers["retry-after"]) for _ in range(300)}
    assert len(waits) > 10
    assert min(waits) >= 1
    assert max(waits) <= 20
