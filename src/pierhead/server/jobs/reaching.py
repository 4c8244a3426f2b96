"""Which connectors ask for delegates that are not there at the moment, as far as their tags and owners say it.

What a dispatcher weighs besides (failures lately, load, versions) is not asked: a delegate that is online and fits is
enough here.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pierhead.control.connectors import Connector
from pierhead.control.delegates import Delegate, DelegateFilter, DelegateGroup, DelegateService, DelegateState
from pierhead.control.scopes import Scope
from pierhead.kit.clock import Clock

from .paths import path_of

_Member = tuple[DelegateGroup, Delegate]


class Reaching:
    def __init__(self, delegates: DelegateService, clock: Clock) -> None:
        self._delegates = delegates
        self._clock = clock

    def unreached(self, account: str, connectors: Iterable[Connector]) -> Mapping[tuple[Scope, str], str]:
        """Why, by connector, for those that wait for a delegate now."""
        everywhere = DelegateFilter(states=(DelegateState.ENABLED,), is_everywhere=True)
        views = self._delegates.groups(Scope(account), everywhere)
        members = [(view.group, delegate) for view in views for delegate in view.delegates]
        now = self._clock.now()
        found = {(each.scope, each.identifier): _why(each, members, now) for each in connectors}
        return {address: why for address, why in found.items() if why}


def _why(connector: Connector, members: Sequence[_Member], now: datetime) -> str:
    path = path_of((connector,))
    serving = [member for member in members if _serves(member[0].scope, connector.scope)]
    fitting = [member for member in serving if set(path.selectors) <= set(member[1].selectors(member[0]))]
    if path.is_platform or (not path.selectors and not fitting):
        return ""  # where nobody is enrolled, the platform does it
    if any(delegate.is_active(now) for _, delegate in fitting):
        return ""
    which = f" with {', '.join(path.selectors)}" if path.selectors else ""
    if not fitting:
        return f"it is reached by delegates{which}, and no enabled one has that"
    names = ", ".join(sorted({delegate.label for _, delegate in fitting})[:5])
    return f"it is reached by delegates{which}, and none of them is online: {names}"


def _serves(owner: Scope, place: Scope) -> bool:
    return owner == place or owner.contains(place)
