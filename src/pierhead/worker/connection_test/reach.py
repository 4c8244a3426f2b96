"""The first steps of a connection test: is there a name, a way, a certificate to trust. No HTTP but a proxy's CONNECT.

The addresses are judged as for any other request: who may not be connected to is not probed either.
"""

import socket
import ssl
from collections.abc import Callable, Sequence

from pierhead.kit.clock import Clock
from pierhead.kit.errors import DeniedError
from pierhead.registry.context import CallContext, Caps, Timeouts
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.errors import (
    AddressRefusedError,
    NameNotResolvedError,
    NameServerError,
    RegistryError,
    TlsError,
)
from pierhead.registry.wire.dial import Dialer, system_resolve
from pierhead.registry.wire.judge import FREE, AddressPolicy, Judge, check_way, everywhere
from pierhead.registry.wire.proxy import open_tunnel, proxy_for
from pierhead.registry.wire.stream import Stream
from pierhead.registry.wire.tls import TlsContexts
from pierhead.registry.wire.watch import Watch

from .certificates import Certificate, chain_of
from .report import Step, ok, skipped, warning

USUAL_TIMES = Timeouts()
FEW_DAYS = 30
NAME, TCP, TLS = "name resolution", "TCP connection", "TLS"


class Reach:
    """One connection, for the test alone; ``close`` ends it. Each step raises the RegistryError it fails with."""

    def __init__(
        self,
        endpoint: Endpoint,
        clock: Clock,
        call: CallContext,
        times: Timeouts = USUAL_TIMES,
        judge: Judge = everywhere,
        policy: AddressPolicy = FREE,
    ) -> None:
        self._policy = policy
        self._endpoint = endpoint
        self._clock = clock
        self._call = call
        self._times = times
        self._judge = judge
        self._proxy = proxy_for(endpoint.origin, endpoint.proxy)
        self._next = self._proxy.origin if self._proxy else endpoint.origin
        self._addresses: list[str] = []
        self._socket: socket.socket | None = None
        self._refused: RegistryError | None = None

    def name(self) -> Step:
        try:
            self._socket = self._dialled(Dialer(self._clock, self._times, self._resolve, self._policy))
        except (NameNotResolvedError, NameServerError, DeniedError):
            raise
        except RegistryError as error:  # the name is good, the next step is not
            self._refused = error
        found = ", ".join(self._addresses[:8])
        role = "the proxy " if self._proxy else ""
        return ok(NAME, f"{role}{self._next.host} is at {found}" if found else f"{role}{self._next.host} is an address")

    def tcp(self) -> Step:
        if self._socket is None:
            assert self._refused is not None
            raise self._refused
        address, port = self._socket.getpeername()[:2]
        return ok(TCP, f"connected to {address} port {port}{' (the proxy)' if self._proxy else ''}")

    def tls(self) -> Step:
        origin = self._endpoint.origin
        if not origin.is_secure:
            if self._endpoint.is_anonymous:
                return skipped(TLS, "the connector's URL is http://: nothing is encrypted")
            return warning(TLS, "the connector's URL is http://", "use https://, for the password travels in the clear")
        try:
            connection = self.handshake()
        except TlsError as error:
            seen = _anyway(self._tunnelled, origin.host)
            if not seen:
                raise
            raise TlsError(
                origin.authority, f"{error.reason}: {seen[0].describe(self._clock.now())}", error.hint
            ) from None
        return self._judged(connection)

    def handshake(self) -> ssl.SSLSocket:
        """TLS as the connector wants it. Raises TlsError and others."""
        host = self._endpoint.origin.host
        wrapped = TlsContexts().wrap(self._tunnelled(self._socket), host, self._endpoint.tls, self._times.tls_s)
        self._socket = wrapped
        return wrapped

    def _dialled(self, dialer: Dialer) -> socket.socket:
        check_way(self._endpoint.origin, self._proxy, self._judge)
        allowed = self._policy.own(self._endpoint)
        try:
            if self._proxy is not None:
                self._policy.check_behind_proxy(self._endpoint.origin, allowed)
            sock, _ = dialer.connect(self._next.host, self._next.port, allowed, self._call)
        except AddressRefusedError as error:
            raise self._policy.explained(error, self._endpoint) from None
        return sock

    def _tunnelled(self, sock: socket.socket | None = None) -> socket.socket:
        """A connection to the registry, through the proxy where there is one; a new one when none is given."""
        if sock is None:
            sock = self._dialled(Dialer(self._clock, self._times, policy=self._policy))
        if self._proxy is not None:
            stream = Stream(sock, self._proxy.origin.authority)
            stream.watch = Watch(self._call, self._clock, self._times, f"the proxy {self._proxy.origin.authority}")
            open_tunnel(stream, self._proxy, self._endpoint.origin, Caps().head_bytes)
        return sock

    def _judged(self, connection: ssl.SSLSocket) -> Step:
        """The handshake went well; how long it will is told by the certificate of the chain that ends first."""
        chain, now = chain_of(connection), self._clock.now()
        if not chain:
            return ok(TLS, f"{connection.version()}; the certificate is trusted")
        evidence = f"{connection.version()}; {chain[0].describe(now)}"
        first = min(chain, key=lambda certificate: certificate.ends_at)
        if first.ends_at < chain[0].ends_at:
            evidence = f"{evidence}; in its chain {first.describe(now)}"
        if first.days_left(now) < FEW_DAYS:
            return warning(TLS, evidence, f"renew the certificate of {first.subject} before it ends")
        return ok(TLS, evidence)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _resolve(self, host: str, port: int) -> Sequence[str]:
        self._addresses = list(dict.fromkeys(system_resolve(host, port)))
        return self._addresses


def _anyway(connect: Callable[[], socket.socket], host: str) -> tuple[Certificate, ...]:
    """The certificates that were not trusted, so that it can be said which; over this connection nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        sock = connect()
        with sock, context.wrap_socket(sock, server_hostname=host) as connection:
            return chain_of(connection, is_verified=False)
    except (OSError, ValueError, RegistryError):
        return ()
