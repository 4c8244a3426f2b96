"""What this process remembers of a delegate that is connected to it: its held poll, and what it shall be told."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from enum import Enum

from pierhead.control.delegates import KnownDelegate
from pierhead.kit.errors import AppError

OFFER_COUNTS_S = 30.0
_MAX_OFFERS = 200
_MAX_CANCELS = 1000


class Wake(Enum):
    """Why a held poll is woken up."""

    NEWS = "news"
    REPLACED = "replaced"
    HUNG_UP = "hung up"
    TIME = "time"
    CLOSING = "closing"


@dataclass(slots=True)
class Station:
    """``quiet_since``: when it was last heard of, on the monotonic clock, while no poll is held.

    ``is_current``: nothing has changed about it since ``known`` was read; ``changes`` counts how often something did.
    ``turn``: which poll counts, the latest. ``refusal``: why it may not be here any more. ``is_told``: whether the
    store knows that it is connected; ``is_behind``: whether there may be offers that it was not told of.
    """

    known: KnownDelegate
    quiet_since: float
    is_current: bool
    waiter: "asyncio.Future[Wake] | None" = None
    changes: int = 0
    turn: int = 0
    refusal: AppError | None = None
    is_told: bool = False
    is_behind: bool = True
    _offers: dict[str, tuple[str, float]] | None = None
    _cancels: list[str] = field(default_factory=list)

    def check(self, session: str) -> None:
        """May it go on being here under that session? Raises what it was refused with, SessionSupersededError."""
        if self.refusal is not None:
            raise self.refusal
        self.known.check(session)

    def offer(self, task_id: str, kind: str, now: float) -> None:
        offers = self._offers = self._offers or {}
        offers.pop(task_id, None)
        offers[task_id] = (kind, now)
        if len(offers) > _MAX_OFFERS:
            del offers[next(iter(offers))]

    def cancel(self, task_id: str) -> None:
        if task_id not in self._cancels and len(self._cancels) < _MAX_CANCELS:
            self._cancels.append(task_id)

    def has_news(self, free: int) -> bool:
        return bool(self._cancels) or (free > 0 and bool(self._offers))

    def take_offers(self, free: int, now: float) -> tuple[tuple[str, str], ...]:
        """Task and kind of at most ``free`` of them, the oldest first; old ones have gone to others by now."""
        offers = {task: offer for task, offer in (self._offers or {}).items() if now - offer[1] < OFFER_COUNTS_S}
        taken = tuple((task, offers[task][0]) for task in list(offers)[:free])
        for task, _ in taken:
            del offers[task]
        self._offers = offers or None
        return taken

    def take_cancels(self) -> tuple[str, ...]:
        taken, self._cancels = tuple(self._cancels), []
        return taken

    def wake(self, why: Wake) -> None:
        """Its held poll, if there is one. From any thread."""
        waiter = self.waiter
        if waiter is not None:
            # The loop may have ended, and its polls with it.
            with contextlib.suppress(RuntimeError):
                waiter.get_loop().call_soon_threadsafe(resolve, waiter, why)


def resolve(waiter: "asyncio.Future[Wake]", why: Wake) -> None:
    """On the waiter's own loop. Who comes first counts."""
    if not waiter.done():
        waiter.set_result(why)
