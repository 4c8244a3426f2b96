"""What mirrors need of a store."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from pierhead.control.audit import Auditing
from pierhead.control.organizations import PlaceTransaction
from pierhead.control.scopes import EntityRows, Scope
from pierhead.kit.paging import Page, PageRequest

from .approvals import MirrorApproval
from .ledger import Holding, Sighting
from .model import Mirror
from .runs import MirrorRun


class SightingRows(Protocol):
    def see(self, account: str, place: str, digests: Iterable[tuple[str, str]], at: datetime) -> None:
        """That each tag means its digest now: the first time is kept, the last one moved on."""

    def of(self, account: str, place: str, tag: str) -> tuple[Sighting, ...]:
        """What the tag has meant, the first seen first."""


class HoldingRows(Protocol):
    def of(self, scope: Scope, mirror: str) -> tuple[Holding, ...]:
        """By repository and tag."""

    def put(self, holdings: Iterable[Holding]) -> None:
        """Adds each, or writes over the one of the same mirror, repository and tag."""

    def clear(self, scope: Scope, mirror: str) -> None:
        """Forgets what the mirror held."""


class MirrorRunRows(Protocol):
    def add(self, run: MirrorRun) -> bool:
        """False, and nothing is written, when the mirror has a run that goes on."""

    def find(self, account: str, run_id: str) -> MirrorRun | None: ...

    def replace(self, run: MirrorRun) -> bool:
        """False, and nothing is written, when the run has ended."""

    def running(self, scope: Scope, mirror: str) -> MirrorRun | None: ...

    def page(self, scope: Scope, mirror: str, request: PageRequest) -> Page[MirrorRun]:
        """The last begun first, each ``without_items``."""

    def prune(self, scope: Scope, mirror: str, keep: int) -> None:
        """Forgets the runs that have ended, but the ``keep`` begun last."""

    def clear(self, scope: Scope, mirror: str) -> None: ...


class MirrorTransaction(PlaceTransaction, Auditing, Protocol):
    @property
    def mirrors(self) -> EntityRows[Mirror]: ...
    @property
    def approvals(self) -> EntityRows[MirrorApproval]: ...
    @property
    def sightings(self) -> SightingRows: ...
    @property
    def holdings(self) -> HoldingRows: ...
    @property
    def mirror_runs(self) -> MirrorRunRows: ...


class MirrorStore(Protocol):
    def transaction(self) -> AbstractContextManager[MirrorTransaction]:
        """Commits when the block ends, rolls back when it raises."""

    def snapshot(self) -> AbstractContextManager[MirrorTransaction]:
        """One consistent view, for reading only; waits for no writer."""
