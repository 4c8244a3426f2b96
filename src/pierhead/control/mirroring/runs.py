"""One run of a mirror: what it was asked to do, what became of every tag, and why; values only."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from pierhead.control.scopes import Scope

from .planning import Fate, Item

_BAD: Final = ("failed", "blocked", Fate.FAIL.value, Fate.REFUSE.value)
"""Words of ``counts``; as ``RunItem.has_failed``."""


class RunState(StrEnum):
    """A run with images that failed beside others that came is ``incomplete``."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self is not RunState.RUNNING


class Phase(StrEnum):
    """With gates, images are copied into ``quarantine`` and checked before they get their names. ``backup``: what is
    about to be written over at the target gets a tag of its own first."""

    SURVEY = "survey"
    QUARANTINE = "quarantine"
    CHECK = "check"
    BACKUP = "backup"
    COPY = "copy"
    DONE = "done"


class Trigger(StrEnum):
    DEMAND = "demand"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class RunItem:
    """What the plan says of a tag, and what came of it.

    ``state`` is ``planned``, ``copied``, ``present`` (the target had it already), ``quarantined``, ``blocked`` by a
    gate, ``waiting`` for an approval, ``failed``, or empty where nothing was to be done. ``quarantined``: its digest in
    quarantine; ``verdict``: of the gates. ``backup``: the tag that what was written over has now.
    """

    plan: Item
    state: str = ""
    target_digest: str = ""
    bytes_fetched: int = 0
    bytes_mounted: int = 0
    referrers: int = 0
    backup: str = ""
    quarantined: str = ""
    verdict: Mapping[str, object] | None = None
    code: str = ""
    message: str = ""
    hint: str = ""

    @property
    def is_planned(self) -> bool:
        return self.state == "planned"

    @property
    def has_failed(self) -> bool:
        return self.state in ("failed", "blocked") or self.plan.fate in (Fate.FAIL, Fate.REFUSE)


@dataclass(frozen=True, slots=True)
class MirrorRun:
    """``items``: every tag but those that are kept as they are; ``kept`` counts these. ``counted``: tags that are told
    by their number alone, by the words of ``counts``: what was too much for ``items``, or all of them where runs are
    listed. ``task_id``: the task of the
    phase. ``asked_key``: the key of the principal who began it, empty for a schedule. ``is_plan``: a dry run, which
    ends with its plan. ``error``: why a phase as a whole failed."""

    id: str
    scope: Scope
    mirror: str
    trigger: Trigger
    asked_by: str
    started_at: datetime
    asked_key: str = ""
    is_plan: bool = False
    state: RunState = RunState.RUNNING
    phase: Phase = Phase.SURVEY
    task_id: str = ""
    kept: int = 0
    pulls: int = 0
    pulls_left: int | None = None
    items: tuple[RunItem, ...] = ()
    counted: Mapping[str, int] = field(default_factory=dict)
    finished_at: datetime | None = None
    error: Mapping[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many tags by what became of them; words of ``RunItem.state`` and ``Fate``."""
        return ({"kept": self.kept} if self.kept else {}) | counts_of(self.items, self.counted)

    @property
    def items_total(self) -> int:
        """Also those of which only the number is told."""
        return len(self.items) + sum(self.counted.values())

    @property
    def failed_total(self) -> int:
        counts = self.counts
        return sum(counts.get(word, 0) for word in _BAD)

    def without_items(self) -> "MirrorRun":
        """As lists tell it."""
        return replace(self, items=(), counted=counts_of(self.items, self.counted))

    def ended(self, at: datetime, *, is_cancelled: bool = False) -> "MirrorRun":
        """Judged by its items."""
        state = RunState.CANCELLED if is_cancelled else self._outcome()
        return replace(self, state=state, phase=Phase.DONE, finished_at=at)

    def failed(self, at: datetime, error: Mapping[str, str]) -> "MirrorRun":
        return replace(self, state=RunState.FAILED, phase=Phase.DONE, finished_at=at, error=dict(error))

    def _outcome(self) -> RunState:
        if not self.failed_total:
            return RunState.SUCCEEDED
        return RunState.FAILED if self.failed_total == self.items_total and not self.kept else RunState.INCOMPLETE


def counts_of(items: Iterable[RunItem], counted: Mapping[str, int]) -> dict[str, int]:
    """By what became of them, added to what is counted already."""
    return dict(Counter(counted) + Counter(item.state or item.plan.fate.value for item in items))
