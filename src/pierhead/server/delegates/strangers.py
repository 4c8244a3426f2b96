"""Those that nobody knows yet and that want in: few at once, and not again and again from one address.

A stranger's try must not cost the delegates that are in anything; so the places here are its own, and few.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pierhead.control.delegates import DelegateTokenRevokedError, InvalidDelegateTokenError
from pierhead.kit.limits import MIB, SlowBodyError

from .edge import HungUpError
from .intake import BodyBudget
from .refusals import BadSignatureError, LinkBusyError

AT_ONCE = 8
BODIES_BYTES = 8 * MIB
READ_WITHIN_S = 10.0
FAILURES = 20
WINDOW_S = 60.0
_ADDRESSES = 10_000
_FAILURES_ARE = (
    InvalidDelegateTokenError,
    DelegateTokenRevokedError,
    BadSignatureError,
    SlowBodyError,
    HungUpError,
)


class Tries:
    """For one event loop. Remembers of each address how often it failed in the window that its first failure began."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    @contextmanager
    def one(self, address: str) -> Iterator[None]:
        """Raises LinkBusyError."""
        count, ends_at = self._of(address)
        if count >= FAILURES:
            left_s = max(1.0, ends_at - self._monotonic())
            raise LinkBusyError("failed enrolments from this address", left_s, is_stranger=True)
        try:
            yield
        except _FAILURES_ARE:
            count, ends_at = self._of(address)
            self._failures[address] = (count + 1, ends_at)
            if len(self._failures) > _ADDRESSES:
                self._failures.popitem(last=False)
            raise

    def __len__(self) -> int:
        return len(self._failures)

    def _of(self, address: str) -> tuple[int, float]:
        now = self._monotonic()
        count, ends_at = self._failures.get(address, (0, now + WINDOW_S))
        if ends_at > now:
            return count, ends_at
        del self._failures[address]
        return 0, now + WINDOW_S


def bodies() -> BodyBudget:
    """The budget of those that nobody knows."""
    return BodyBudget(BODIES_BYTES, BODIES_BYTES, READ_WITHIN_S)
