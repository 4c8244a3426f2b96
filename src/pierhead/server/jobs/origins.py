"""Which registries a task has to reach, and whether a result proves that one was reached; pure."""

from collections.abc import Iterable, Mapping

from pierhead.control.connectors import Connector, normalise_url
from pierhead.protocol.tasks import TaskFailure

# What goes wrong before a registry has said a word. Everything else was said by it, by whatever status.
_NOT_REACHED = frozenset(
    {
        "address-refused",
        "connect-refused",
        "connection-lost",
        "name-not-resolved",
        "name-server-unavailable",
        "proxy-refused",
        "registry-timeout",
        "tls-failed",
    }
)


def origin_of(connector: Connector) -> str:
    """``https://host[:port]``, Docker Hub as ``https://docker.io``."""
    address = normalise_url(connector.spec.url, connector.spec.provider_type)
    return f"{address.scheme}://{address.registry}"


def experience(outcomes: Iterable[tuple[str, TaskFailure | None]]) -> tuple[dict[str, bool], dict[str, str]]:
    """Per origin whether it was reached, and where not, why. One image that came proves more than one that did not."""
    reached: dict[str, bool] = {}
    reasons: dict[str, str] = {}
    for origin, failure in outcomes:
        is_reached = _is_reached(failure)
        if is_reached is None:
            continue
        reached[origin] = reached.get(origin, False) or is_reached
        if failure is not None and not is_reached:
            reasons[origin] = failure.message[:500]
    return reached, {origin: reasons[origin] for origin, is_reached in reached.items() if not is_reached}


def by_host(origins: Iterable[str]) -> Mapping[str, str]:
    """``host[:port]`` to origin."""
    return {origin.partition("://")[2]: origin for origin in origins}


def _is_reached(failure: TaskFailure | None) -> bool | None:
    if failure is None or (failure.exchange is not None and failure.exchange.status is not None):
        return True
    if failure.code in _NOT_REACHED:
        return False
    return None
