"""What there is only so much of at once, and of which nobody may take more than a share. Counts, and never waits."""

import threading
from collections import Counter

from .refusals import BusyError

NOBODY = ""
"""Whoever has not said yet who they are; they share one share."""


class Shares:
    """``at_once``: how many there are; ``each``: how many of them one principal may have. Thread-safe."""

    def __init__(self, at_once: int, each: int) -> None:
        self._at_once = at_once
        self._each = each
        # It may be entered again by the thread that is in it: a share can be given back whenever memory is freed.
        self._lock = threading.RLock()
        self._taken: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        with self._lock:
            return self._taken.total()

    def take(self, what: str, principal: str = NOBODY) -> "Share":
        """Raises BusyError when there is no more, in all or for this principal."""
        with self._lock:
            if self._taken[principal] >= self._each:
                raise BusyError(f"{what} of one user or service account")
            if self._taken.total() >= self._at_once:
                raise BusyError(what)
            self._taken[principal] += 1
        return Share(self, principal)

    def _give_back(self, principal: str) -> None:
        with self._lock:
            self._taken[principal] -= 1
            if self._taken[principal] <= 0:
                del self._taken[principal]


class Share:
    """One that was taken. It is given back once, at the latest when nothing holds it any more: an answer that was
    counted but never begun is forgotten without a word."""

    __slots__ = ("_is_held", "_principal", "_shares")

    def __init__(self, shares: Shares, principal: str) -> None:
        self._shares = shares
        self._principal = principal
        self._is_held = True

    def give_back(self) -> None:
        if self._is_held:
            self._is_held = False
            self._shares._give_back(self._principal)

    def __del__(self) -> None:
        self.give_back()
