"""What one run of a mirror has to do, from what was found at the source and what the ledger remembers; pure.

Every tag comes out once, with what becomes of it and why. A listing that was not complete never makes a tag missing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from .ledger import Holding
from .model import Deletion, MirrorSpec

DELETE_AFTER: Final = 2
"""So many times in a row a tag has to be missing."""
_ABSENT: Final = ("manifest-unknown", "repository-unknown")


class Fate(StrEnum):
    COPY = "copy"
    KEEP = "keep"
    DEFER = "defer"  # the source's limit is for pipelines now
    REFUSE = "refuse"
    MISSING = "missing"
    DELETE = "delete"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Found:
    """A tag at the source. ``failure``: code and message where it could not be asked; then there is no digest."""

    repository: str
    tag: str
    digest: str = ""
    failure: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """``listed``: every tag of the repositories whose list came to its end. ``failures``: repositories that could not
    be asked at all. ``pulls_left``: what the source said is left of its limit, None where it says nothing."""

    found: tuple[Found, ...]
    listed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    failures: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    pulls_left: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """``before``: the digest that the target's tag means now, where it will mean another one."""

    repository: str
    tag: str
    fate: Fate
    reason: str
    digest: str = ""
    before: str = ""
    pulls: int = 0
    code: str = ""

    @property
    def name(self) -> str:
        return f"{self.repository}:{self.tag}"


@dataclass(frozen=True, slots=True)
class Plan:
    items: tuple[Item, ...]
    pulls_left: int | None = None

    def of(self, fate: Fate) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.fate is fate)

    @property
    def pulls(self) -> int:
        """What the source will count."""
        return sum(item.pulls for item in self.of(Fate.COPY))


def plan(spec: MirrorSpec, survey: Survey, holdings: Iterable[Holding]) -> Plan:
    held = {holding.name: holding for holding in holdings if not holding.is_deleted}
    items = [_item(spec, found, held.pop((found.repository, found.tag), None)) for found in survey.found]
    gone = [_gone(spec, holding, survey) for holding in held.values()]
    lost = [
        Item(name, "*", Fate.FAIL, message, code=code)
        for name, (code, message) in survey.failures.items()
        if not any(item.repository == name for item in (*items, *gone))
    ]
    return Plan(tuple(_within(spec, [*items, *gone, *lost], survey.pulls_left)), survey.pulls_left)


def known_immutable(spec: MirrorSpec, holdings: Iterable[Holding]) -> dict[tuple[str, str], str]:
    """The tags that need not be asked for, with the digest that they have for ever."""
    kept = [holding for holding in holdings if not holding.is_deleted and _is_immutable(spec, holding.tag)]
    return {holding.name: holding.digest for holding in kept}


def after_missing(plan: Plan, holdings: Iterable[Holding], at: datetime) -> tuple[Holding, ...]:
    """The holdings that this run counts as missing once more, or as found again."""
    fates = {(item.repository, item.tag): item.fate for item in plan.items}
    changed = []
    for holding in holdings:
        fate = fates.get(holding.name)
        if fate in (Fate.MISSING, Fate.DELETE):
            changed.append(holding.missing(at))
        elif fate in (Fate.KEEP, Fate.COPY, Fate.DEFER) and holding.missed:
            changed.append(holding.found())
    return tuple(changed)


def _item(spec: MirrorSpec, found: Found, holding: Holding | None) -> Item:
    of = (found.repository, found.tag)
    if found.failure is not None:
        code, message = found.failure
        if holding is not None and code in _ABSENT:
            return _missing(spec, holding)
        return Item(*of, Fate.FAIL, message, code=code)
    if holding is None:
        return Item(*of, Fate.COPY, "new", found.digest, pulls=_pulls(spec))
    if holding.digest == found.digest:
        return Item(*of, Fate.KEEP, "the target has it", found.digest)
    if _is_immutable(spec, found.tag):
        reason = f"it never moves by the mirror's rules, and moved from {holding.digest}"
        return Item(*of, Fate.REFUSE, reason, found.digest, holding.target_digest, code="immutable-tag-moved")
    return Item(*of, Fate.COPY, f"moved from {holding.digest}", found.digest, holding.target_digest, _pulls(spec))


def _gone(spec: MirrorSpec, holding: Holding, survey: Survey) -> Item:
    """A tag of the ledger that no rule has chosen now."""
    of = (holding.repository, holding.tag)
    if holding.repository in survey.failures:
        code, message = survey.failures[holding.repository]
        return Item(*of, Fate.FAIL, message, holding.digest, code=code)
    listed = survey.listed.get(holding.repository)
    if listed is None or holding.tag in listed:
        return Item(*of, Fate.KEEP, "no rule asks for it now", holding.digest)
    return _missing(spec, holding)


def _missing(spec: MirrorSpec, holding: Holding) -> Item:
    of = (holding.repository, holding.tag)
    if spec.deletion is Deletion.AFTER_TWO_LISTINGS and holding.missed + 1 >= DELETE_AFTER:
        reason = f"missing from the source {holding.missed + 1} times in a row"
        return Item(*of, Fate.DELETE, reason, holding.digest, holding.target_digest)
    return Item(*of, Fate.MISSING, "missing from the source, kept at the target", holding.digest)


def _within(spec: MirrorSpec, items: list[Item], left: int | None) -> list[Item]:
    """What fits into the source's limit when the reserve is left untouched, in the order of the rules."""
    if left is None:
        return items
    free = left - spec.reserve
    fitting = []
    for item in items:
        if item.fate is not Fate.COPY or item.pulls <= free:
            free -= item.pulls if item.fate is Fate.COPY else 0
            fitting.append(item)
        else:
            reason = f"{left} pulls are left and {spec.reserve} are kept for pipelines; it needs {item.pulls}"
            fitting.append(replace(item, fate=Fate.DEFER, reason=reason))
    return fitting


def _pulls(spec: MirrorSpec) -> int:
    """An index and each manifest in it count; how many there are is known only afterwards, so two is the guess."""
    return 1 + max(1, len(spec.platforms))


def _is_immutable(spec: MirrorSpec, tag: str) -> bool:
    return any(fnmatchcase(tag, glob) for glob in spec.immutable)
