"""Waiting for something to become so, with a deadline."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(is_so: Callable[[], T | None], within_s: float, what: str, look_every_s: float = 0.05) -> T:
    """What ``is_so`` gave when it first gave something that counts as true. Raises AssertionError when it takes
    longer."""
    give_up_at = time.monotonic() + within_s
    while not (found := is_so()):
        assert time.monotonic() < give_up_at, f"{what} did not happen within {within_s:g} s"
        pause(look_every_s)
    return found


def pause(seconds: float) -> None:
    """For a drawn moment, or before looking again."""
    threading.Event().wait(seconds)
