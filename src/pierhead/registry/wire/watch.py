"""Guards a wait on a socket: notices cancelling, deadlines, silence and a trickle that never ends."""

from pierhead.kit.clock import Clock
from pierhead.registry.context import CallContext, Timeouts
from pierhead.registry.errors import RegistryTimeoutError


class Watch:
    """One for each exchange; not for several threads at once."""

    __slots__ = (
        "_asked_at",
        "_began",
        "_call",
        "_clock",
        "_limit_s",
        "_rate_bytes",
        "_rate_s",
        "_silent_s",
        "_times",
        "_what",
    )

    def __init__(self, call: CallContext, clock: Clock, timeouts: Timeouts, what: str) -> None:
        self._call = call
        self._clock = clock
        self._times = timeouts
        self._what = what
        self._silent_s = 0.0
        self._rate_bytes = 0
        self._rate_s = 0.0
        self._limit_s: float | None = timeouts.first_byte_s
        self._began = self._asked_at = clock.monotonic()

    @property
    def slice_s(self) -> float:
        """How long a socket may block before ``silent`` wants to be told."""
        return self._times.slice_s

    def body_is_sent_now(self) -> None:
        """From here on bytes may take as long as they like to go out, if only they keep going."""
        self.head_is_read()

    def answer_is_awaited(self) -> None:
        """All is sent; now the other side has work to do before it answers."""
        self.head_is_read()
        self._limit_s = self._times.commit_s
        self._began = self._asked_at = self._clock.monotonic()

    def head_is_read(self) -> None:
        """From here on bytes may take as long as they like, if only they keep coming."""
        self._limit_s = None
        self._silent_s = 0.0
        self._rate_bytes = 0
        self._rate_s = 0.0

    def begin(self) -> None:
        """A read begins; what the reader did before with what it got is not the other side's slowness."""
        self._asked_at = self._clock.monotonic()

    def silent(self, seconds: float) -> None:
        """A slice passed without a byte. Raises what ends the wait."""
        self._silent_s += seconds
        limit_s = self._limit_s if self._limit_s is not None else self._times.idle_s
        if self._silent_s >= limit_s:
            raise RegistryTimeoutError(f"waiting for {self._what}", limit_s)
        self.check(0)

    def check(self, count: int) -> None:
        """``count`` bytes came. Cheap enough for every read."""
        self._call.check(self._clock)
        now = self._clock.monotonic()
        if count:
            self._silent_s = 0.0
        if self._limit_s is not None:
            if now - self._began >= self._limit_s:
                raise RegistryTimeoutError(f"waiting for {self._what}", self._limit_s)
            return
        self._rate_bytes += count
        self._rate_s += now - self._asked_at
        self._asked_at = now
        if self._rate_s >= self._times.rate_window_s:
            self._check_rate()

    def _check_rate(self) -> None:
        least = self._times.min_bytes_per_s
        if self._rate_bytes < self._rate_s * least:
            raise RegistryTimeoutError(f"{self._what}, slower than {least:g} bytes/s,", self._rate_s)
        self._rate_bytes = 0
        self._rate_s = 0.0
