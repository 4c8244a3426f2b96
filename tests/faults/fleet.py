"""Delegates on threads that do no work and say they did: a fleet that outlives its servers, and remembers what counted.

Some members are zombies: in the middle of a task they stop until somebody else has it, and then report a result, which
nobody may take.
"""

import http.client
import json
import random
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pierhead.protocol.agent import OrderHead
from pierhead.protocol.tasks import PullTask, ResolveTask, Task, TestConnectionTask
from pierhead.testing.scripted_delegate import Said, ScriptedDelegate

from .api import BROKEN, Offences
from .waiting import until

TAG = "fleet"
_DIGEST = "sha256:" + "5" * 64
_LEASE_IS_LOST = ("stale-lease", "not-your-task", "task-not-found")
_POLL_WITHIN_S = 60.0
_LONGEST_WAIT_S = 3.0
_KEPT_S = 2.0  # servers close connections that are not used

Servers = Callable[[], Sequence[str]]


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


class Line:
    """One kept connection to one of the servers; after any trouble the next request goes to the next server."""

    def __init__(self, servers: Servers, turn: int, answer_within_s: float) -> None:
        self._servers = servers
        self._turn = turn
        self._answer_within_s = answer_within_s
        self._connection: http.client.HTTPConnection | None = None
        self._place = ""
        self._used_at = 0.0

    def carry(self, target: str, headers: Mapping[str, str], body: bytes) -> Said:
        """Raises what is in ``BROKEN``."""
        connection = self._connected(_POLL_WITHIN_S if target.endswith("/poll") else self._answer_within_s)
        try:
            connection.request("POST", target, body, dict(headers))
            answer = connection.getresponse()
            text = answer.read()
            self._used_at = time.monotonic()
            return Said(answer.status, {k.lower(): v for k, v in answer.getheaders()}, _document(text))
        except BROKEN:
            self._turn += 1
            self.cut()
            self._connection = None
            raise

    def cut(self) -> None:
        """From any thread."""
        connection = self._connection
        if connection is not None:
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
            connection.close()

    def _connected(self, timeout_s: float) -> http.client.HTTPConnection:
        servers = self._servers()
        if not servers:
            raise ConnectionRefusedError("no server is there")
        place = urlsplit(servers[self._turn % len(servers)]).netloc
        is_old = time.monotonic() - self._used_at > _KEPT_S
        if self._connection is None or place != self._place or is_old:
            self.cut()
            self._connection, self._place = http.client.HTTPConnection(place, timeout=timeout_s), place
        self._connection.timeout = timeout_s
        if self._connection.sock is not None:
            self._connection.sock.settimeout(timeout_s)
        return self._connection


class _WaitError(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def good_result(task: Task) -> dict[str, object]:
    match task:
        case PullTask():
            return {"kind": "pull", "images": [_pulled(image.key) for image in task.images]}
        case ResolveTask():
            media = "application/vnd.oci.image.manifest.v1+json"
            return {
                "kind": "resolve", "reference": task.reference, "digest": _DIGEST, "mediaType": media, "sizeBytes": 1,
            }  # fmt: skip
        case TestConnectionTask():
            return {"kind": "testConnection", "outcome": "success", "steps": []}
    raise AssertionError(f"the fleet does not know {task.kind}")


def _pulled(key: str) -> dict[str, object]:
    return {
        "key": key, "state": "pulled", "digest": _DIGEST, "manifestDigest": _DIGEST,
        "bytesTotal": 1000, "bytesDone": 1000, "bytesFetched": 1000, "seconds": 0.1,
    }  # fmt: skip


def _document(text: bytes) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        return {"code": "", "text": text[:300].decode("latin-1")}
    return found if isinstance(found, dict) else {"code": "", "found": found}
