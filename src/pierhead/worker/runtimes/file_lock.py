"""Exclusive locks on files (flock): held by an open file, so they end with the process, whatever ends it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pierhead.kit.clock import Clock, SystemClock
from pierhead.worker.errors import LayoutBusyError

_PAUSE_S = 0.02


def try_lock(descriptor: int) -> bool:
    """Takes the lock when nobody else has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def locked(path: Path, *, wait_s: float = 30.0, clock: Clock | None = None) -> Iterator[None]:
    """Holds the lock file ``path`` for the block. Raises LayoutBusyError when it stays taken for ``wait_s`` seconds."""
    clock = clock or SystemClock()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        give_up_at = clock.monotonic() + wait_s
        while not try_lock(descriptor):
            if clock.monotonic() >= give_up_at:
                raise LayoutBusyError(path, wait_s)
            clock.wait(_PAUSE_S)
        yield
    finally:
        os.close(descriptor)
