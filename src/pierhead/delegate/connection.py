"""One kept connection to the server: a POST out, an answer in, each within a time, the answer within a size.

Follows no redirect and knows nothing of signatures. Dialling, TLS, proxies and the reading of HTTP are the registry
client's.
"""

import contextlib
import select
import socket
from dataclasses import dataclass
from typing import Final

from pierhead.kit.clock import Clock
from pierhead.registry.context import CallContext, Timeouts
from pierhead.registry.endpoint import ProxySettings, TlsSettings
from pierhead.registry.errors import BodyTooLargeError, ConnectionLostError
from pierhead.registry.origin import Origin
from pierhead.registry.wire.addresses import OWN
from pierhead.registry.wire.body import body_of
from pierhead.registry.wire.dial import Dialer
from pierhead.registry.wire.head import Head, Headers, parse_head, render_request
from pierhead.registry.wire.proxy import open_tunnel, proxy_for
from pierhead.registry.wire.stream import Stream
from pierhead.registry.wire.tls import TlsContexts
from pierhead.registry.wire.watch import Watch

from .alarm import Alarm
from .errors import InterruptedPollError

_TIMES: Final = Timeouts(connect_s=10.0, tls_s=10.0)
_HEAD_BYTES = 16 * 1024
_PIECE = 64 * 1024
_MAX_INTERIM = 4
_SILENCE_MS = 30_000


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Patrolled(CallContext):
    """A call that an alarm ends as well, whatever it waits for: a name, a connection, the next byte of an answer."""

    alarm: Alarm | None = None

    def check(self, clock: Clock) -> None:
        """Raises InterruptedPollError, CallCancelledError or DeadlineExceededError."""
        if self.alarm is not None and self.alarm.is_ringing:
            raise InterruptedPollError
        CallContext.check(self, clock)  # super() does not work in a class with slots


@dataclass(frozen=True, slots=True)
class Patrol:
    """What ends an exchange before its answer: ``limit_s`` seconds, ``call``'s cancelling, or its alarm."""

    call: Patrolled
    limit_s: float


class Caller:
    """Opens connections to one server, and only to that."""

    def __init__(self, origin: Origin, tls: TlsSettings, proxy: ProxySettings | None, clock: Clock) -> None:
        self.origin = origin
        self.proxy = proxy_for(origin, proxy)
        self._settings = tls
        self._clock = clock
        self._dialer = Dialer(clock, _TIMES)
        self._tls = TlsContexts()

    def open(self, call: CallContext) -> "Connection":
        """Raises a RegistryError, or what ``call`` raises."""
        origin, proxy = self.origin, self.proxy
        there = proxy.origin if proxy is not None else origin
        sock, _ = self._dialer.connect(there.host, there.port, OWN, call)
        try:
            _notice_silence(sock)
            if proxy is not None and origin.is_secure:
                stream = Stream(sock, there.authority)
                stream.watch = Watch(call, self._clock, _TIMES, f"the proxy {there.authority}")
                open_tunnel(stream, proxy, origin, _HEAD_BYTES)
            if origin.is_secure:
                sock = self._tls.wrap(sock, origin.host, self._settings, self._tls_s(call))
        except BaseException:
            sock.close()
            raise
        return Connection(sock, origin.authority, self._clock)

    def _tls_s(self, call: CallContext) -> float:
        left_s = call.remaining_s(self._clock)
        return _TIMES.tls_s if left_s is None else max(0.01, min(_TIMES.tls_s, left_s))


class Connection:
    """Not for several threads at once. ``served``: answers got; ``is_reusable``: whether it may be asked again."""

    def __init__(self, sock: socket.socket, authority: str, clock: Clock) -> None:
        self._sock = sock
        self._stream = Stream(sock, authority)
        self._authority = authority
        self._clock = clock
        self.served = 0
        self.idle_since = 0.0
        self.is_reusable = False

    def post(self, target: str, fields: list[tuple[str, str]], body: bytes, cap: int, patrol: Patrol) -> Reply:
        """Raises a RegistryError, or InterruptedPollError when the alarm rang."""
        self.is_reusable = False
        times = Timeouts(first_byte_s=patrol.limit_s, idle_s=30.0)
        watch = self._stream.watch = Watch(patrol.call, self._clock, times, f"an answer from {self._authority}")
        self._stream.send(render_request("POST", target, [*fields, ("Content-Length", str(len(body)))]) + body)
        self._wait(patrol)
        head = self._head()
        watch.head_is_read()
        reply = Reply(head.status, head.headers, self._body(head, cap))
        self.served += 1
        return reply

    def is_stale(self) -> bool:
        """Whether the other side has closed, or said something unasked, while nobody looked."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return self._stream.has_held or bool(poll.poll(0))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.close()

    def _wait(self, patrol: Patrol) -> None:
        """A held answer is waited for without waking up, but for the alarm."""
        alarm = patrol.call.alarm
        if alarm is not None and alarm.wait(patrol.limit_s, self._sock.fileno()):
            raise InterruptedPollError

    def _head(self) -> Head:
        for _ in range(_MAX_INTERIM):
            raw = self._stream.read_head(_HEAD_BYTES)
            if raw is None:
                raise ConnectionLostError(self._authority, "it closed without an answer")
            head = parse_head(raw, self._authority)
            if head.status >= 200:
                return head
        raise ConnectionLostError(self._authority, "it sends interim answers without end")

    def _body(self, head: Head, cap: int) -> bytes:
        body = body_of("POST", head, self._stream)
        if body.length is not None and body.length > cap:
            raise BodyTooLargeError(f"the answer of {self._authority}", cap)
        data = bytearray()
        piece = memoryview(bytearray(min(_PIECE, cap + 1)))
        while count := body.readinto(piece):
            data += piece[:count]
            if len(data) > cap:
                raise BodyTooLargeError(f"the answer of {self._authority}", cap)
        says_close = "close" in ",".join(head.headers.all("connection")).lower()
        self.is_reusable = body.leaves_open and not says_close and not head.is_http10
        return bytes(data)


def _notice_silence(sock: socket.socket) -> None:
    """The other end may vanish without a word, and a held poll would not notice: the system asks after it."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        (socket.TCP_KEEPIDLE, 15),
        (socket.TCP_KEEPINTVL, 5),
        (socket.TCP_KEEPCNT, 3),
        (socket.TCP_USER_TIMEOUT, _SILENCE_MS),
    ):
        sock.setsockopt(socket.IPPROTO_TCP, option, value)
