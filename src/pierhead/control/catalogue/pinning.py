"""The one way in which pins change: pins and the pin set that remembers them, in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from pierhead.control.scopes import Scope

from .model import Infra, Pin
from .pin_sets import Because, PinChange, Pinned, PinSet, PinSetCause, differences, pinned
from .ports import PinTransaction


def pins_of(tx: PinTransaction, scope: Scope) -> Pinned:
    """Of the scope itself, without those it inherits."""
    return pinned(pin for infra in Infra for pin in tx.pins.all(scope, infra))


def change_pins(
    tx: PinTransaction, scope: Scope, changes: Sequence[PinChange], because: Because, at: datetime
) -> PinSet:
    """Applies the changes; the last one of a field counts. A change that changes nothing makes no new set, unless there
    is none yet. Fields and values were checked before, and the account's sets are held (``PinSetRows.hold``)."""
    before = pins_of(tx, scope)
    last = _up_to_date(tx, scope, before, at)
    wanted = {(change.infra, change.field): change.value for change in changes}
    new = [
        Pin(scope.account, infra, field, value, at, because.updated_by, scope.org, scope.project)
        for (infra, field), value in wanted.items()
        if value is not None
    ]
    tx.pins.put(new)
    for infra in Infra:
        tx.pins.remove(scope, infra, [name for (of, name), value in wanted.items() if of is infra and value is None])
    after = pins_of(tx, scope)
    if last is not None and not differences(before, after):
        return last
    return _add(tx, scope, last, after, because, at)


def _up_to_date(tx: PinTransaction, scope: Scope, now: Pinned, at: datetime) -> PinSet | None:
    """The last set, once it is what is there: pins of before there were sets are written down too."""
    last = tx.pin_sets.last(scope)
    known: Pinned = {infra: {} for infra in Infra} if last is None else last.pins
    if not differences(known, now):
        return last
    reason = "what was pinned before this was written down"
    return _add(tx, scope, last, now, Because(PinSetCause.FOUND, "pierhead", reason), at)


def _add(tx: PinTransaction, scope: Scope, last: PinSet | None, pins: Pinned, because: Because, at: datetime) -> PinSet:
    made = PinSet(scope, tx.pin_sets.highest(scope.account) + 1, last.number if last else None, pins, at, because)
    tx.pin_sets.add(made)
    return made
