"""The first steps of a connection test: is there a name, a way, a certificate to trust. No HTTP but a proxy's CONNECT.

The addresses are judged as for any other request: who may not be connected to is not probed either.
"""

import socket
import ssl
from collections.abc import Sequence

from pierhead.kit.clock import Clock
from pierhead.registry.context import CallContext, Caps, Timeouts
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.errors import AddressRefusedError, NameNotResolvedError, NameServerError, RegistryError
from pierhead.registry.wire.addresses import OWN
from pierhead.registry.wire.dial import Dialer, system_resolve
from pierhead.registry.wire.proxy import open_tunnel, proxy_for
from pierhead.registry.wire.stream import Stream
from pierhead.registry.wire.tls import TlsContexts
from pierhead.registry.wire.watch import Watch

from .report import Step, ok, skipped, warning

USUAL_TIMES = Timeouts()
NAME, TCP, TLS = "name resolution", "TCP connection", "TLS"


class Reach:
    """One connection, for the test alone; ``close`` ends it. Each step raises the RegistryError it fails with."""

    def __init__(self, endpoint: Endpoint, clock: Clock, call: CallContext, times: Timeouts = USUAL_TIMES) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._call = call
        self._times = times
        self._proxy = proxy_for(endpoint.origin, endpoint.proxy)
        self._next = self._proxy.origin if self._proxy else endpoint.origin
        self._addresses: list[str] = []
        self._socket: socket.socket | None = None
        self._refused: RegistryError | None = None

    def name(self) -> Step:
        dialer = Dialer(self._clock, self._times, self._resolve)
        try:
            self._socket, _ = dialer.connect(self._next.host, self._next.port, OWN, self._call)
        except (NameNotResolvedError, NameServerError, AddressRefusedError):
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
        assert self._socket is not None
        if self._proxy is not None:
            stream = Stream(self._socket, self._proxy.origin.authority)
            stream.watch = Watch(self._call, self._clock, self._times, f"the proxy {self._proxy.origin.authority}")
            open_tunnel(stream, self._proxy, origin, Caps().head_bytes)
        wrapped = TlsContexts().wrap(self._socket, origin.host, self._endpoint.tls, self._times.tls_s)
        self._socket = wrapped
        return ok(TLS, _describe(wrapped))

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _resolve(self, host: str, port: int) -> Sequence[str]:
        self._addresses = list(dict.fromkeys(system_resolve(host, port)))
        return self._addresses


def _describe(connection: ssl.SSLSocket) -> str:
    certificate = connection.getpeercert() or {}
    issuer = _name(certificate.get("issuer"))
    return f"{connection.version()}; the certificate is signed by {issuer}, valid until {certificate.get('notAfter')}"


def _name(parts: object) -> str:
    """The most telling field of a name as ``getpeercert`` gives it: tuples of tuples of pairs."""
    fields = {pair[0]: pair[1] for group in parts for pair in group} if isinstance(parts, tuple) else {}
    found = fields.get("commonName") or fields.get("organizationName") or "an authority without a name"
    return "".join(character for character in str(found)[:100] if character.isprintable())
