"""What a server does for notices by itself: empties the outbox, looks at the releases, forgets what is old.

Each delivery is on a thread of its own, a few at once; of one subscription never two, so one slow receiver holds
nobody but itself.
"""

import logging
import threading
from datetime import datetime, timedelta
from typing import Final

from pierhead.control.notices import Deliverer, Delivery, NoticeStore, tell
from pierhead.control.releases import ReleaseService
from pierhead.control.scopes import Scope
from pierhead.control.tasks import Bell
from pierhead.kit.clock import Clock
from pierhead.kit.errors import AppError
from pierhead.kit.tasks import Loop

from .news import of_releases

log = logging.getLogger(__name__)

AT_ONCE: Final = 8
_LOOK_EVERY_S: Final = 2.0
_CHORES_EVERY: Final = timedelta(hours=1)


class ReleaseNews:
    """What is told is told once for each key, so any number of servers may look as often as they like."""

    def __init__(self, store: NoticeStore, clock: Clock, releases: ReleaseService) -> None:
        self._store = store
        self._clock = clock
        self._releases = releases

    def look(self) -> int:
        """Tells what is new of releases, in every account; says how much that was."""
        with self._store.snapshot() as tx:
            accounts = tx.accounts.list()
        return sum(self._of(account.id) for account in accounts)

    def _of(self, account: str) -> int:
        news = list(of_releases(account, self._releases.lines(), self._releases.status(Scope(account))))
        if not news:
            return 0
        with self._store.transaction() as tx:
            return sum(tell(tx, each, self._clock.now()) is not None for each in news)


class Notifying:
    """The loop around deliveries. ``chores`` are looked after once an hour."""

    def __init__(self, deliverer: Deliverer, releases: ReleaseNews, clock: Clock, *, at_once: int = AT_ONCE) -> None:
        self._deliverer = deliverer
        self._releases = releases
        self._clock = clock
        self._at_once = at_once
        self._bell = Bell()
        self._lock = threading.Lock()
        self._busy = 0
        self._chores_at: datetime | None = None
        self._loop = Loop("notify", self._step)

    def start(self) -> None:
        self._loop.start()

    def close(self) -> None:
        """What is on its way is left to itself; where it is not marked, it is sent again under the same id."""
        self._loop.request_stop()
        self._bell.ring()
        self._loop.stop()

    def _step(self, stop: threading.Event) -> float:
        self._chores()
        seen = self._bell.count
        free = self._at_once - self._busy
        due = self._deliverer.claim(free) if free > 0 else ()
        for delivery in due:
            with self._lock:
                self._busy += 1
            threading.Thread(target=self._deliver, args=(delivery,), name="notify-one", daemon=True).start()
        if not stop.is_set():
            self._bell.wait(seen, _LOOK_EVERY_S)
        return 0.0

    def _deliver(self, delivery: Delivery) -> None:
        try:
            self._deliverer.deliver(delivery)
        except AppError as error:
            log.warning("a notice could not be delivered to %s: %s", delivery.subscription, error.message)
        except Exception:
            log.exception("the delivery of a notice to %s failed", delivery.subscription)
        finally:
            with self._lock:
                self._busy -= 1
            self._bell.ring()

    def _chores(self) -> None:
        now = self._clock.now()
        if self._chores_at is not None and now < self._chores_at:
            return
        self._chores_at = now + _CHORES_EVERY
        self._releases.look()
        self._deliverer.prune()
