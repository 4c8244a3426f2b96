"""What one look at a pipeline has found already."""

from collections.abc import Callable

from pierhead.control.connectors import Connector
from pierhead.control.scopes import Scope


def remembered(
    find: Callable[[Scope, str], Connector | None],
) -> Callable[[Scope, str], Connector | None]:
    """Asks the store once for each connector: a pipeline of twenty stages names the same few."""
    seen: dict[tuple[Scope, str], Connector | None] = {}

    def remembered(scope: Scope, identifier: str) -> Connector | None:
        if (scope, identifier) not in seen:
            seen[scope, identifier] = find(scope, identifier)
        return seen[scope, identifier]

    return remembered
