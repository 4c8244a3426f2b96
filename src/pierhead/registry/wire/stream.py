"""Bytes from a socket, with those read too early held back for the next reader."""

import select
import socket
from collections.abc import Callable

from pierhead.registry.errors import BadResponseError, BodyTooLargeError, ConnectionLostError, RegistryError

from .payload import Piece
from .watch import Watch

_CHUNK = 16 * 1024


class Stream:
    """Reads for one exchange at a time; ``watch`` is exchanged with it."""

    __slots__ = ("_held", "_pending", "_sock", "authority", "watch")

    def __init__(self, sock: socket.socket, authority: str) -> None:
        self._sock = sock
        self._pending: Callable[[], int] | None = getattr(sock, "pending", None)  # of TLS sockets only
        self._held = b""
        self.authority = authority
        self.watch: Watch | None = None

    @property
    def has_held(self) -> bool:
        return bool(self._held)

    def receive_into(self, view: memoryview) -> int:
        """Some bytes into ``view``; 0 when the other side has closed. Raises a RegistryError."""
        if self._held:
            count = min(len(view), len(self._held))
            view[:count] = self._held[:count]
            self._held = self._held[count:]
            return count
        watch = self.watch
        if watch is not None:
            watch.begin()
        while True:
            try:
                count = self._sock.recv_into(view)
            except TimeoutError:
                if watch is not None:
                    watch.silent(watch.slice_s)
                continue
            except OSError as error:
                raise self._lost(error) from error
            if count and self._pending is not None:
                count += self._more(view[count:], self._pending)
            if watch is not None:
                watch.check(count)
            return count

    def read_head(self, cap: int) -> bytes | None:
        """What comes before a blank line, without it; None when the other side closed before the first byte."""
        held = self._held
        while (end := held.find(b"\r\n\r\n", 0, cap)) < 0:
            if len(held) >= cap:
                raise BodyTooLargeError(f"the head of the answer from {self.authority}", cap)
            if held.count(b"\n") != held.count(b"\r\n"):
                raise BadResponseError(self.authority, f"it begins with {held[:40]!r}, which is not HTTP/1.1")
            if (more := self._receive()) == b"":
                if held:
                    raise ConnectionLostError(self.authority, "it closed in the middle of an answer")
                return None
            held += more
        self._held = held[end + 4 :]
        return held[:end]

    def read_line(self, cap: int) -> bytes:
        """A line without its CR LF. Raises BadResponseError when it is longer than ``cap``."""
        held = self._held
        while (end := held.find(b"\r\n", 0, cap)) < 0:
            if len(held) >= cap:
                raise BadResponseError(self.authority, "its chunked body is broken")
            if (more := self._receive()) == b"":
                raise ConnectionLostError(self.authority, "it closed in the middle of a chunked body")
            held += more
        self._held = held[end + 2 :]
        return held[:end]

    def send(self, data: Piece) -> None:
        """All of ``data``. Raises a RegistryError."""
        watch = self.watch
        if watch is not None:
            watch.begin()
        view = memoryview(data)
        while view:
            try:
                count = self._sock.send(view)
            except TimeoutError:
                if watch is not None:
                    watch.silent(watch.slice_s)
                continue
            except OSError as error:
                raise self._lost(error) from error
            view = view[count:]
            if watch is not None:
                watch.check(count)

    def has_heard(self) -> bool:
        """Whether the other side has said something, or closed, while we were sending."""
        if self._held:
            return True
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        if not poll.poll(0):
            return False
        return self._pending is None or self._has_heard_in_tls()

    def _has_heard_in_tls(self) -> bool:
        """Something came; only reading tells an answer from a session ticket, which is none."""
        import ssl

        slice_s = self._sock.gettimeout()
        self._sock.settimeout(0.0)
        try:
            self._held = self._sock.recv(_CHUNK)
        except ssl.SSLWantReadError:
            return False
        except OSError:
            return True
        finally:
            self._sock.settimeout(slice_s)
        return True

    def _more(self, view: memoryview, pending: Callable[[], int]) -> int:
        """TLS gives a record of 16 KiB at a time; what has come already is taken along, for it costs each reader."""
        filled = 0
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        while filled < len(view) and (pending() or poll.poll(0)):
            try:
                count = self._sock.recv_into(view[filled:])
            except OSError:
                break  # the next read meets it again
            if count == 0:
                break
            filled += count
        return filled

    def _receive(self) -> bytes:
        self._held = b""
        buffer = bytearray(_CHUNK)
        return bytes(buffer[: self.receive_into(memoryview(buffer))])

    def _lost(self, error: OSError) -> RegistryError:
        return ConnectionLostError(self.authority, error.strerror or str(error) or type(error).__name__)
