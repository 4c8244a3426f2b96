"""How often and how long to try again. Only the transport and the streams it opened ask."""

import random

from pierhead.kit.clock import Clock
from pierhead.kit.retry import Backoff

from .context import CallContext
from .errors import RegistryError, RegistryUnavailableError


class Patience:
    """For one call. ``max_wait_s`` bounds what a Retry-After may make us wait."""

    def __init__(
        self, backoff: Backoff, rng: random.Random, clock: Clock, call: CallContext, max_wait_s: float
    ) -> None:
        self._backoff = backoff
        self._rng = rng
        self._clock = clock
        self._call = call
        self._max_wait_s = max_wait_s
        self.renew()

    def after(self, error: RegistryError) -> None:
        """Returns when it is time to try again, or raises ``error``. Raises what cancelling and deadlines raise."""
        pause_s = next(self._pauses, None) if error.is_transient else None
        if pause_s is None:
            raise error
        if isinstance(error, RegistryUnavailableError) and error.retry_after_s is not None:
            pause_s = max(pause_s, error.retry_after_s)
        left_s = self._call.remaining_s(self._clock)
        if pause_s > self._max_wait_s or (left_s is not None and pause_s >= left_s):
            raise error
        self._call.pause(pause_s, self._clock)

    def renew(self) -> None:
        """There was progress: counts from the start again."""
        self._pauses = self._backoff.pauses(self._rng)
