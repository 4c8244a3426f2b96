"""How many may be at the expensive exchanges at once; whoever is too many is told when to come back."""

from collections.abc import Iterator
from contextlib import contextmanager

from .refusals import LinkBusyError


class Admission:
    """For one event loop. ``spread_s``: over how long those that were refused are spread."""

    def __init__(self, what: str, at_once: int, spread_s: float) -> None:
        self._what = what
        self._at_once = at_once
        self._spread_s = spread_s
        self._inside = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises LinkBusyError."""
        if self._inside >= self._at_once:
            raise LinkBusyError(self._what, self._spread_s)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
