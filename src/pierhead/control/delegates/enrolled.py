"""A delegate with what else decides about it: its group, whose tags it has, and the token that let it in; values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from pierhead.control.scopes import Scope

from .model import Delegate, DelegateGroup, DelegateState, DelegateToken

_place = attrgetter("place")
_WHEN = "%Y-%m-%d %H:%M:%S UTC"


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """``token`` is None when it is forgotten. ``selectors``: everything the delegate can be chosen by, lower-cased.

    ``id`` and ``label`` are the delegate's, and ``place`` orders by name: kept because they are asked for so often.
    """

    delegate: Delegate
    group: DelegateGroup
    token: DelegateToken | None
    selectors: frozenset[str]
    id: str
    label: str
    place: tuple[str, str, str]

    @classmethod
    def of(cls, delegate: Delegate, group: DelegateGroup, token: DelegateToken | None) -> "Enrolled":
        place = (delegate.name, delegate.host_name, delegate.id)
        return cls(delegate, group, token, frozenset(delegate.selectors(group)), delegate.id, delegate.label, place)

    def is_active(self, now: datetime) -> bool:
        return self.delegate.is_active(now) and self.token is not None and self.token.is_live(now)

    def absence(self, now: datetime) -> str:
        """Why it cannot work now, as in "it …"; empty when it is active."""
        delegate, heard = self.delegate, self.delegate.last_heartbeat_at
        if delegate.state is DelegateState.WAITING_FOR_APPROVAL:
            if delegate.unapproved:
                return f"waits for approval, for it now claims {', '.join(delegate.unapproved)}"
            return f"waits for approval since {when(delegate.enrolled_at)}"
        if delegate.state is not DelegateState.ENABLED:
            return f"is {delegate.state.lower()}"
        if self.token is None or not self.token.is_live(now):
            return f"was let in by a token that is revoked{f' ({self.token.name})' if self.token else ''}"
        if heard is None:
            return f"has not connected since it enrolled at {when(delegate.enrolled_at)}"
        return "" if delegate.is_present(now) else f"is not connected, last heard of at {when(heard)}"


class Roster:
    """The delegates of an account, by name and by owner.

    ``asked_at`` is what has happened since it was read: whoever was asked for a task counts as the latest assigned.
    """

    def __init__(self, enrolled: Iterable[Enrolled]) -> None:
        self.everyone = sorted(enrolled, key=_place)
        self.by_owner: dict[Scope, list[Enrolled]] = {}
        for one in self.everyone:
            self.by_owner.setdefault(one.delegate.scope, []).append(one)
        self.asked_at: dict[str, datetime] = {}
        self._active: tuple[datetime, dict[str, Enrolled]] | None = None

    def active(self, now: datetime) -> Mapping[str, Enrolled]:
        """Those that can work at ``now``, by id."""
        if self._active is None or self._active[0] != now:
            self._active = now, {one.id: one for one in self.everyone if one.is_active(now)}
        return self._active[1]


def when(moment: datetime) -> str:
    return moment.strftime(_WHEN)


def by_name(enrolled: Iterable[Enrolled]) -> list[Enrolled]:
    return sorted(enrolled, key=_place)
