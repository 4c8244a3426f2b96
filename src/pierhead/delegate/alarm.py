"""Cuts a wait short: an event that can be waited for together with a socket."""

import contextlib
import os
import select


class Alarm:
    """Rings until cleared. ``ring`` may be called from any thread and from a signal handler."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def ring(self) -> None:
        if self._fd >= 0:
            os.eventfd_write(self._fd, 1)

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._fd)

    @property
    def is_ringing(self) -> bool:
        return self.wait(0.0)

    def wait(self, seconds: float, fileno: int | None = None) -> bool:
        """Until it rings (True), ``fileno`` can be read, or the time is over (False)."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        if fileno is not None:
            poll.register(fileno, select.POLLIN)
        return any(ready == self._fd for ready, _ in poll.poll(max(0.0, seconds) * 1000))

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
