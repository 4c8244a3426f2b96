"""The delegates of an account before one task's demand: who fits, who is ready, who is best; pure (harness-api §4.1).

A delegate fits when its owner serves whoever asks, it performs the kind of task, it has all selectors, and its owner
owns the secrets that the task shows. Among those that fit, and are there, the best is asked first: proven before never
tried, then the least busy, then who waited longest, then by id, so that the same facts always give the same order.
Words for it are in ``words``.
"""

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from itertools import islice
from typing import NamedTuple

from pierhead.control.scopes import Scope

from .enrolled import Enrolled, Roster
from .model import Experience, LogLine
from .route import Offers, Route

History = Mapping[str, Mapping[str, Experience]]
"""By delegate and origin: what counts of what it has experienced."""
_NEVER = datetime.min.replace(tzinfo=UTC)


class Standing(IntEnum):
    """What a delegate is to a task. Up to DECLINED it fits; READY may be asked now."""

    READY = 0
    ASKED = 1
    FULL = 2
    DENIED = 3
    INACTIVE = 4
    DECLINED = 5
    NO_SECRET = 6
    NO_SELECTOR = 7
    NO_KIND = 8
    NO_OWNER = 9

    @property
    def is_fit(self) -> bool:
        return self <= Standing.DECLINED


@dataclass(frozen=True, slots=True)
class Verdict:
    """``record`` is what denies it, ``running`` how many tasks it has, offers that are out included."""

    one: Enrolled
    standing: Standing
    running: int = 0
    record: Experience | None = None
    reason: str = ""


class Rank(NamedTuple):
    """What delegates are ordered by. ``history``: 0 proven for all origins, 1 not yet, 2 failed lately."""

    history: int
    load: float
    last_assigned_at: datetime
    id: str


class Field:
    """The delegates of an account before one demand, as of one moment.

    ``running``: how many tasks each has, which ``took`` adds to; fields of one moment share it. Not thread-safe.
    """

    def __init__(
        self,
        route: Route,
        kind: str,
        roster: Roster,
        history: History,
        running: MutableMapping[str, int],
        now: datetime,
    ) -> None:
        self.route = route
        self.kind = kind
        self.now = now
        self.fit, self.misfits = _parted(route, kind, roster)
        self._roster = roster
        self._running = running
        self.history = history
        self._denied = {} if route.ignores_failures else self._denials()
        present = roster.active(now)
        self._active = {one.id: one for one in self.fit if one.id in present}
        self._ranks = {id_: self._rank(one) for id_, one in self._active.items() if id_ not in self._denied}
        self._order = sorted(self._ranks.values())
        self.log: tuple[LogLine, ...] | None = None
        """What ``words`` says of it to every task that nobody has declined; the same for all of them."""

    def best(self, offers: Offers, count: int | None = None) -> list[Enrolled]:
        """Who may be asked next, ``count`` at most, best first."""
        return list(islice(self._ready(offers), count))

    def took(self, one: Enrolled) -> None:
        """An offer has gone out: until it is taken or refused it counts as one more task."""
        self._order.pop(bisect_left(self._order, self._ranks[one.id]))
        self._running[one.id] = self._load(one) + 1
        self._roster.asked_at[one.id] = self.now
        self._ranks[one.id] = self._rank(one)
        insort(self._order, self._ranks[one.id])

    def is_open(self, offers: Offers) -> bool:
        """Is there one among the latest asked who can still answer?"""
        return any(self._is_asked(self._active[id_], offers) for id_ in offers.latest if id_ in self._active)

    def look(self, offers: Offers) -> list[Verdict]:
        """What each of those that fit is to the task."""
        return [self._verdict(one, offers) for one in self.fit]

    def everybody(self, offers: Offers) -> tuple[Verdict, ...]:
        """The same of every delegate of the account, the eligible ones first."""
        others = [Verdict(one, standing) for standing, ones in self.misfits.items() for one in ones]
        return tuple(sorted([*self.look(offers), *others], key=_for_people))

    def unproven(self, one: Enrolled) -> tuple[str, ...]:
        """Origins of the task that it is not known to reach."""
        known = self.history.get(one.id, {})
        return tuple(origin for origin in self.route.origins if not (origin in known and known[origin].is_success))

    def _ready(self, offers: Offers) -> Iterator[Enrolled]:
        for rank in self._order:
            one = self._active[rank.id]
            if self._has_room(one) and one.id not in offers.declined and not self._is_asked(one, offers):
                yield one

    def _verdict(self, one: Enrolled, offers: Offers) -> Verdict:
        running = self._load(one)
        if one.id in offers.declined:
            return Verdict(one, Standing.DECLINED, reason=offers.declined[one.id])
        if one.id not in self._active:
            return Verdict(one, Standing.INACTIVE, reason=one.absence(self.now))
        if one.id in self._denied:
            return Verdict(one, Standing.DENIED, running, self._denied[one.id])
        if self._is_asked(one, offers):
            return Verdict(one, Standing.ASKED, running)
        return Verdict(one, Standing.READY if self._has_room(one) else Standing.FULL, running)

    def _is_asked(self, one: Enrolled, offers: Offers) -> bool:
        return offers.asked.get(one.id) == one.delegate.session and one.id not in offers.declined

    def _has_room(self, one: Enrolled) -> bool:
        return self._load(one) < one.delegate.capacity

    def _load(self, one: Enrolled) -> int:
        return self._running.get(one.id, 0)

    def _rank(self, one: Enrolled) -> Rank:
        history = 0 if not self.unproven(one) else 2 if self._failures(one.id) else 1
        last_at = max(one.delegate.last_assigned_at or _NEVER, self._roster.asked_at.get(one.id, _NEVER))
        return Rank(history, self._load(one) / one.delegate.capacity, last_at, one.id)

    def _denials(self) -> dict[str, Experience]:
        """The failure that lasts longest of each delegate that has one."""
        failures = {one.id: self._failures(one.id) for one in self.fit}
        return {id_: max(found, key=lambda failure: failure.at) for id_, found in failures.items() if found}

    def _failures(self, delegate_id: str) -> list[Experience]:
        return [known for known in self.history.get(delegate_id, {}).values() if not known.is_success]


