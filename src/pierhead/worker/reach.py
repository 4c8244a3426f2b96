"""Which registries cannot be connected to from here: name, TCP and TLS, through the proxy where there is one.

No HTTP is spoken, so nothing is said about credentials or rights; whoever is refused there was reached.
"""

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.errors import AppError
from pierhead.protocol.tasks import RegistryAccess
from pierhead.registry.context import CallContext, Timeouts
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.errors import CallCancelledError, DeadlineExceededError, RegistryTimeoutError
from pierhead.registry.wire.judge import Judge, everywhere

from .access import endpoint_of
from .cancel import CancelToken
from .connection_test.reach import Reach
from .errors import UnexpectedFailureError

_AT_ONCE: Final = 16


class Unreachable(NamedTuple):
    """``origin``: ``https://host[:port]``, as the access names it; ``code`` and ``message`` are those of the error."""

    origin: str
    code: str
    message: str


def unreachable(
    accesses: Iterable[RegistryAccess],
    *,
    only: Collection[str] | None = None,
    clock: Clock | None = None,
    cancel: CancelToken | None = None,
    timeout_s: float = 5.0,
    judge: Judge = everywhere,
) -> tuple[Unreachable, ...]:
    """Those of ``accesses`` (of the origins ``only``, when given) that cannot be connected to, each origin once.

    Returns after ``timeout_s`` and a little at the latest. What cannot be an address at all is left for the task itself
    to fail with; after a cancel nothing is found. Where ``judge`` lets
    nothing go counts as not to be reached.
    """
    token = cancel or CancelToken()
    asked = [(url, endpoint) for url, endpoint in _ways(accesses) if only is None or url in only]
    clock = clock or SystemClock()
    way = _Way(clock, timeout_s, judge)
    found: dict[str, Unreachable] = {}
    for start in range(0, len(asked), _AT_ONCE):
        call = CallContext(token.event, clock.monotonic() + timeout_s)
        threads = [
            threading.Thread(target=way.try_out, args=(url, endpoint, call, found), daemon=True)
            for url, endpoint in asked[start : start + _AT_ONCE]
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return () if token.is_cancelled else tuple(found[key] for key in sorted(found))


def _ways(accesses: Iterable[RegistryAccess]) -> list[tuple[str, Endpoint]]:
    """One for each way, with the URL it is known by (Docker Hub answers at another host than its name says): the same
    origin through another proxy is another question."""
    found: dict[tuple[str, str], Endpoint] = {}
    for access in accesses:
        try:
            endpoint = endpoint_of(access)
        except AppError:
            continue
        found.setdefault((access.url, endpoint.proxy.key if endpoint.proxy else ""), endpoint)
    return [(url, endpoint) for (url, _), endpoint in found.items()]


@dataclass(frozen=True, slots=True)
class _Way:
    clock: Clock
    timeout_s: float
    judge: Judge

    def try_out(self, origin: str, endpoint: Endpoint, call: CallContext, found: dict[str, Unreachable]) -> None:
        limit_s = self.timeout_s
        times = Timeouts(resolve_s=limit_s, connect_s=limit_s, tls_s=limit_s, first_byte_s=limit_s)
        reach = Reach(endpoint, self.clock, call, times, self.judge)
        try:
            reach.name()
            reach.tcp()
            if endpoint.origin.is_secure:
                reach.handshake()
        except CallCancelledError:
            return
        except DeadlineExceededError:
            error: AppError = RegistryTimeoutError(f"connecting to {endpoint.origin.authority}", limit_s)
            found[origin] = Unreachable(origin, error.code, error.message)
        except AppError as failed:
            found[origin] = Unreachable(origin, failed.code, failed.message)
        except Exception as unexpected:
            error = UnexpectedFailureError(origin, unexpected)
            found[origin] = Unreachable(origin, error.code, error.message)
        finally:
            reach.close()
