"""An answer whose body is still on the wire. Whoever gets one reads it to its end or closes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pierhead.registry.errors import BodyTooLargeError

from .body import Body
from .head import Head

if TYPE_CHECKING:
    from .connection import Connection

_CHUNK = 64 * 1024


class Response:
    """``excerpt`` is the start of an error's body, once read; ``give_back`` takes a connection that may serve again."""

    __slots__ = ("_body", "_connection", "excerpt", "give_back", "headers", "status")

    def __init__(self, head: Head, body: Body, connection: Connection) -> None:
        self.status = head.status
        self.headers = head.headers
        self.excerpt = b""
        self.give_back: Callable[[Connection], None] | None = None
        self._body = body
        self._connection: Connection | None = connection
        said = ",".join(head.headers.all("connection")).lower()
        if "close" in said or (head.is_http10 and "keep-alive" not in said):
            body.leaves_open = False

    @property
    def length(self) -> int | None:
        """Content-Length, also of an answer to HEAD."""
        return self._body.length

    @property
    def is_done(self) -> bool:
        return self._body.is_done

    def readinto(self, view: memoryview) -> int:
        """Some bytes, 0 at the end. Raises ShortBodyError, ConnectionLostError, RegistryTimeoutError."""
        return self._body.readinto(view)

    def read(self, cap: int, what: str) -> bytes:
        """The whole body. Raises BodyTooLargeError, having read no more than a byte over ``cap``."""
        if self.length is not None and self.length > cap:
            raise BodyTooLargeError(what, cap)
        data, is_whole = self._read_some(cap)
        if not is_whole:
            raise BodyTooLargeError(what, cap)
        return data

    def read_start(self, cap: int) -> bytes:
        """The first ``cap`` bytes of the body at most."""
        return self._read_some(cap)[0]

    def close(self) -> None:
        """Gives the connection back when the body was read to its end, else ends it."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._body.is_done and self._body.leaves_open and self.give_back is not None:
            self.give_back(connection)
        else:
            connection.close()

    def _read_some(self, cap: int) -> tuple[bytes, bool]:
        data = bytearray()
        buffer = memoryview(bytearray(min(_CHUNK, cap + 1)))
        while len(data) <= cap:
            count = self._body.readinto(buffer[: cap + 1 - len(data)])
            if count == 0:
                return bytes(data), True
            data += buffer[:count]
        return bytes(data[:cap]), False
