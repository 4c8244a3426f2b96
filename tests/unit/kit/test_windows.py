from hypothesis import given
from hypothesis import strategies as st

from pierhead.kit.windows import MovingWindow


class Time:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def window(limit: int, seconds: float = 10.0, **more: int) -> tuple[MovingWindow, Time]:
    time = Time()
    return MovingWindow(limit, seconds, monotonic=time, **more), time


def test_the_limit_holds_for_each_key_alone() -> None:
    one, _ = window(3)
    assert [one.hit("a") is None for _ in range(4)] == [True, True, True, False]
    assert one.hit("b") is None


def test_no_limit_counts_nothing() -> None:
    one, _ = window(0)
    assert [one.hit("a") for _ in range(1000)] == [None] * 1000
    assert len(one) == 0


@given(
    limit=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 30, allow_nan=False), max_size=200),
)
def test_after_the_time_that_it_says_there_is_room(limit: int, pauses: list[float]) -> None:
    one, time = window(limit)
    for pause in pauses:
        time.now += pause
        wait_s = one.hit("a")
        if wait_s is not None:
            assert 0 < wait_s <= 20.0
            time.now += wait_s + 1e-6
            assert one.hit("a") is None


@given(limit=st.integers(1, 20), pauses=st.lists(st.floats(0, 3, allow_nan=False), max_size=300))
def test_no_stretch_of_time_has_twice_the_limit(limit: int, pauses: list[float]) -> None:
    one, time = window(limit)
    hits = []
    for pause in pauses:
        time.now += pause
        if one.hit("a") is None:
            hits.append(time.now)
    for begun in hits:
        assert len([hit for hit in hits if begun <= hit < begun + 10.0]) < 2 * limit + 1


def test_at_an_even_pace_the_limit_is_what_gets_through() -> None:
    one, time = window(100)
    through = 0
    for _ in range(10_000):
        time.now += 0.01
        through += one.hit("a") is None
    assert 950 <= through <= 1050


def test_memory_is_bounded_and_those_are_forgotten_who_have_not_called_for_longest() -> None:
    one, _ = window(1, max_keys=100)
    assert one.hit("first") is None
    for number in range(99):
        one.hit(f"key {number}")
    assert len(one) == 100
    for number in range(10_000):
        one.hit(f"other {number}")
    assert len(one) == 100
