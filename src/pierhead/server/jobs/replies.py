"""Hands the outcome of a task to whoever in this process asked for it and waits."""

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Replies(Generic[T]):
    """Thread-safe. A reply nobody has announced to wait for is dropped."""

    def __init__(self) -> None:
        self._arrived = threading.Condition()
        self._expected: dict[str, T | None] = {}

    def expect(self, task_id: str) -> None:
        """Call before the task can be leased."""
        with self._arrived:
            self._expected[task_id] = None

    def put(self, task_id: str, reply: T) -> None:
        with self._arrived:
            if task_id in self._expected:
                self._expected[task_id] = reply
                self._arrived.notify_all()

    def wait(self, task_id: str, timeout_s: float) -> T | None:
        """The reply, None when it did not come in time; either way it is forgotten."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._expected[task_id] is not None, timeout_s)
            return self._expected.pop(task_id)
