"""What runs need from a store."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from pierhead.control.catalogue import PinRows
from pierhead.control.connectors import ConnectorRows
from pierhead.control.tasks import TaskRows
from pierhead.kit.paging import Page, PageRequest

from .runs import ImageFacts, Run, RunState


class RunRows(Protocol):
    def add(self, run: Run) -> None:
        """Writes the run with its stages and images."""

    def find(self, account: str, run_id: str) -> Run | None:
        """The run with its stages and images, both in order of position."""

    def find_by_task(self, task_id: str) -> Run | None:
        """The run a task belongs to, with its stages and images."""

    def page(self, account: str, request: PageRequest) -> Page[Run]:
        """Newest first; ``stages`` and ``images`` are left empty."""

    def put_facts(self, run_id: str, facts: Iterable[tuple[str, ImageFacts]]) -> None:
        """Lays (pull_key, facts) over what is known (``ImageFacts.after``) of every image with that key."""

    def set_state(self, run_id: str, state: RunState, finished_at: datetime | None) -> bool:
        """Moves a RUNNING run to ``state``; False when it was already final (then nothing changes)."""


class RunTransaction(Protocol):
    @property
    def runs(self) -> RunRows: ...
    @property
    def tasks(self) -> TaskRows: ...
    @property
    def connectors(self) -> ConnectorRows: ...
    @property
    def pins(self) -> PinRows: ...
    def after_commit(self, callback: Callable[[], None]) -> None: ...


class RunStore(Protocol):
    def transaction(self) -> AbstractContextManager[RunTransaction]: ...
    def snapshot(self) -> AbstractContextManager[RunTransaction]: ...
