"""Pin sets: what a place pinned after each change, numbered and never changed again, and how two differ; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pierhead.control.scopes import Scope

from .model import Infra, Pin

Pinned = Mapping[Infra, Mapping[str, str]]
"""Field to image, by infrastructure; every infrastructure is there."""


BEFORE_THE_FIRST = 0
"""In place of a number: when nothing was pinned yet."""


class PinSetCause(StrEnum):
    FOUND = "found"  # what was there before the first change that was written down
    UPDATE = "update"
    RESET = "reset"
    ROLLBACK = "rollback"
    PROMOTE = "promote"


class Preflight(StrEnum):
    """What was known of the images before they were pinned."""

    NOT_ASKED = "not-asked"
    PASSED = "passed"
    FORCED = "forced"


@dataclass(frozen=True, slots=True)
class PinChange:
    """A field gets an image; with None its pin goes."""

    infra: Infra
    field: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Because:
    """Why pins are changed; ``restores`` is the number of the set that comes back, or BEFORE_THE_FIRST."""

    cause: PinSetCause
    updated_by: str
    reason: str = ""
    preflight: Preflight = Preflight.NOT_ASKED
    restores: int | None = None


@dataclass(frozen=True, slots=True)
class PinSet:
    """All pins of ``scope`` after one change. Numbers count in the account; ``previous`` is the set of the same scope
    before this one. A scope below the account is a canary's."""

    scope: Scope
    number: int
    previous: int | None
    pins: Pinned
    made_at: datetime
    because: Because


@dataclass(frozen=True, slots=True)
class PinDifference:
    infra: Infra
    field: str
    before: str | None
    after: str | None


def pinned(pins: Iterable[Pin]) -> Pinned:
    found: dict[Infra, dict[str, str]] = {infra: {} for infra in Infra}
    for pin in sorted(pins, key=lambda pin: pin.field):
        found[pin.infra][pin.field] = pin.value
    return found


def differences(before: Pinned, after: Pinned) -> tuple[PinDifference, ...]:
    """What leads from one to the other, by infrastructure and field."""
    return tuple(
        PinDifference(infra, field, before[infra].get(field), after[infra].get(field))
        for infra in Infra
        for field in sorted({*before[infra], *after[infra]})
        if before[infra].get(field) != after[infra].get(field)
    )


def changes_of(steps: Sequence[PinDifference]) -> tuple[PinChange, ...]:
    return tuple(PinChange(step.infra, step.field, step.after) for step in steps)
