"""Whether this server can answer now: its database does so soon and has the schema of this code; nothing is closing."""

import threading
from collections.abc import Callable
from typing import Final

from pierhead.kit.errors import AppError

WITHIN_S: Final = 2.0


class Readiness:
    """Thread-safe. ``check`` asks the database, and raises AppError when it is not as it should be.

    One question is under way at a time: a database that hangs is not asked again until it has answered.
    """

    def __init__(self, check: Callable[[], None], is_closing: Callable[[], bool], within_s: float = WITHIN_S) -> None:
        self._check = check
        self._is_closing = is_closing
        self._within_s = within_s
        self._lock = threading.Lock()
        self._under_way: _Question | None = None

    def reason(self) -> str | None:
        """Why it is not ready, None when it is. Waits ``WITHIN_S`` at the longest."""
        if self._is_closing():
            return "the server is stopping"
        with self._lock:
            question = self._under_way
            if question is None or question.done.is_set():
                question = self._under_way = _Question(self._check)
        if not question.done.wait(self._within_s):
            return f"the database has not answered within {self._within_s:g} s"
        return question.trouble


class _Question:
    def __init__(self, check: Callable[[], None]) -> None:
        self.done = threading.Event()
        self.trouble: str | None = None
        self._check = check
        threading.Thread(target=self._ask, name="readiness", daemon=True).start()

    def _ask(self) -> None:
        try:
            self._check()
        except AppError as error:
            self.trouble = error.message  # says what kind of trouble, never an address or a password
        except Exception as error:
            self.trouble = f"the database could not be asked ({type(error).__name__})"
        finally:
            self.done.set()
