"""Delegates on threads that do no work and say they did: a fleet that outlives its servers, and remembers what counted.

Some members are zombies: in the middle of a task they stop until somebody else has it, and then report a result, which
nobody may take.
"""

import random
import threading
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from pierhead.protocol.agent import OrderHead
from pierhead.protocol.tasks import Task
from pierhead.testing.scripted_delegate import Said, ScriptedDelegate

from .api import BROKEN, Offences
from .line import Line, Servers
from .results import good_result
from .waiting import until

TAG = "fleet"
_LEASE_IS_LOST = ("stale-lease", "not-your-task", "task-not-found")
_LONGEST_WAIT_S = 3.0


@dataclass(frozen=True, order=True)
class Effect:
    task: str
    delegate: str
    fence: int


@dataclass
class Ledger:
    """What the servers said to the fleet. Thread-safe.

    ``accepted``: finishes that were answered with 200; ``stale``: those that were refused because the lease was gone;
    ``raised``: results of zombies that were accepted; ``odd``: answers that nobody should get.
    """

    offences: Offences = field(default_factory=Offences)
    accepted: set[Effect] = field(default_factory=set)
    stale: list[Effect] = field(default_factory=list)
    raised: list[Effect] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    broken: int = 0
    """Requests without an answer."""
    _fences: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def took(self, task: str, fence: int) -> None:
        with self._lock:
            self._fences[task] = max(fence, self._fences.get(task, 0))

    def newest(self, task: str) -> int:
        return self._fences.get(task, 0)

    def ended(self, effect: Effect, *, is_accepted: bool, is_zombie: bool) -> None:
        with self._lock:
            if not is_accepted:
                self.stale.append(effect)
                return
            self.accepted.add(effect)
            if is_zombie:
                self.raised.append(effect)

    def by_task(self) -> Mapping[str, list[Effect]]:
        found: dict[str, list[Effect]] = defaultdict(list)
        for effect in sorted(self.accepted):
            found[effect.task].append(effect)
        return found


@dataclass(frozen=True)
class Manners:
    """How members behave. ``think_s``: longest time for an ordinary task, and for one in ten; ``zombies``: how many
    members play dead, ``deaths`` how often each; ``answer_within_s``: after how long they ask another server."""

    think_s: tuple[float, float] = (0.03, 1.0)
    zombies: int = 0
    deaths: int = 2
    answer_within_s: float = 20.0
    capacity: int = 4


class Fleet:
    """A context manager. ``servers`` gives the URLs there are at this moment."""

    def __init__(self, servers: Servers, token: str, size: int, seed: int, manners: Manners | None = None) -> None:
        self.ledger = Ledger()
        self.manners = manners or Manners()
        self.servers = servers
        self.is_over = threading.Event()
        self.members = [Member(self, token, number, random.Random(f"{seed}/{number}")) for number in range(size)]

    @property
    def busy(self) -> int:
        """How many have something in hand."""
        return sum(member.is_busy for member in self.members)

    def __enter__(self) -> "Fleet":
        """All of them are known to a server by then: a task that nobody at all could ever do would end at once."""
        for member in self.members:
            member.start()
        until(lambda: all(member.is_joined for member in self.members), 60, "the enrolment of the fleet")
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for member in self.members:
            member.line.cut()
        for member in self.members:
            member.join(10)


