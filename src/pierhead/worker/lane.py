"""A few threads that do calls handed to them, and give back what came of each."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from time import monotonic
from typing import Generic, TypeVar

Token = TypeVar("Token")


@dataclass(frozen=True, slots=True)
class Finished(Generic[Token]):
    """``error`` is what the call raised, whatever it was; else ``value`` is what it returned."""

    lane: "Lane[Token]"
    token: Token
    value: object
    error: BaseException | None


class Lane(Generic[Token]):
    """Up to ``width`` calls at a time, on daemon threads started when needed. Used from one thread only.

    ``deliver`` gets a Finished for each call, on the thread that did it; ``settle`` says that one was seen.
    """

    def __init__(self, name: str, width: int, deliver: Callable[["Finished[Token]"], None]) -> None:
        self._name = name
        self._width = width
        self._deliver = deliver
        self._calls: SimpleQueue[tuple[Token, Callable[[], object]] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._under_way = 0

    @property
    def has_room(self) -> bool:
        return self._under_way < self._width

    def submit(self, token: Token, call: Callable[[], object]) -> None:
        self._under_way += 1
        if self._under_way > len(self._threads):
            name = f"{self._name}-{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        self._calls.put((token, call))

    def settle(self) -> None:
        """A result was taken out of the inbox: there is room for one call more."""
        self._under_way -= 1

    def close(self) -> None:
        """No calls any more; threads end when they have done what they are at."""
        for _ in self._threads:
            self._calls.put(None)

    def join(self, give_up_at: float) -> None:
        """Waits for the threads until ``time.monotonic()`` says so; then they are left to themselves, as daemons."""
        for thread in self._threads:
            thread.join(max(0.0, give_up_at - monotonic()))

    def _work(self) -> None:
        while (given := self._calls.get()) is not None:
            token, call = given
            value: object = None
            failure: BaseException | None = None
            try:
                value = call()
            except BaseException as error:  # whoever waits must see every end of a call
                failure = error
            self._deliver(Finished(self, token, value, failure))
            del given, token, call, value, failure  # an idle thread must not keep a client or a traceback alive
