"""Holds the polls of the delegates that are connected to this process, and wakes the one there is news for.

A held poll costs no thread and asks the store nothing: what was found out about a delegate counts until a signal says
that it changed. What stands here is hints; the truth is in the store.
"""

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pierhead.control.delegates import DelegateState, KnownDelegate
from pierhead.protocol.agent import Offer, PollAnswer
from pierhead.server.jobs.work import WorkStore

from .presence import Presence
from .stations import Station, Wake, resolve
from .tidings import Tidings

POLL_S = 45.0
_THREADS = 8
_STRANGERS_THREADS = 2


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll, for at most ``free`` offers. ``hung_up`` is done when nobody waits for the answer any more; ``as_of``:
    the hub's ``changes`` before ``known`` was read."""

    known: KnownDelegate
    session: str
    free: int
    hung_up: "asyncio.Future[None]"
    as_of: int


class Hub:
    """Polls are held on whichever event loop they came in; what signals mean for them is said in ``tidings``.

    ``pool`` runs what blocks, ``strangers_pool`` what those want that nobody knows yet.
    ``look`` asks the store who a delegate is now. Raises AppError when it may not be here.
    """

    def __init__(
        self,
        store: WorkStore,
        look: Callable[[str], KnownDelegate],
        *,
        poll_s: float = POLL_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.poll_s = poll_s
        self.pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="agents")
        self.strangers_pool = ThreadPoolExecutor(_STRANGERS_THREADS, thread_name_prefix="strangers")
        self.presence = Presence(monotonic)
        self._look = look
        self._monotonic = monotonic
        self._stations = self.presence.stations
        self._tidings = Tidings(store, self.presence, self.pool, look)
        self._is_closing = False

    @property
    def changes(self) -> int:
        """Goes up whenever some delegate may have changed: note it before asking the store about one."""
        return self._tidings.changes

    def known(self, delegate_id: str) -> KnownDelegate | None:
        """What is remembered of a connected delegate, while that counts. From any thread."""
        station = self._stations.get(delegate_id)
        return None if station is None or not station.is_current else station.known

    def expect(self, delegate_id: str) -> None:
        """It has just opened a session: what its first poll needs is read now. On a thread of the pool."""
        station = self.presence.enter(self._look(delegate_id), is_current=False)
        self._tidings.look_at_now(station)
        self._tidings.catch_up(station)
        self._tidings.tell_open_offers()

    async def hold(self, poll: Poll) -> PollAnswer:
        """The answer once there is one. Raises SessionSupersededError, and what ``look`` raises."""
        poll.known.check(poll.session)
        station = self.presence.enter(poll.known, is_current=poll.as_of == self._tidings.changes)
        station.turn += 1
        if station.is_behind:
            self._tidings.catch_up(station)
            self._tidings.tell_open_offers_soon()
        station.wake(Wake.REPLACED)
        if not station.is_current:
            self._tidings.look_at(station)
        try:
            return await self._held(station, station.turn, poll)
        finally:
            station.quiet_since = self._monotonic()

    @property
    def is_closing(self) -> bool:
        return self._is_closing

    def dismiss(self) -> None:
        """Answers every held poll, and holds none any more. From any thread."""
        self._is_closing = True
        self._tidings.end()
        for station in tuple(self._stations.values()):
            station.wake(Wake.CLOSING)

    def close(self) -> None:
        """For good. From any thread."""
        self.dismiss()
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.strangers_pool.shutdown(wait=False, cancel_futures=True)

    # --- on the event loop

    async def _held(self, station: Station, turn: int, poll: Poll) -> PollAnswer:
        ends_at = self._monotonic() + self.poll_s * random.uniform(0.8, 1.0)  # noqa: S311 - only spreads the load

        def has_news() -> bool:
            is_mine = station.turn == turn and station.refusal is None and station.known.session == poll.known.session
            return not is_mine or station.known.state is not poll.known.state or station.has_news(poll.free)

        why = Wake.NEWS
        while why is Wake.NEWS and not has_news():
            why = await self._woken(station, has_news, ends_at, poll.hung_up)
        if station.turn != turn or why is Wake.HUNG_UP:  # whatever there is to tell is for the poll that counts
            return _answer(station)
        station.check(poll.session)
        return _answer(station, station.take_offers(poll.free, self._monotonic()), station.take_cancels())

    async def _woken(
        self, station: Station, has_news: Callable[[], bool], ends_at: float, hung_up: "asyncio.Future[None]"
    ) -> Wake:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Wake] = loop.create_future()
        station.waiter = waiter
        if self._is_closing or has_news():  # said by another thread when nobody was waiting yet
            resolve(waiter, Wake.CLOSING if self._is_closing else Wake.NEWS)

        def hang_up(_: object) -> None:
            resolve(waiter, Wake.HUNG_UP)

        timer = loop.call_later(max(0.0, ends_at - self._monotonic()), resolve, waiter, Wake.TIME)
        hung_up.add_done_callback(hang_up)
        try:
            return await waiter
        finally:
            timer.cancel()
            hung_up.remove_done_callback(hang_up)
            if station.waiter is waiter:
                station.waiter = None


def _answer(station: Station, offers: tuple[tuple[str, str], ...] = (), cancels: tuple[str, ...] = ()) -> PollAnswer:
    return PollAnswer(
        state="ENABLED" if station.known.state is DelegateState.ENABLED else "WAITING_FOR_APPROVAL",
        offers=tuple(Offer(task=task, kind=kind) for task, kind in offers),
        cancel=cancels,
    )
