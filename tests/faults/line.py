"""How a member of the fleet talks to servers that come and go: one kept connection, to one after the other."""

import http.client
import json
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from pierhead.testing.scripted_delegate import Said

from .api import BROKEN

_POLL_WITHIN_S = 60.0
_KEPT_S = 2.0  # servers close connections that are not used

Servers = Callable[[], Sequence[str]]


class Line:
    """One kept connection to one of the servers; after any trouble the next request goes to the next server."""

    def __init__(self, servers: Servers, turn: int, answer_within_s: float) -> None:
        self._servers = servers
        self._turn = turn
        self._answer_within_s = answer_within_s
        self._connection: http.client.HTTPConnection | None = None
        self._place = ""
        self._used_at = 0.0

    def carry(self, target: str, headers: Mapping[str, str], body: bytes) -> Said:
        """Raises what is in ``BROKEN``."""
        connection = self._connected(_POLL_WITHIN_S if target.endswith("/poll") else self._answer_within_s)
        try:
            connection.request("POST", target, body, dict(headers))
            answer = connection.getresponse()
            text = answer.read()
            self._used_at = time.monotonic()
            return Said(answer.status, {k.lower(): v for k, v in answer.getheaders()}, _document(text))
        except BROKEN:
            self._turn += 1
            self.cut()
            self._connection = None
            raise

    def cut(self) -> None:
        """From any thread."""
        connection = self._connection
        if connection is not None:
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
            connection.close()

    def _connected(self, timeout_s: float) -> http.client.HTTPConnection:
        servers = self._servers()
        if not servers:
            raise ConnectionRefusedError("no server is there")
        place = urlsplit(servers[self._turn % len(servers)]).netloc
        is_old = time.monotonic() - self._used_at > _KEPT_S
        if self._connection is None or place != self._place or is_old:
            self.cut()
            self._connection, self._place = http.client.HTTPConnection(place, timeout=timeout_s), place
        self._connection.timeout = timeout_s
        if self._connection.sock is not None:
            self._connection.sock.settimeout(timeout_s)
        return self._connection


def _document(text: bytes) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        return {"code": "", "text": text[:300].decode("latin-1")}
    return found if isinstance(found, dict) else {"code": "", "found": found}
