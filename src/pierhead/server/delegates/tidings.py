"""What signals mean for the delegates that are connected to this process: who is looked at again, who is told what.

Signals come on any thread and are over at once; whatever asks the store does it on the pool.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor

from pierhead.control.delegates import KnownDelegate, Offers
from pierhead.control.tasks import TaskRow, TaskState
from pierhead.kit.errors import AppError
from pierhead.kit.paging import PageRequest
from pierhead.kit.signals import Topic
from pierhead.server.jobs.work import WorkStore

from .presence import Presence
from .stations import Station, Wake

log = logging.getLogger(__name__)

_OPEN_TASKS = PageRequest(0, 500)


class Tidings:
    """Thread-safe. ``look`` asks the store who a delegate is now. Raises AppError when it may not be here."""

    def __init__(
        self, store: WorkStore, presence: Presence, pool: Executor, look: Callable[[str], KnownDelegate]
    ) -> None:
        self.changes = 0
        """Goes up whenever some delegate may have changed: note it before asking the store about one."""
        self._store = store
        self._presence = presence
        self._stations = presence.stations
        self._pool = pool
        self._look = look
        self._lock = threading.Lock()
        self._to_look_at_all = 0
        self._behind: list[Station] = []
        self._is_over = False
        self._forget = [
            store.signals.on(Topic.TASK_OFFERED, self._offered),
            store.signals.on(Topic.TASK_CANCEL, self._cancel_asked),
            store.signals.on(Topic.DELEGATE, self._changed),
        ]

    def end(self) -> None:
        self._is_over = True
        for forget in self._forget:
            forget()

    def look_at(self, station: Station) -> None:
        """What is known of it may not be so any more."""
        self._submit(self.look_at_now, station)

    def catch_up(self, station: Station) -> None:
        """It may have been offered something when nobody here could tell it; ``tell_open_offers`` makes up for it."""
        station.is_behind = False
        with self._lock:
            self._behind.append(station)

    def tell_open_offers_soon(self) -> None:
        self._submit(self.tell_open_offers)

    def tell_open_offers(self) -> None:
        """One look for all that are behind. On a thread of the pool."""
        with self._lock:
            behind, self._behind = self._behind, []
        stations = {station.known.id: station for station in behind}
        for account in {station.known.account for station in behind}:
            with self._store.snapshot() as tx:
                open_tasks = tx.tasks.page(account, (TaskState.QUEUED,), _OPEN_TASKS).items
            for task in open_tasks:
                asked = Offers.from_json(task.offers).asked
                for delegate_id in asked.keys() & stations.keys():
                    if asked[delegate_id] == stations[delegate_id].known.session:
                        stations[delegate_id].offer(task.id, task.kind, self._presence.now())
        for station in behind:
            station.wake(Wake.NEWS)

    def _changed(self, delegate_id: str) -> None:
        with self._lock:
            self.changes += 1
        if not delegate_id:
            self._all_changed()
        elif (station := self._stations.get(delegate_id)) is not None:
            self._outdate(station)
            self.look_at(station)

    def _all_changed(self) -> None:
        """One thread looks at all, one after the other; when it is told again meanwhile, it begins anew once."""
        for station in tuple(self._stations.values()):
            self._outdate(station)
        with self._lock:
            self._to_look_at_all += 1
            is_first = self._to_look_at_all == 1
        if is_first:
            self._submit(self._look_at_all)

    def _outdate(self, station: Station) -> None:
        with self._lock:
            station.changes += 1
            station.is_current = False

    def _look_at_all(self) -> None:
        while True:
            asked = self._to_look_at_all
            for station in tuple(self._stations.values()):
                if not station.is_current and not self._is_over:
                    self.look_at_now(station)
            with self._lock:
                self._to_look_at_all -= asked
                if self._to_look_at_all == 0 or self._is_over:
                    return

    def look_at_now(self, station: Station) -> None:
        seen = station.changes
        try:
            known = self._look(station.known.id)
        except AppError as error:
            station.refusal = error
            station.wake(Wake.NEWS)
            return
        with self._lock:
            if station.changes != seen:
                return  # somebody else is looking, or will
            is_news = (known.state, known.session) != (station.known.state, station.known.session)
            station.known, station.is_current = known, True
        if is_news:
            station.wake(Wake.NEWS)

    def _offered(self, key: str) -> None:
        delegate_id, _, task_id = key.partition(" ")
        station = self._stations.get(delegate_id)
        if station is not None:
            self._submit(self._tell_offer, station, task_id)
        elif not key:
            for missed in tuple(self._stations.values()):
                self.catch_up(missed)
            self.tell_open_offers_soon()

    def _tell_offer(self, station: Station, task_id: str) -> None:
        task = self._find(task_id)
        if task is not None and task.account == station.known.account and task.state is TaskState.QUEUED:
            station.offer(task_id, task.kind, self._presence.now())
            station.wake(Wake.NEWS)

    def _cancel_asked(self, task_id: str) -> None:
        if task_id and self._stations:
            self._submit(self._tell_cancel, task_id)

    def _tell_cancel(self, task_id: str) -> None:
        task = self._find(task_id)
        station = self._stations.get(task.owner) if task is not None and task.owner else None
        if station is not None:
            station.cancel(task_id)
            station.wake(Wake.NEWS)

    def _find(self, task_id: str) -> TaskRow | None:
        with self._store.snapshot() as tx:
            return tx.tasks.find(task_id)

    def _submit(self, call: Callable[..., None], *given: object) -> None:
        if not self._is_over:
            self._pool.submit(_logged, call, *given)


def _logged(call: Callable[..., None], *given: object) -> None:
    try:
        call(*given)
    except Exception:
        log.exception("telling a delegate failed")
