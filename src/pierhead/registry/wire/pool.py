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
        self._reaped_at = clock.monotonic()
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
        connection.idle_since = now = self._clock.monotonic()
        with self._lock:
            surplus = self._expired(now)
            idle = self._idle.setdefault(key, [])
            if self._is_closed or len(idle) >= _MAX_IDLE_PER_KEY:
                surplus.append(connection)
            else:
                idle.append(connection)
        for gone in surplus:
            gone.close()

    def _expired(self, now: float) -> list[Connection]:
        """Takes out what nobody will use: storage hosts are many, and some are asked only once."""
        if now - self._reaped_at < self._keep_idle_s / 2:
            return []
        self._reaped_at = now
        since = now - self._keep_idle_s
        expired = [connection for idle in self._idle.values() for connection in idle if connection.idle_since < since]
        kept = {key: [c for c in idle if c.idle_since >= since] for key, idle in self._idle.items()}
        self._idle = {key: idle for key, idle in kept.items() if idle}
        return expired

    def close(self) -> None:
        """Ends all idle connections and those given back later."""
        with self._lock:
            self._is_closed = True
            connections = [connection for idle in self._idle.values() for connection in idle]
            self._idle.clear()
        for connection in connections:
            connection.close()
