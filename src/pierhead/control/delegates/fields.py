"""The delegates of accounts as the store has them, and those before a task's demand: read once for many tasks."""

from collections.abc import Mapping
from datetime import datetime

from pierhead.kit.clock import Clock

from .enrolled import Enrolled, Roster
from .field import Field, History, history_of
from .ports import DelegateTransaction
from .route import Route

ROSTER_KEPT_S = 2.0


def read_roster(tx: DelegateTransaction, account: str) -> Roster:
    """All delegates of an account but the deleted ones."""
    groups = {group.id: group for group in tx.delegate_groups.list(account)}
    delegates = [delegate for delegate in tx.delegates.list(account) if delegate.group_id in groups]
    tokens = {token_id: tx.delegate_tokens.find_by_id(token_id) for token_id in {one.token_id for one in delegates}}
    return Roster(Enrolled.of(one, groups[one.group_id], tokens[one.token_id]) for one in delegates)


def read_one(tx: DelegateTransaction, delegate_id: str) -> Enrolled | None:
    delegate = tx.delegates.find(delegate_id)
    group = tx.delegate_groups.find(delegate.scope, delegate.name) if delegate else None
    if delegate is None or group is None:
        return None
    return Enrolled.of(delegate, group, tx.delegate_tokens.find_by_id(delegate.token_id))


class Rosters:
    """Remembers rosters for two seconds, so that a task each moment does not read thousands of delegates each time.

    What stands in one is a hint: whoever acquires a task is looked at anew. Not thread-safe but for ``drop``.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[Roster, float]] = {}

    def of(self, tx: DelegateTransaction, account: str) -> Roster:
        kept = self._kept.get(account)
        if kept is not None and self._clock.monotonic() < kept[1]:
            return kept[0]
        roster = read_roster(tx, account)
        self._kept[account] = (roster, self._clock.monotonic() + ROSTER_KEPT_S)
        return roster

    def drop(self) -> None:
        self._kept = {}


class Fields:
    """Fields of one moment, one for each demand, however many transactions they are for.

    ``offered``: offers of each delegate that nobody has answered, which count as tasks.
    """

    def __init__(self, now: datetime, rosters: Rosters, offered: Mapping[str, int] | None = None) -> None:
        self.now = now
        self._rosters = rosters
        self._offered = offered or {}
        self._running: dict[str, dict[str, int]] = {}
        self._histories: dict[tuple[str, tuple[str, ...]], History] = {}
        self._fields: dict[tuple[str, Route, str], Field] = {}

    def of(self, tx: DelegateTransaction, account: str, route: Route, kind: str) -> Field:
        found = self._fields.get((account, route, kind))
        if found is None:
            roster = self._rosters.of(tx, account)
            if account not in self._running:
                self._running[account] = running_of(tx, roster, self.now, self._offered)
            history = self._history(tx, account, roster, route)
            found = Field(route, kind, roster, history, self._running[account], self.now)
            self._fields[account, route, kind] = found
        return found

    def _history(self, tx: DelegateTransaction, account: str, roster: Roster, route: Route) -> History:
        """Asked once for each set of origins: it is the same for whoever else has to reach them."""
        place = account, route.origins
        if place not in self._histories:
            self._histories[place] = read_history(tx, roster, route, self.now)
        return self._histories[place]


def running_of(tx: DelegateTransaction, roster: Roster, now: datetime, offered: Mapping[str, int]) -> dict[str, int]:
    active = roster.active(now)
    running = dict(tx.tasks.leased_by(active.keys())) if active else {}
    for delegate_id, count in offered.items():
        running[delegate_id] = running.get(delegate_id, 0) + count
    return running


def read_history(tx: DelegateTransaction, roster: Roster, route: Route, now: datetime) -> History:
    active = roster.active(now)
    experiences = tx.experiences.list(active.keys(), route.origins) if active and route.origins else ()
    return history_of(experiences, route.origins, now)
