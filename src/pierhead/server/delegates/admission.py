"""How many may be at the expensive exchanges at once; whoever is too many is told when to come back."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .refusals import LinkBusyError

SHORTEST_S = 3.0
LONGEST_S = 30.0
_WINDOW_S = 5.0


class Admission:
    """For one event loop. Those refused are spread over the time that as many took lately to be let in."""

    def __init__(self, what: str, at_once: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._at_once = at_once
        self._monotonic = monotonic
        self._inside = 0
        self._began_at = monotonic()
        self._let_in = [0, 0]
        self._refused = [0, 0]

    def check(self) -> None:
        """Before anything is done for whoever asks. Raises LinkBusyError."""
        if self._inside >= self._at_once:
            self._turn_window()
            self._refused[0] += 1
            raise LinkBusyError(self._what, self.spread_s())

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises LinkBusyError."""
        self.check()
        self._turn_window()
        self._let_in[0] += 1
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    def spread_s(self) -> float:
        elapsed_s = _WINDOW_S + self._monotonic() - self._began_at
        rate = max(1.0, sum(self._let_in) / elapsed_s)
        return max(SHORTEST_S, min(LONGEST_S, sum(self._refused) / rate))

    def _turn_window(self) -> None:
        """Counts are of this window and the one before."""
        now = self._monotonic()
        if now - self._began_at < _WINDOW_S:
            return
        is_recent = now - self._began_at < 2 * _WINDOW_S
        self._began_at = now
        self._let_in = [0, self._let_in[0] if is_recent else 0]
        self._refused = [0, self._refused[0] if is_recent else 0]