def serving(scope: Scope, secrets: Iterable[Scope] = ()) -> tuple[Scope, ...]:
    """The scopes whose delegates may work for ``scope`` and be shown secrets of ``secrets``: it and those above it."""
    above = [Scope(scope.account)]
    if scope.org is not None:
        above.append(Scope(scope.account, scope.org))
    if scope.project is not None:
        above.append(scope)
    return tuple(one for one in above if owns(one, secrets))


def owns(owner: Scope, secrets: Iterable[Scope]) -> bool:
    """May a delegate of ``owner`` be shown secrets of these scopes? Only those of its own scope and below."""
    return all(owner.contains(secret) for secret in secrets)


def missing_selectors(one: Enrolled, selectors: Sequence[str]) -> tuple[str, ...]:
    return tuple(selector for selector in selectors if selector not in one.selectors)


def _parted(route: Route, kind: str, roster: Roster) -> tuple[list[Enrolled], dict[Standing, list[Enrolled]]]:
    """Those that fit, and the others by what is first against them."""
    fit: list[Enrolled] = []
    misfits: dict[Standing, list[Enrolled]] = {standing: [] for standing in Standing if not standing.is_fit}
    wanted = frozenset(route.selectors)
    for scope, owned in roster.by_owner.items():
        if not scope.contains(route.scope):
            misfits[Standing.NO_OWNER] += owned
            continue
        may_see = owns(scope, route.secrets)
        for one in owned:
            if kind not in one.delegate.kinds:
                misfits[Standing.NO_KIND].append(one)
            elif not wanted <= one.selectors:
                misfits[Standing.NO_SELECTOR].append(one)
            elif not may_see:
                misfits[Standing.NO_SECRET].append(one)
            else:
                fit.append(one)
    return fit, {standing: ones for standing, ones in misfits.items() if ones}


def history_of(experiences: Iterable[Experience], origins: Collection[str], now: datetime) -> History:
    """Of these origins, what still counts."""
    found: dict[str, dict[str, Experience]] = {}
    for experience in experiences:
        if experience.origin in origins and experience.counts(now):
            found.setdefault(experience.delegate_id, {})[experience.origin] = experience
    return found


def _for_people(verdict: Verdict) -> tuple[object, ...]:
    return (verdict.standing, *verdict.one.place)
