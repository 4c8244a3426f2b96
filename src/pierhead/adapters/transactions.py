"""What the transactions of every store share: writers taking turns, and calling back after the commit."""

import logging
import threading
from collections.abc import Callable

from pierhead.kit.errors import UnavailableError

_TURN_TIMEOUT_S = 30.0

log = logging.getLogger(__name__)


class StoreBusyError(UnavailableError):
    code = "store-busy"

    def __init__(self, waited_s: float) -> None:
        super().__init__(
            f"another writer has kept the store for {waited_s:.0f} seconds",
            hint="try again; if it stays so, look into the server's log for what it is doing",
        )
        self.waited_s = waited_s


class WritersTurn:
    """Lets one thread write at a time. Raises StoreBusyError, and RuntimeError when a thread would wait for itself."""

    def __init__(self, timeout_s: float = _TURN_TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._holder: int | None = None

    def __enter__(self) -> None:
        me = threading.get_ident()
        if self._holder == me:
            raise RuntimeError("this thread has a writing transaction open already")
        if not self._lock.acquire(timeout=self._timeout_s):
            raise StoreBusyError(self._timeout_s)
        self._holder = me

    def __exit__(self, *_: object) -> None:
        self._holder = None
        self._lock.release()


class OnePerThread:
    """Lets every thread write when it likes. Raises RuntimeError when one might wait for itself."""

    def __init__(self) -> None:
        self._here = threading.local()

    def __enter__(self) -> None:
        if getattr(self._here, "writes", False):
            raise RuntimeError("this thread has a writing transaction open already")
        self._here.writes = True

    def __exit__(self, *_: object) -> None:
        self._here.writes = False


class AfterCommit:
    """Callbacks of one transaction. By then nothing can be undone, so the failure of one is nobody else's."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[], None]] = []

    def add(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def run(self) -> None:
        for callback in self._callbacks:
            try:
                callback()
            except Exception:
                log.exception("a callback after a commit failed")
