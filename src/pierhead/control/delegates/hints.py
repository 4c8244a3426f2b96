"""What a dispatcher remembers in its process between two looks. Hints only: what is lost here costs seconds."""

import threading
from collections.abc import Collection, Hashable
from datetime import datetime

_MOST = 10_000
_MOST_FOUND = 100


class OpenOffers:
    """Offers that nobody has answered yet. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._out: dict[str, dict[str, datetime]] = {}

    def add(self, task_id: str, delegate_ids: Collection[str], until: datetime) -> None:
        with self._lock:
            self._out.setdefault(task_id, {}).update(dict.fromkeys(delegate_ids, until))

    def forget(self, task_id: str) -> None:
        with self._lock:
            self._out.pop(task_id, None)

    def counts(self, now: datetime) -> dict[str, int]:
        """How many each delegate has out, those whose time is over not counted and forgotten."""
        counts: dict[str, int] = {}
        with self._lock:
            for task_id, offers in list(self._out.items()):
                live = {delegate_id: until for delegate_id, until in offers.items() if until > now}
                if not live:
                    del self._out[task_id]
                for delegate_id in live:
                    counts[delegate_id] = counts.get(delegate_id, 0) + 1
        return counts


class Backlog:
    """Tasks that wait for room at a delegate, by what they ask of one, so that none of the kinds is forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, dict[str, None]] = {}
        self._freed = 0

    def add(self, demand: Hashable, task_id: str) -> None:
        with self._lock:
            if sum(map(len, self._waiting.values())) < _MOST:
                self._waiting.setdefault(demand, {})[task_id] = None

    def discard(self, demand: Hashable, task_id: str) -> None:
        with self._lock:
            waiting = self._waiting.get(demand, {})
            waiting.pop(task_id, None)
            if not waiting:
                self._waiting.pop(demand, None)

    def note_freed(self) -> bool:
        """A task has ended somewhere. Is anybody waiting for that?"""
        with self._lock:
            self._freed += bool(self._waiting)
            return bool(self._waiting)

    def take(self, most: int) -> list[str]:
        """Of each demand as many as tasks have ended since the last time, the longest waiting first."""
        with self._lock:
            taken = [task_id for waiting in self._waiting.values() for task_id in list(waiting)[: self._freed]][:most]
            self._freed = 0
            for waiting in self._waiting.values():
                for task_id in taken:
                    waiting.pop(task_id, None)
            self._waiting = {demand: waiting for demand, waiting in self._waiting.items() if waiting}
        return taken


class News:
    """Delegates that changed, and accounts whose tasks were seen: who is to look anew when. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._delegates: set[str] = set()
        self._is_any = False
        self._accounts: set[str] = set()

    def note_account(self, account: str) -> None:
        with self._lock:
            if len(self._accounts) < _MOST:
                self._accounts.add(account)

    def note_delegate(self, delegate_id: str) -> None:
        """Empty when it may be any."""
        with self._lock:
            self._is_any = self._is_any or not delegate_id or len(self._delegates) >= _MOST
            if delegate_id and not self._is_any:
                self._delegates.add(delegate_id)

    @property
    def are_there(self) -> bool:
        return self._is_any or bool(self._delegates)

    def take(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Delegates that changed; or, when they are many or may be any, all accounts that are known here."""
        with self._lock:
            is_any = self._is_any or len(self._delegates) > _MOST_FOUND
            delegates = () if is_any else tuple(sorted(self._delegates))
            accounts = tuple(sorted(self._accounts)) if is_any else ()
            self._delegates, self._is_any = set(), False
        return delegates, accounts
