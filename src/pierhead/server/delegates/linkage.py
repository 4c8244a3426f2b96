"""What the agent link needs of the application: as narrow as it can use."""

from collections.abc import Mapping
from typing import Protocol

from pierhead.control.delegates import AgentService, Dispatcher
from pierhead.control.tasks import TaskQueue
from pierhead.kit.clock import Clock
from pierhead.protocol.signatures import SigningKey
from pierhead.server.jobs.work import Work, WorkStore

from .hub import Hub


class LinkApplication(Protocol):
    @property
    def store(self) -> WorkStore: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def queue(self) -> TaskQueue: ...
    @property
    def works(self) -> Mapping[str, Work]: ...
    @property
    def agents(self) -> AgentService: ...
    @property
    def dispatcher(self) -> Dispatcher: ...
    @property
    def server_key(self) -> SigningKey: ...
    @property
    def hub(self) -> Hub: ...