class Member(threading.Thread):
    def __init__(self, fleet: Fleet, token: str, number: int, rng: random.Random) -> None:
        super().__init__(name=f"member-{number}", daemon=True)
        self._fleet = fleet
        self._ledger = fleet.ledger
        self._manners = fleet.manners
        self._rng = rng
        self._deaths = fleet.manners.deaths if number < fleet.manners.zombies else 0
        self.is_joined = False
        self._failures = 0
        self.is_busy = False
        self.line = Line(fleet.servers, number, fleet.manners.answer_within_s)
        name = f"{TAG}-{number}"
        self._delegate = ScriptedDelegate(
            self.line.carry, token, name=name, host_name=name, tags=(TAG,), capacity=fleet.manners.capacity
        )

    def run(self) -> None:
        while not self._fleet.is_over.is_set():
            try:
                self._round()
                self._failures = 0
            except BROKEN:
                self._back_off()
            except _WaitError as wait:
                self._fleet.is_over.wait(wait.seconds)

    def _round(self) -> None:
        if not self.is_joined:
            self._join()
        said = self._heard(self._delegate.poll(free=self._manners.capacity), "poll")
        for offer in said.body.get("offers", ()) if said.status == 200 else ():
            if not self._fleet.is_over.is_set():
                self._take(offer["task"])

    def _join(self) -> None:
        if not self._delegate.server_key:
            self._heard(self._delegate.enrol(), "enrol")
        self.is_joined = self._heard(self._delegate.open_session(), "session").status == 200

    def _take(self, task_id: str) -> None:
        order = self._heard(self._delegate.acquire(task_id), "acquire").body.get("order")
        if order is None:
            return
        self.is_busy = True
        try:
            head, task = self._delegate.opened(order)
            self._ledger.took(head.task, head.fence)
            self._work(head, task)
        finally:
            self.is_busy = False

    def _work(self, head: OrderHead, task: Task) -> None:
        is_zombie = self._deaths > 0 and head.fence == 1
        if is_zombie:
            self._deaths -= 1
            self._play_dead(head)
        usual, long = self._manners.think_s
        self._fleet.is_over.wait(self._rng.uniform(0, long if self._rng.random() < 0.1 else usual))
        if self._rng.random() < 0.3:
            with suppress(*BROKEN):
                self._heard(self._delegate.progress(head.task, head.fence), "progress")
        self._finish(head, good_result(task), is_zombie=is_zombie)

    def _play_dead(self, head: OrderHead) -> None:
        """Until somebody else has the task, and then a while longer, when its end may have been told already."""
        while self._ledger.newest(head.task) == head.fence and not self._fleet.is_over.wait(0.1):
            pass
        self._fleet.is_over.wait(self._rng.uniform(0, 0.5))

    def _finish(self, head: OrderHead, result: Mapping[str, object], *, is_zombie: bool) -> None:
        """Says it until it is answered, as who has done the work would."""
        effect = Effect(head.task, self._delegate.id, head.fence)
        while not self._fleet.is_over.is_set():
            try:
                said = self._heard(self._delegate.finish(head.task, head.fence, result), "finish")
            except BROKEN:
                self._back_off()
            except _WaitError as wait:
                self._fleet.is_over.wait(wait.seconds)
            else:
                if said.status == 200 or said.code in _LEASE_IS_LOST:
                    self._ledger.ended(effect, is_accepted=said.status == 200, is_zombie=is_zombie)
                return

    def _heard(self, said: Said, what: str) -> Said:
        """What is no reason to wait. Raises _WaitError."""
        self._ledger.offences.look_at(what, said.status, said.headers, said.body)
        if said.status >= 500:
            raise _WaitError(
                min(float(said.headers.get("retry-after", "1")), _LONGEST_WAIT_S) * self._rng.uniform(0.3, 1)
            )
        if said.status != 200 and said.code == "delegate-unknown":
            self.is_joined, self._delegate.server_key = False, b""
            raise _WaitError(0.2)
        if said.status != 200 and said.code == "session-superseded":
            self.is_joined = False
            raise _WaitError(0.2)
        if said.status != 200 and said.code not in _LEASE_IS_LOST:
            self._ledger.odd.append(f"{what}: {said.status} {said.body}")
            raise _WaitError(0.5)
        return said

    def _back_off(self) -> None:
        self._ledger.broken += not self._fleet.is_over.is_set()
        self._failures = min(self._failures + 1, 5)
        self._fleet.is_over.wait(self._rng.uniform(0.05, 0.1 * 2**self._failures))


class _WaitError(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds
