"""Everything that a server does by itself, from its start to its end."""

import threading
import time
from collections.abc import Iterable, Mapping

from pierhead.control.tasks import TaskQueue
from pierhead.kit.clock import Clock
from pierhead.kit.signals import Topic

from .delegates.presence import PresenceLoop
from .delegation import Delegation
from .jobs.connector_tasks import ConnectorTasks
from .jobs.loops import Dispatching, Retesting, Sweeping
from .jobs.mirror_schedule import MirrorScheduling
from .jobs.notifying import Notifying
from .jobs.platform_delegate import PlatformDelegate, TaskSpans
from .jobs.watching import Watching
from .jobs.work import Work, WorkStore

BackgroundLoop = Dispatching | Sweeping | Retesting | PresenceLoop | Watching | MirrorScheduling | Notifying


class Background:
    """Thread-safe. ``serves``: whether delegates can reach this process; ``more``: what a server does that serves."""

    def __init__(
        self,
        store: WorkStore,
        clock: Clock,
        queue: TaskQueue,
        works: Mapping[str, Work],
        delegation: Delegation,
        platform: PlatformDelegate,
        tasks: ConnectorTasks,
        more: Iterable[BackgroundLoop],
        *,
        serves: bool,
    ) -> None:
        self._signals = store.signals
        self._platform = platform
        self._hub = delegation.hub
        self._lock = threading.Lock()
        self._is_started = False
        sweeps = (delegation.agents.sweep, delegation.delegates.sweep, delegation.tokens.sweep)
        self._loops: list[BackgroundLoop] = [
            Dispatching(delegation.dispatcher, store.signals),
            Sweeping(store, queue, works, sweeps),
        ]
        if serves:
            self._loops += [
                Retesting(store, queue, tasks, clock),
                *more,
                PresenceLoop(self._hub.presence, delegation.agents, time.monotonic),
            ]

    def tell(self, spans: TaskSpans | None) -> None:
        """Of each task that the platform performs from now on."""
        self._platform.spans = spans

    def start(self) -> None:
        """Idempotent."""
        with self._lock:
            if self._is_started:
                return
            self._is_started = True
            self._platform.start()
            for loop in self._loops:
                loop.start()

    def start_when_needed(self) -> None:
        """With the first task that this process queues, so that a command that only asks does no other work."""
        for topic in (Topic.TASK_QUEUED, Topic.TASK_WAITS):
            self._signals.on(topic, lambda _: self.start())

    def close(self) -> None:
        """What is unfinished goes on at the next start, or on another server."""
        self._hub.close()
        if self._is_started:
            for loop in self._loops:
                loop.close()
        self._platform.close()
