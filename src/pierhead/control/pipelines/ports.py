"""What runs need from a store, and from whoever knows the delegates."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from pierhead.control.catalogue import PinRows
from pierhead.control.connectors import ConnectorRows
from pierhead.control.delegates import DelegateTransaction, Path, Route
from pierhead.control.scopes import Areas, Scope
from pierhead.kit.paging import Page, PageRequest
from pierhead.kit.signals import Signals

from .runs import ImageFacts, Run, RunState


class RunRows(Protocol):
    def add(self, run: Run) -> None:
        """Writes the run with its stages and images."""

    def find(self, account: str, run_id: str) -> Run | None:
        """The run with its stages and images, both in order of position."""

    def find_by_task(self, task_id: str) -> Run | None:
        """The run that has an image which this task sees to, with its stages and images."""

    def page(self, account: str, request: PageRequest, areas: Areas = None) -> Page[Run]:
        """Newest first; ``stages`` and ``images`` are left empty."""

    def put_facts(self, run_id: str, facts: Iterable[tuple[str, ImageFacts]]) -> None:
        """Lays (pull_key, facts) over what is known (``ImageFacts.after``) of every image with that key."""

    def set_performer(self, run_id: str, task_id: str, performer: str, delegate: str) -> None:
        """Applies ``RunImage.performed_by`` to the images of this task."""

    def set_state(self, run_id: str, state: RunState, finished_at: datetime | None) -> bool:
        """Moves a RUNNING run to ``state``; False when it was already final (then nothing changes)."""


class RunTransaction(DelegateTransaction, Protocol):
    @property
    def runs(self) -> RunRows: ...
    @property
    def connectors(self) -> ConnectorRows: ...
    @property
    def pins(self) -> PinRows: ...


class RunStore(Protocol):
    @property
    def signals(self) -> Signals: ...
    def transaction(self) -> AbstractContextManager[RunTransaction]: ...
    def snapshot(self) -> AbstractContextManager[RunTransaction]: ...


class SettledPath(Protocol):
    """Where a path leads now: a route to delegates, or None to the platform; ``reason`` is one sentence for people."""

    @property
    def route(self) -> Route | None: ...
    @property
    def reason(self) -> str: ...


class PathSettler(Protocol):
    def settle(
        self,
        tx: DelegateTransaction,
        path: Path,
        scope: Scope,
        origins: Iterable[str],
        secrets: Iterable[Scope],
    ) -> SettledPath:
        """``scope`` is who asks, ``origins`` the registries that have to be reached, ``secrets`` the scopes of what
        their connectors show."""
