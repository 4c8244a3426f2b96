"""From a host name to a connected socket: resolve once, check every address, connect to a checked address.

Addresses are tried in the manner of RFC 8305: families interleaved, the next one started when the last is slow.
"""

import contextlib
import errno
import select
import socket
import threading
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Final

from pierhead.kit.clock import Clock
from pierhead.registry.context import CallContext, Timeouts
from pierhead.registry.errors import (
    ConnectRefusedError,
    NameNotResolvedError,
    NameServerError,
    RegistryTimeoutError,
)

from .addresses import AddressKind, check_addresses, check_name, is_literal, kind_of
from .judge import FREE, AddressPolicy

Resolver = Callable[[str, int], Sequence[str]]
HEAD_START_S: Final = 0.25
MAX_TRIED: Final = 16
_PENDING = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)


def system_resolve(host: str, port: int) -> list[str]:
    """The numeric addresses of ``host`` in the system's order. Raises OSError (socket.gaierror)."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for family, *_, sockaddr in found if family in (socket.AF_INET, socket.AF_INET6)]


class Dialer:
    def __init__(
        self, clock: Clock, timeouts: Timeouts, resolve: Resolver = system_resolve, policy: AddressPolicy = FREE
    ) -> None:
        self._clock = clock
        self._times = timeouts
        self._resolve = resolve
        self._policy = policy

    def connect(
        self, host: str, port: int, allowed: frozenset[AddressKind], call: CallContext
    ) -> tuple[socket.socket, AddressKind]:
        """A connected socket and the kind of its address. Raises a RegistryError."""
        check_name(host)
        addresses = [host] if is_literal(host) else self._look_up(host, port, call)
        check_addresses(host, addresses, allowed)
        for address in addresses:
            self._policy.check_address(host, address, port)
        sock, address = self._race(host, port, _interleaved(addresses)[:MAX_TRIED], call)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(self._times.slice_s)
        return sock, kind_of(address)

    def _look_up(self, host: str, port: int, call: CallContext) -> Sequence[str]:
        """getaddrinfo cannot be interrupted, so it runs on a thread that may be left behind."""
        answer: list[Sequence[str] | OSError] = []
        done = threading.Event()

        def ask() -> None:
            try:
                answer.append(self._resolve(host, port))
            except (OSError, UnicodeError) as error:
                answer.append(error if isinstance(error, OSError) else OSError(str(error)))
            finally:
                done.set()

        threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
        waited_s = 0.0
        while not done.wait(self._times.slice_s):
            waited_s += self._times.slice_s
            call.check(self._clock)
            if waited_s >= self._times.resolve_s:
                raise NameServerError(host, f"none within {self._times.resolve_s:g} s")
        found = answer[0] if answer else OSError("resolver failed")
        if isinstance(found, OSError):
            raise _unresolved(host, found) from found
        if not found:
            raise NameNotResolvedError(host)
        return found

    def _race(self, host: str, port: int, addresses: list[str], call: CallContext) -> tuple[socket.socket, str]:
        race = _Race(port)
        waited_s = 0.0
        try:
            while True:
                started = race.start_next(addresses)
                if not race.runners and not addresses:
                    raise ConnectRefusedError(_authority(host, port), race.reason)
                if not started and not race.runners:
                    continue
                pause_s = HEAD_START_S if addresses else self._times.slice_s
                winner = race.wait(min(pause_s, max(0.01, self._times.connect_s - waited_s)))
                if winner is not None:
                    return winner
                waited_s += race.waited_s
                call.check(self._clock)
                if waited_s >= self._times.connect_s:
                    raise RegistryTimeoutError(f"connecting to {_authority(host, port)}", self._times.connect_s)
        finally:
            race.close()


class _Race:
    """Connection attempts under way. The winner is taken out; ``close`` gives up the others."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.runners: dict[int, tuple[socket.socket, str]] = {}
        self.reason = "no address"
        self.waited_s = 0.0

    def start_next(self, addresses: list[str]) -> bool:
        if not addresses:
            return False
        address = addresses.pop(0)
        try:
            sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:  # no IPv6 here, or no file descriptor left
            self.reason = error.strerror or str(error)
            return False
        sock.setblocking(False)
        result = sock.connect_ex((address, self._port))
        if result not in _PENDING:
            self.reason = errno.errorcode.get(result, str(result))
            sock.close()
            return False
        self.runners[sock.fileno()] = (sock, address)
        return True

    def wait(self, seconds: float) -> tuple[socket.socket, str] | None:
        poll = select.poll()
        for fileno in self.runners:
            poll.register(fileno, select.POLLOUT)
        ready = poll.poll(seconds * 1000)
        self.waited_s = 0.0 if ready else seconds
        for fileno, _ in ready:
            sock, address = self.runners.pop(fileno)
            result = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if result == 0:
                return sock, address
            self.reason = "connection refused" if result == errno.ECONNREFUSED else errno.errorcode.get(result, "?")
            sock.close()
        return None

    def close(self) -> None:
        for sock, _ in self.runners.values():
            with contextlib.suppress(OSError):
                sock.close()


def _interleaved(addresses: Sequence[str]) -> list[str]:
    """First family first, then in turn, each address once."""
    unique = list(dict.fromkeys(addresses))
    first = [a for a in unique if (":" in a) == (":" in unique[0])]
    second = [a for a in unique if (":" in a) != (":" in unique[0])]
    return [a for pair in zip_longest(first, second) for a in pair if a is not None]


def _unresolved(host: str, error: OSError) -> NameNotResolvedError | NameServerError:
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return NameServerError(host, error.strerror or "")
    return NameNotResolvedError(host, error.strerror or "")


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
