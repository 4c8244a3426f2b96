"""What the scripted control plane is told: which requests go wrong, and which tasks it has; values."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import SecretStr

from pierhead.protocol import agent as wire
from pierhead.protocol.tasks import Task

Ended = wire.FinishRequest | wire.ReleaseRequest | wire.DeclineRequest


@dataclass(slots=True)
class Script:
    """What happens to the next ``times`` requests whose path ends so. ``is_lost``: done, but the answer never comes."""

    path_end: str
    times: int = 1
    status: int = 503
    code: str = "busy"
    headers: dict[str, str] = field(default_factory=dict)
    is_lost: bool = False
    reached: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True)
class Known:
    signing: bytes
    sealing: bytes
    session: str = ""


@dataclass(slots=True)
class Work:
    """A task in the hands of the test. ``tamper`` changes an order on its way. ``is_told_once``: an offer is, too."""

    id: str
    task: Task
    fence: int = 0
    lease_s: float = 60.0
    check_first: tuple[str, ...] = ()
    is_offered: bool = True
    is_cancel_requested: bool = False
    is_stale: bool = False
    is_told_once: bool = False
    is_told: bool = False
    tamper: Callable[[wire.Order], wire.Order] | None = None
    progress: list[wire.ProgressRequest] = field(default_factory=list)
    ends: list[Ended] = field(default_factory=list)

    @property
    def is_waiting(self) -> bool:
        return self.is_offered and not (self.is_told_once and self.is_told)


def task_json(task: Task) -> bytes:
    """A task with its secrets in the clear, as it is sealed."""

    def plain(value: object) -> object:
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value)

    return json.dumps(task.model_dump(by_alias=True), default=plain).encode()
