"""One HTTP/1.1 connection: a request out, an answer in, again as long as both sides keep it open."""

import contextlib
import select
import socket
from collections.abc import Iterable

from pierhead.registry.errors import BadResponseError, ConnectionLostError

from .addresses import AddressKind
from .body import body_of
from .head import Head, parse_head, render_request
from .payload import Payload
from .response import Response
from .stream import Stream
from .watch import Watch

_MAX_INTERIM = 8


class Connection:
    """``kind`` is that of the address it goes to, None behind a proxy. Not for several threads at once."""

    __slots__ = ("_sock", "authority", "idle_since", "kind", "served", "stream")

    def __init__(self, sock: socket.socket, authority: str, kind: AddressKind | None) -> None:
        self._sock = sock
        self.stream = Stream(sock, authority)
        self.authority = authority
        self.kind = kind
        self.served = 0
        self.idle_since = 0.0

    def exchange(
        self,
        method: str,
        target: str,
        fields: Iterable[tuple[str, str]],
        watch: Watch,
        head_cap: int,
        payload: Payload | None = None,
    ) -> Response:
        """Sends a request and reads the head of the answer. Raises a RegistryError, or what the payload raises."""
        self.stream.watch = watch
        self.stream.send(render_request(method, target, fields))
        is_whole = payload is None or self._send_body(payload, watch)
        head = self._final_head(head_cap)
        watch.head_is_read()
        self.served += 1
        body = body_of(method, head, self.stream)
        body.leaves_open = body.leaves_open and is_whole
        return Response(head, body, self)

    def _send_body(self, payload: Payload, watch: Watch) -> bool:
        """False when the other side answered before it had everything: it wants no more of it."""
        watch.body_is_sent_now()
        sent = 0
        for piece in payload.pieces():
            if self.stream.has_heard():
                break
            try:
                self.stream.send(piece)
            except ConnectionLostError:
                if not self.stream.has_heard():
                    raise
                break
            sent += len(piece)
        watch.answer_is_awaited()
        return sent == payload.length

    def is_stale(self) -> bool:
        """Whether the other side has closed, or said something unasked, while nobody looked."""
        if self.stream.has_held:
            return True
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.close()

    def _final_head(self, cap: int) -> Head:
        for _ in range(_MAX_INTERIM):
            raw = self.stream.read_head(cap)
            if raw is None:
                raise ConnectionLostError(self.authority, "it closed without an answer")
            head = parse_head(raw, self.authority)
            if head.status >= 200:
                return head
        raise BadResponseError(self.authority, "it sends interim answers without end")
