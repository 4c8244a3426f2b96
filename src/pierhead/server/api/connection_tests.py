"""Connection tests asked for by callers: those that wait for the result, and those that follow a saved connector.

A test can take minutes, so both kinds are few at a time: neither may eat up the threads that answer requests.
"""

import logging
import threading

from starlette.requests import Request

from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError
from pierhead.protocol.tasks import TestReport

from .ports import Delegate
from .refusals import BusyError

log = logging.getLogger(__name__)


class ConnectionTests:
    """Thread-safe. A connector that waits for its test waits once, however often it was saved."""

    def __init__(self, delegate: Delegate, *, background: int = 4, foreground: int = 16) -> None:
        self._delegate = delegate
        self._background = background
        self._foreground = threading.BoundedSemaphore(foreground)
        self._lock = threading.Lock()
        self._waiting: dict[tuple[Scope, str], None] = {}
        self._running = 0

    def run(self, scope: Scope, identifier: str) -> TestReport:
        """Tests now and waits. Raises BusyError, ConnectorMissingError; a failing test is a result."""
        if not self._foreground.acquire(blocking=False):
            raise BusyError("connection tests")
        try:
            return self._delegate.test_connection(scope, identifier)
        finally:
            self._foreground.release()

    def start(self, scope: Scope, identifier: str) -> None:
        """Tests some time soon; the result goes into the connector's status."""
        with self._lock:
            self._waiting[scope, identifier] = None
            if self._running >= self._background:
                return
            self._running += 1
        threading.Thread(target=self._drain, name="connection-tests", daemon=True).start()

    def _drain(self) -> None:
        while (place := self._next()) is not None:
            try:
                self._delegate.test_connection(*place)
            except AppError as error:  # deleted again before its turn came, or the server is closing
                log.info("connector %s was not tested: %s", place[1], error.message)
            except Exception:
                log.exception("connector %s could not be tested", place[1])

    def _next(self) -> tuple[Scope, str] | None:
        with self._lock:
            place = next(iter(self._waiting), None)
            if place is None:
                self._running -= 1
            else:
                del self._waiting[place]
            return place


def tests_of(request: Request) -> ConnectionTests:
    """A dependency: the application's tests."""
    tests: ConnectionTests = request.app.state.connection_tests
    return tests
