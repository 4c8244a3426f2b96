import threading

from pierhead.kit.errors import UnavailableError
from pierhead.kit.retry import Backoff
from pierhead.kit.tasks import Loop


def test_a_loop_goes_on_after_a_step_that_failed() -> None:
    done = threading.Event()
    calls: list[int] = []

    def step(stop: threading.Event) -> float:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("first step fails")
        done.set()
        return 60.0

    loop = Loop("test", step, pause_on_error_s=0)
    loop.start()
    assert done.wait(5)
    loop.stop()
    assert not loop.is_alive


def test_an_expected_failure_is_told_in_one_line_for_as_long_as_it_lasts(caplog) -> None:
    done = threading.Event()
    outcomes = iter([True, True, True, False, True])

    def step(stop: threading.Event) -> float:
        if (fails := next(outcomes, None)) is None:
            done.set()
            return 60.0
        if fails:
            raise UnavailableError("the database is away")
        return 0.0

    loop = Loop("test", step, pause_on_error_s=0)
    loop.start()
    assert done.wait(5)
    loop.stop()
    assert [record.getMessage() for record in caplog.records] == ["loop test: the database is away"] * 2
    assert "Traceback" not in caplog.text


def test_stopping_cuts_a_pause_short() -> None:
    entered = threading.Event()

    def step(stop: threading.Event) -> float:
        entered.set()
        return 3600.0

    loop = Loop("test", step)
    loop.start()
    assert entered.wait(5)
    loop.stop(timeout_s=5)
    assert not loop.is_alive


def test_a_backoff_pauses_one_time_fewer_than_it_tries_and_never_above_its_cap() -> None:
    pauses = list(Backoff(tries=9, base_s=1, cap_s=4).pauses())
    assert len(pauses) == 8
    assert all(0 <= pause <= 4 for pause in pauses)
