"""How many requests were answered, how, and how fast: counted for each, shown when somebody asks.

Labels are what routes say of themselves, never what a request says, so their number is bounded by our own code.
"""

import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
UNMATCHED: Final = "unmatched"
"""The route of requests that no route answers."""
_METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Kind:
    """``status`` is the class of the status: ``2xx``."""

    method: str
    route: str
    status: str


@dataclass(slots=True)
class Tally:
    """``within``: how many took no longer than each of ``BOUNDS_S``, one more for those that took longer."""

    seconds: float = 0.0
    within: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))

    @property
    def count(self) -> int:
        return sum(self.within)


class RequestFigures:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tallies: dict[tuple[str, str, int], Tally] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        key = (method if method in _METHODS else "OTHER", route, status // 100)
        with self._lock:
            tally = self._tallies.get(key)
            if tally is None:
                tally = self._tallies[key] = Tally()
            tally.seconds += seconds
            tally.within[bisect_left(BOUNDS_S, seconds)] += 1

    def now(self) -> Mapping[Kind, Tally]:
        with self._lock:
            return {
                Kind(method, route, f"{status}xx"): Tally(tally.seconds, list(tally.within))
                for (method, route, status), tally in self._tallies.items()
            }
