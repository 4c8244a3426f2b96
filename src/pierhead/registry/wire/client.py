"""One request to one origin over a pooled or new connection: direct, through a tunnel or by a proxy's absolute form.

No redirects, no credentials, no second try except for a kept connection that turns out to be dead.
"""

from collections.abc import Iterable
from typing import NamedTuple

from pierhead.kit.clock import Clock
from pierhead.registry.context import CallContext, Caps, Timeouts
from pierhead.registry.endpoint import ProxySettings, TlsSettings
from pierhead.registry.errors import ConnectionLostError
from pierhead.registry.origin import Origin

from .addresses import AddressKind, kind_of_name
from .connection import Connection
from .dial import Dialer, Resolver, system_resolve
from .judge import FREE, AddressPolicy, Judge, check_way, everywhere
from .payload import Payload
from .pool import Pool
from .proxy import open_tunnel, proxy_authorization, proxy_for
from .response import Response
from .stream import Stream
from .tls import TlsContexts
from .watch import Watch


class Route(NamedTuple):
    """How to get to ``origin``, at what kinds of addresses it may be, and at what kinds its proxy may be.

    A kept connection is only for routes that may go where it goes, and not for a stranger's redirect to the same host.
    """

    origin: Origin
    tls: TlsSettings
    proxy: ProxySettings | None
    allowed: frozenset[AddressKind]
    proxy_allowed: frozenset[AddressKind]

    @property
    def key(self) -> str:
        tls = self.tls.key if self.origin.is_secure else ""
        allowed = ",".join(sorted(self.allowed))
        way = f"{self.proxy.key} at {','.join(sorted(self.proxy_allowed))}" if self.proxy else ""
        return f"{self.origin}|{tls}|{way}|{allowed}"


class WireClient:
    """Thread-safe; connections are used by one thread at a time."""

    def __init__(
        self,
        clock: Clock,
        timeouts: Timeouts,
        caps: Caps,
        user_agent: str,
        resolve: Resolver = system_resolve,
        judge: Judge = everywhere,
        policy: AddressPolicy = FREE,
    ) -> None:
        self._clock = clock
        self._times = timeouts
        self._caps = caps
        self._user_agent = user_agent
        self._judge = judge
        self._policy = policy
        self._dialer = Dialer(clock, timeouts, resolve, policy)
        self._tls = TlsContexts()
        self._pool = Pool(clock, timeouts.keep_idle_s)
        self._kinds: dict[Origin, AddressKind] = {}

    def send(
        self,
        route: Route,
        method: str,
        target: str,
        fields: Iterable[tuple[str, str]],
        call: CallContext,
        payload: Payload | None = None,
        *,
        is_once: bool = False,
    ) -> Response:
        """The answer's head, its body unread. Raises a RegistryError, or what the payload raises."""
        call.check(self._clock)
        proxy = proxy_for(route.origin, route.proxy)
        check_way(route.origin, proxy, self._judge)
        head = [("Host", route.origin.authority), ("User-Agent", self._user_agent), ("Accept-Encoding", "identity")]
        head += fields
        if payload is not None:
            head.append(("Content-Length", str(payload.length)))
        if proxy is not None and not route.origin.is_secure:
            target = f"{route.origin}{target}"
            head += proxy_authorization(proxy)
        while True:
            connection = self._pool.take(route.key) or self._open(route, proxy, call)
            watch = Watch(call, self._clock, self._times, f"an answer from {route.origin.authority}")
            try:
                return self._exchange(route, connection, method, target, head, watch, payload)
            except ConnectionLostError:
                # A server may close a kept connection just as we write to it; that says nothing about a new one.
                if connection.served == 0 or is_once:
                    raise

    def kind_of(self, origin: Origin) -> AddressKind | None:
        """What kind of address ``origin`` was found at when last connected, or is without looking."""
        return self._kinds.get(origin) or kind_of_name(origin.host)

    def close(self) -> None:
        self._pool.close()

    def _exchange(
        self,
        route: Route,
        connection: Connection,
        method: str,
        target: str,
        head: list[tuple[str, str]],
        watch: Watch,
        payload: Payload | None,
    ) -> Response:
        try:
            response = connection.exchange(method, target, head, watch, self._caps.head_bytes, payload)
        except BaseException:
            connection.close()
            raise
        key = route.key
        response.give_back = lambda kept: self._pool.put(key, kept)
        return response

    def _open(self, route: Route, proxy: ProxySettings | None, call: CallContext) -> Connection:
        origin = route.origin
        if proxy is None:
            sock, kind = self._dialer.connect(origin.host, origin.port, route.allowed, call)
            if len(self._kinds) > 4096:
                self._kinds.clear()
            self._kinds[origin] = kind
        else:
            self._policy.check_behind_proxy(origin, route.allowed)
            sock, _ = self._dialer.connect(proxy.origin.host, proxy.origin.port, route.proxy_allowed, call)
        try:
            if proxy is not None and origin.is_secure:
                stream = Stream(sock, proxy.origin.authority)
                stream.watch = Watch(call, self._clock, self._times, f"the proxy {proxy.origin.authority}")
                open_tunnel(stream, proxy, origin, self._caps.head_bytes)
            if origin.is_secure:
                left_s = call.remaining_s(self._clock)
                limit_s = self._times.tls_s if left_s is None else max(0.01, min(self._times.tls_s, left_s))
                sock = self._tls.wrap(sock, origin.host, route.tls, limit_s)
        except BaseException:
            sock.close()
            raise
        return Connection(sock, origin.authority, kind if proxy is None else None)
