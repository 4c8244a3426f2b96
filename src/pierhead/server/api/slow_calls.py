"""Calls that wait for somebody else's registry: few at a time, so that they never eat up the threads that answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from .shares import NOBODY, Shares

EACH = 6
"""Of one principal, so that nobody alone keeps all others waiting."""


class SlowCalls:
    """Thread-safe. Half of the framework's forty threads, so the other half stays free for everything else."""

    def __init__(self, at_once: int = 20, each: int = EACH) -> None:
        self._shares = Shares(at_once, each)

    @contextmanager
    def one(self, what: str, principal: str = NOBODY) -> Iterator[None]:
        """``principal``: the key of whoever asks. Raises BusyError when as many as there may be are running."""
        share = self._shares.take(what, principal)
        try:
            yield
        finally:
            share.give_back()


def _slow_calls(request: Request) -> SlowCalls:
    slow: SlowCalls = request.app.state.slow_calls
    return slow


Slow = Annotated[SlowCalls, Depends(_slow_calls)]
