import random

from pierhead.delegate.errors import ServerBusyError
from pierhead.delegate.patience import CAP_S, FLOOR_S, Patience


def test_pauses_are_spread_between_half_a_second_and_thirty() -> None:
    patience = Patience(random.Random(1))
    pauses = [patience.pause_s() for _ in range(200)]
    assert all(FLOOR_S <= pause <= CAP_S for pause in pauses)
    assert pauses[0] <= 2.0
    assert max(pauses) > 25.0
    assert min(pauses[10:]) < 5.0


def test_they_begin_small_again_after_a_success() -> None:
    patience = Patience(random.Random(1), failures=9)
    patience.reset()
    assert patience.pause_s() <= 2.0


def test_what_the_server_wishes_is_never_cut_short_and_spread_by_half_of_it() -> None:
    patience = Patience(random.Random(1))
    pauses = [patience.pause_s(ServerBusyError("x", 503, 10.0)) for _ in range(300)]
    assert all(10.0 <= pause <= 15.0 for pause in pauses)
    assert max(pauses) - min(pauses) > 4.0


def test_a_wish_without_sense_is_bounded() -> None:
    patience = Patience(random.Random(1))
    assert patience.pause_s(ServerBusyError("x", 503, 1e12)) <= 450.0
    assert patience.pause_s(ServerBusyError("x", 503, -5.0)) <= 1.0
