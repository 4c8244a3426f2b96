"""Use cases of pin sets: look back, go back in one step, and move a canary's pins to the account.

Permissions are asked by the caller.
"""

from pierhead.control.audit import SYSTEM, Action, Actor, note
from pierhead.control.scopes import Scope
from pierhead.kit.clock import Clock
from pierhead.kit.paging import Page, PageRequest

from .errors import NoCanaryError, PinSetElsewhereError, PinSetNotFoundError
from .model import Infra
from .pin_sets import (
    BEFORE_THE_FIRST,
    Because,
    PinChange,
    PinDifference,
    Pinned,
    PinSet,
    PinSetCause,
    changes_of,
    differences,
    pinned,
)
from .pinning import change_pins, pins_of
from .ports import PinStore, PinTransaction
from .subjects import config_of


class PinHistory:
    """Thread-safe: it holds nothing that changes."""

    def __init__(self, store: PinStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def page(self, scope: Scope, request: PageRequest, *, everywhere: bool = False) -> Page[PinSet]:
        """The newest first; with ``everywhere`` those of canaries too."""
        with self._store.snapshot() as tx:
            return tx.pin_sets.page(scope, request, everywhere=everywhere)

    def get(self, account: str, number: int) -> PinSet:
        """Raises PinSetNotFoundError."""
        with self._store.snapshot() as tx:
            return _found(tx, account, number)

    def diff(self, account: str, before: int, after: int) -> tuple[PinDifference, ...]:
        """What leads from one set to the other. Raises PinSetNotFoundError."""
        with self._store.snapshot() as tx:
            return differences(_found(tx, account, before).pins, _found(tx, account, after).pins)

    def roll_back(
        self, scope: Scope, number: int | None, updated_by: str, reason: str = "", *, by: Actor = SYSTEM
    ) -> PinSet:
        """Pins again exactly what the scope had pinned in that set, None: in the one before the last, which before the
        first set of all is nothing.

        That is a new set; the images are not looked for, so it works in every need. Raises PinSetNotFoundError,
        PinSetElsewhereError.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            tx.pin_sets.hold(scope.account)
            restored, wanted = _target(tx, scope, number)
            steps = differences(pins_of(tx, scope), wanted)
            because = Because(PinSetCause.ROLLBACK, updated_by, reason, restores=restored)
            made = change_pins(tx, scope, changes_of(steps), because, now)
            told = {"pinSet": made.number, "restores": restored, "reason": reason}
            note(tx, now, by, Action.UPDATE, config_of(scope), _before(steps), _after(steps) | told)
        return made

    def promote(self, canary: Scope, updated_by: str, reason: str = "", *, by: Actor = SYSTEM) -> PinSet:
        """The canary's pins become the account's, and the canary ends. Gives the account's new set.

        Raises NoCanaryError.
        """
        account, now = Scope(canary.account), self._clock.now()
        with self._store.transaction() as tx:
            tx.pin_sets.hold(canary.account)
            tried = pins_of(tx, canary)
            pins = [PinChange(infra, field, value) for infra in Infra for field, value in tried[infra].items()]
            if canary == account or not pins:
                raise NoCanaryError(canary)
            because = Because(PinSetCause.PROMOTE, updated_by, reason)
            before = pins_of(tx, account)
            made = change_pins(tx, account, pins, because, now)
            change_pins(tx, canary, [PinChange(pin.infra, pin.field, None) for pin in pins], because, now)
            steps = differences(before, made.pins)
            told = {"pinSet": made.number, "canary": [canary.org, canary.project], "reason": reason}
            note(tx, now, by, Action.UPDATE, config_of(account), _before(steps), _after(steps) | told)
        return made


def _found(tx: PinTransaction, account: str, number: int) -> PinSet:
    found = tx.pin_sets.find(account, number)
    if found is None:
        raise PinSetNotFoundError(number)
    return found


def _target(tx: PinTransaction, scope: Scope, number: int | None) -> tuple[int, Pinned]:
    """The number of the set to go back to, and its pins."""
    if number is None:
        last = tx.pin_sets.last(scope)
        if last is not None and last.previous is None:
            return BEFORE_THE_FIRST, pinned(())
        number = BEFORE_THE_FIRST if last is None or last.previous is None else last.previous
    found = _found(tx, scope.account, number)
    if found.scope != scope:
        raise PinSetElsewhereError(number, found.scope)
    return number, found.pins


def _before(steps: tuple[PinDifference, ...]) -> dict[str, object]:
    return {infra.value: {step.field: step.before for step in steps if step.infra is infra} for infra in Infra}


def _after(steps: tuple[PinDifference, ...]) -> dict[str, object]:
    return {infra.value: {step.field: step.after for step in steps if step.infra is infra} for infra in Infra}
