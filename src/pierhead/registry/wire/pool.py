"""Open connections that wait for their next request, by where they lead and how."""

import threading

from pierhead.kit.clock import Clock

from .connection import Connection

_MAX_IDLE_PER_KEY = 32


class Pool:
    """Last in, first out: the freshest connection is the least likely to be stale. Thread-safe."""

    def __init__(self, clock: Clock, keep_idle_s: float) -> None:
        self._clock = clock
        self._keep_idle_s = keep_idle_s
        self._lock = threading.Lock()
        self._idle: dict[str, list[Connection]] = {}
        self._is_closed = False

    def take(self, key: str) -> Connection | None:
        """A connection that still seems open, or None."""
        while True:
            with self._lock:
                idle = self._idle.get(key)
                if not idle:
                    return None
                connection = idle.pop()
            if self._clock.monotonic() - connection.idle_since < self._keep_idle_s and not connection.is_stale():
                return connection
            connection.close()

    def put(self, key: str, connection: Connection) -> None:
        connection.stream.watch = None
        connection.idle_since = self._clock.monotonic()
        with self._lock:
            idle = self._idle.setdefault(key, [])
            if not self._is_closed and len(idle) < _MAX_IDLE_PER_KEY:
                idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Ends all idle connections and those given back later."""
        with self._lock:
            self._is_closed = True
            connections = [connection for idle in self._idle.values() for connection in idle]
            self._idle.clear()
        for connection in connections:
            connection.close()
