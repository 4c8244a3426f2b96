"""What it costs to ask whether somebody may: every request asks at least once."""

from time import perf_counter

from pierhead.control.access import Grant, Grants, Permission
from pierhead.control.scopes import ResourceType, Scope

from .report import Figure
from .world import World

_GRANTS = 50
_ROUNDS = 2_000
_AIM_US = 20.0


def check(_: World) -> list[Figure]:
    """Of somebody with fifty grants, the worse of two: all at one place, the last of which allows it, or spread over as
    many projects, none of which does."""
    wanted = Permission.CONNECTOR_VIEW
    permissions = frozenset(each for each in Permission if each.endswith("_view"))
    places = [Scope("account", "org", f"project{index}") for index in range(_GRANTS)]
    names = [{ResourceType.CONNECTOR: frozenset({f"mirror{index}"})} for index in range(_GRANTS)]
    spread = Grants(tuple(Grant(permissions, place, resources=names[0]) for place in places))
    crowded = Grants(tuple(Grant(permissions, places[0], resources=named) for named in names))
    none = _microseconds(lambda: spread.allows(wanted, Scope("account", "org", "other"), "mirror0"))
    last = _microseconds(lambda: crowded.allows(wanted, places[0], f"mirror{_GRANTS - 1}"))
    detail = f"{_GRANTS} grants at one place {last:.1f} us, in as many places {none:.1f} us"
    return [Figure("authorisation check", max(last, none), _AIM_US, "us", detail)]


def _microseconds(ask: object) -> float:
    assert callable(ask)
    best = float("inf")
    for _ in range(5):
        begun = perf_counter()
        for _ in range(_ROUNDS):
            ask()
        best = min(best, perf_counter() - begun)
    return best / _ROUNDS * 1e6
