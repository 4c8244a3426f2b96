"""Who is connected to this process, and the one thread that tells the store of it: in one statement for all of them."""

import logging
import threading
from collections.abc import Callable, Collection

from pierhead.control.delegates import AgentService, KnownDelegate
from pierhead.kit.tasks import Loop

from .stations import Station

log = logging.getLogger(__name__)

GONE_AFTER_S = 5.0
TELL_EVERY_S = 30.0
_LOOK_EVERY_S = 1.0
_GATHER_S = 0.05


class Presence:
    """Thread-safe. A delegate is here from its first poll until it has not been heard of for ``GONE_AFTER_S``."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.stations: dict[str, Station] = {}
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._arrived = threading.Event()

    def enter(self, known: KnownDelegate, *, is_current: bool) -> Station:
        with self._lock:
            station = self.stations.get(known.id)
            if station is None:
                station = self.stations[known.id] = Station(known, self._monotonic(), is_current)
                self._arrived.set()
            elif not station.is_current:
                station.known, station.is_current = known, is_current
            station.refusal = None
            station.quiet_since = self._monotonic()
        return station

    def now(self) -> float:
        return self._monotonic()

    def heard(self, delegate_id: str) -> None:
        """It said something other than a poll: it is not gone."""
        station = self.stations.get(delegate_id)
        if station is not None:
            station.quiet_since = self._monotonic()

    def leave(self, delegate_id: str) -> None:
        """It said goodbye, and the store knows."""
        with self._lock:
            self.stations.pop(delegate_id, None)

    def end_wait(self) -> None:
        """Cuts ``wait_for_arrival`` short, for who has to stop."""
        self._arrived.set()

    def wait_for_arrival(self, timeout_s: float) -> bool:
        return self._arrived.wait(timeout_s)

    def take_arrived(self) -> tuple[str, ...]:
        """Those that the store was not told of yet."""
        self._arrived.clear()
        with self._lock:
            found = tuple(delegate_id for delegate_id, station in self.stations.items() if not station.is_told)
            for delegate_id in found:
                self.stations[delegate_id].is_told = True
        return found

    def give_back(self, delegate_ids: Collection[str]) -> None:
        """The store could not be told of them."""
        for delegate_id in delegate_ids:
            station = self.stations.get(delegate_id)
            if station is not None:
                station.is_told = False

    def here(self) -> tuple[str, ...]:
        """All that hold a poll or were heard of just now."""
        with self._lock:
            return tuple(delegate_id for delegate_id, station in self.stations.items() if not self._is_gone(station))

    def take_gone(self) -> tuple[str, ...]:
        """Those that are gone; they are forgotten here."""
        with self._lock:
            gone = tuple(delegate_id for delegate_id, station in self.stations.items() if self._is_gone(station))
            for delegate_id in gone:
                del self.stations[delegate_id]
        return gone

    def _is_gone(self, station: Station) -> bool:
        return station.waiter is None and station.quiet_since < self._monotonic() - GONE_AFTER_S


class PresenceLoop:
    """Tells the store who came, who went, and now and then who is still here."""

    def __init__(self, presence: Presence, agents: AgentService, monotonic: Callable[[], float]) -> None:
        self._presence = presence
        self._agents = agents
        self._monotonic = monotonic
        self._told_at = monotonic()
        self._loop = Loop("presence", self._step)

    def start(self) -> None:
        self._loop.start()

    def close(self) -> None:
        self._loop.request_stop()
        self._presence.end_wait()
        self._loop.stop()

    def _step(self, stop: threading.Event) -> float:
        if self._presence.wait_for_arrival(_LOOK_EVERY_S):
            stop.wait(_GATHER_S)  # those that come together are told together
        if gone := self._presence.take_gone():
            self._agents.gone(gone)
        self._tell_arrived()
        if self._monotonic() - self._told_at >= TELL_EVERY_S:
            self._told_at = self._monotonic()
            if here := self._presence.here():
                self._agents.seen(here)
        return 0.0

    def _tell_arrived(self) -> None:
        arrived = self._presence.take_arrived()
        if not arrived:
            return
        try:
            self._agents.seen(arrived)
        except Exception:
            self._presence.give_back(arrived)
            raise
