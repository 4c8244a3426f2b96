"""One token request for each key at a time: who comes while it is under way shares its result, or its failure."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from pierhead.kit.clock import Clock
from pierhead.registry.context import SLICE_S, CallContext
from pierhead.registry.errors import CallCancelledError, DeadlineExceededError, RegistryError

T = TypeVar("T")


class _Flight(Generic[T]):
    __slots__ = ("done", "error", "result")

    def __init__(self) -> None:
        self.done = threading.Event()
        self.result: T | None = None
        self.error: RegistryError | None = None


class Flights(Generic[T]):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, _Flight[T]] = {}

    def run(self, key: Hashable, work: Callable[[], T], call: CallContext) -> T:
        """What ``work`` returns, here or in the thread that came first.

        A first one that was itself cancelled or out of time decides nothing for the others: one of them goes on.
        """
        while True:
            with self._lock:
                flight = self._under_way.get(key)
                is_first = flight is None
                if flight is None:
                    flight = self._under_way[key] = _Flight()
            if is_first:
                return self._lead(key, flight, work)
            while not flight.done.wait(SLICE_S):
                call.check(self._clock)
            if flight.error is not None:
                raise flight.error
            if flight.result is not None:
                return flight.result

    def _lead(self, key: Hashable, flight: _Flight[T], work: Callable[[], T]) -> T:
        try:
            flight.result = work()
            return flight.result
        except (CallCancelledError, DeadlineExceededError):
            raise
        except RegistryError as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._under_way[key]
            flight.done.set()
