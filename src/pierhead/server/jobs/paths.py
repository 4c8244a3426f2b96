"""Whoever may perform a task that has to reach certain registries."""

from pierhead.control.connectors import Connector
from pierhead.control.delegates import Origin, Path, choose_path


def path_of(connectors: tuple[Connector, ...]) -> Path:
    """One connector's own path. Between several registries: by whoever has the selectors of all of them.

    A registry that the platform reaches is not in anybody's way, so one that needs a delegate decides.
    """
    wanting = [connector for connector in connectors if connector.spec.execute_on_delegate]
    selectors = tuple(selector for connector in wanting for selector in connector.spec.delegate_selectors)
    names = " and ".join(dict.fromkeys(str(connector.reference) for connector in wanting or connectors))
    return choose_path({Origin.CONNECTOR: selectors}, connector=names, connector_wants_delegate=bool(wanting))
