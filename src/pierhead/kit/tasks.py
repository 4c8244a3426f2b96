"""Background threads with a name and an owner: one that ends by an error says so instead of vanishing."""

import logging
import threading
from collections.abc import Callable

from .errors import AppError

log = logging.getLogger(__name__)


class Loop:
    """Runs ``step`` again and again on a thread of its own until stopped.

    ``step`` gets the stop event and returns how many seconds to pause. An exception is logged (an expected one in a
    line, once) and the loop goes on after ``pause_on_error_s``: an eternal task that ends is an error.
    """

    def __init__(self, name: str, step: Callable[[threading.Event], float], *, pause_on_error_s: float = 1.0) -> None:
        self.name = name
        self._step = step
        self._pause_on_error_s = pause_on_error_s
        self._stop = threading.Event()
        self._failing_with = ""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def request_stop(self) -> None:
        """Asks the loop to end without waiting for it."""
        self._stop.set()

    def stop(self, timeout_s: float | None = 10.0) -> None:
        """Asks the loop to end and waits for the current step."""
        self.request_stop()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                pause_s = self._step(self._stop)
            except AppError as error:
                self._tell(error)
                pause_s = self._pause_on_error_s
            except Exception:
                log.exception("loop %s: a step failed", self.name)
                pause_s = self._pause_on_error_s
            else:
                self._failing_with = ""
            if pause_s > 0:
                self._stop.wait(pause_s)

    def _tell(self, error: AppError) -> None:
        """An expected failure is one line, and one for as long as it stays the same."""
        if error.code != self._failing_with:
            log.warning("loop %s: %s", self.name, error.message)
        self._failing_with = error.code
