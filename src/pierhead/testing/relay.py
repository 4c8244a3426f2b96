"""A slow line: a TCP relay in front of a server, whose answers pass at so many bytes a second.

It knows nothing of what passes through. For tests and demonstrations that have to interrupt something half-way.
"""

import contextlib
import socket
import threading
from typing import Self

from pierhead.kit.clock import Clock, SystemClock

_PIECE = 16 * 1024


class SlowRelay:
    """Runs from construction to ``stop``; a context manager. ``bytes_per_s`` may be changed any time, None: no limit.

    ``carried`` counts the bytes of answers that have passed.
    """

    def __init__(
        self,
        target: str,
        bytes_per_s: float | None = None,
        *,
        listen: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
    ) -> None:
        host, _, target_port = target.rpartition(":")
        self._target = (host, int(target_port))
        self.bytes_per_s = bytes_per_s
        self.carried = 0
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server((listen, port), backlog=64)
        self.host = f"{listen}:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, name="slow-relay", daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Ends every connection that is open now."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        self._thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target, 5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                self._open |= {client, server}
            for source, sink, is_answer in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._carry, args=(source, sink, is_answer), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE):
                if is_answer:
                    self._slow_down(len(piece))
                sink.sendall(piece)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open -= {source, sink}
        if is_answer:
            source.close()
            sink.close()

    def _slow_down(self, passed: int) -> None:
        with self._lock:
            self.carried += passed
        if self.bytes_per_s:
            self._clock.wait(passed / self.bytes_per_s)
