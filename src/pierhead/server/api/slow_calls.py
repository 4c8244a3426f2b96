"""Calls that wait for somebody else's registry: few at a time, so that they never eat up the threads that answer."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from .refusals import BusyError


class SlowCalls:
    """Thread-safe. Half of the framework's forty threads, so the other half stays free for everything else."""

    def __init__(self, at_once: int = 20) -> None:
        self._free = threading.BoundedSemaphore(at_once)

    @contextmanager
    def one(self, what: str) -> Iterator[None]:
        """Raises BusyError when as many as there may be are running."""
        if not self._free.acquire(blocking=False):
            raise BusyError(what)
        try:
            yield
        finally:
            self._free.release()


def _slow_calls(request: Request) -> SlowCalls:
    slow: SlowCalls = request.app.state.slow_calls
    return slow


Slow = Annotated[SlowCalls, Depends(_slow_calls)]
