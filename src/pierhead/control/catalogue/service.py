"""Use cases of the execution config: read defaults and pins, pin, unpin (harness-api §3.1, §3.6).

Permissions are asked by the caller. What was pinned before is ``history``.
"""

from collections.abc import Iterable, Mapping, Sequence

from pierhead.control.audit import SYSTEM, Action, Actor, note
from pierhead.control.organizations import check_place
from pierhead.control.scopes import Scope
from pierhead.kit.clock import Clock

from .catalogue import Catalogue
from .history import PinHistory
from .model import DeprecatedPin, Infra, Pin, deprecated, effective, overrides
from .pin_sets import Because, PinChange, PinSet, PinSetCause
from .pin_values import checked_value
from .pinning import change_pins, pins_of
from .ports import PinStore, PinTransaction
from .subjects import config_of


class CatalogueService:
    """Thread-safe: it holds nothing that changes. ``line`` is the release line of the defaults, None the newest."""

    def __init__(
        self, store: PinStore, clock: Clock, catalogue: Catalogue | None = None, *, line: str | None = None
    ) -> None:
        self.catalogue = catalogue or Catalogue.load()
        self.history = PinHistory(store, clock)
        self._store = store
        self._clock = clock
        self._line = self.catalogue.line(line)

    @property
    def line(self) -> str:
        """The release line whose defaults apply."""
        return self._line

    def default_config(self, infra: Infra) -> dict[str, str]:
        """Field to image, pins not looked at."""
        return dict(self.catalogue.defaults(infra, self._line))

    def customer_config(self, account: str, infra: Infra, overrides_only: bool = True) -> dict[str, str]:
        """The pinned fields (empty when none is), or with False every field with the image that is used."""
        pins = self.pins(account, infra)
        return overrides(pins) if overrides_only else effective(self.default_config(infra), pins)

    def effective(self, scope: Scope, infra: Infra) -> dict[str, str]:
        """Every field with the image that a run in that scope uses."""
        pins = self.pins_along(scope, infra)
        return effective(self.default_config(infra), reversed(pins))  # the innermost comes last, and counts

    def pins(self, account: str, infra: Infra) -> tuple[Pin, ...]:
        """The account's own, sorted by field."""
        with self._store.snapshot() as tx:
            return tx.pins.all(Scope(account), infra)

    def pins_along(self, scope: Scope, infra: Infra) -> tuple[Pin, ...]:
        """Those that can decide in a scope, the innermost first."""
        with self._store.snapshot() as tx:
            return tx.pins.along(scope, infra)

    def canaries(self, account: str) -> tuple[Pin, ...]:
        """The pins of organizations and projects, sorted by place."""
        with self._store.snapshot() as tx:
            return tx.pins.canaries(account)

    def update_config(
        self,
        account: str,
        infra: Infra,
        changes: Sequence[tuple[str, str | None]],
        updated_by: str,
        *,
        by: Actor = SYSTEM,
    ) -> None:
        """Pins each field to its value; None unpins. The last change of a field counts.

        All or nothing. Raises UnknownFieldError, InvalidImageValueError.
        """
        because = Because(PinSetCause.UPDATE, updated_by)
        self.pin(Scope(account), [PinChange(infra, field, value) for field, value in changes], because, by=by)

    def reset_config(
        self, account: str, infra: Infra, fields: Iterable[str], *, updated_by: str = "", by: Actor = SYSTEM
    ) -> None:
        """Unpins the fields; one without a pin is no error. All or nothing. Raises UnknownFieldError."""
        because = Because(PinSetCause.RESET, updated_by or by.name)
        self.pin(Scope(account), [PinChange(infra, field, None) for field in fields], because, by=by)

    def reset_all(self, account: str, *, updated_by: str = "", by: Actor = SYSTEM) -> None:
        """Unpins everything of the account itself, on every infrastructure."""
        scope, now = Scope(account), self._clock.now()
        with self._store.transaction() as tx:
            tx.pin_sets.hold(account)
            before = pins_of(tx, scope)
            changes = [PinChange(infra, field, None) for infra, fields in before.items() for field in fields]
            change_pins(tx, scope, changes, Because(PinSetCause.RESET, updated_by or by.name), now)
            document = {infra.value: dict(fields) for infra, fields in before.items()}
            note(tx, now, by, Action.DELETE, config_of(scope), document)

    def pin(self, scope: Scope, changes: Sequence[PinChange], because: Because, *, by: Actor = SYSTEM) -> PinSet:
        """Pins and unpins for the account, or for one organization or project before all others.

        All or nothing. Raises UnknownFieldError, InvalidImageValueError, PlaceNotFoundError.
        """
        with self._store.transaction() as tx:
            return self._pin(tx, scope, changes, because, by)

    def pin_all(
        self,
        tx: PinTransaction,
        account: str,
        changes: Sequence[PinChange],
        reason: str,
        by: Actor,
        *,
        updated_by: str = "",
    ) -> PinSet:
        """The account's pins changed within somebody's transaction, with its own audit record. Raises as ``pin``."""
        because = Because(PinSetCause.UPDATE, updated_by or by.name, reason)
        return self._pin(tx, Scope(account), changes, because, by)

    def _pin(
        self, tx: PinTransaction, scope: Scope, changes: Sequence[PinChange], because: Because, by: Actor
    ) -> PinSet:
        checked = self.checked(changes)
        check_place(tx, scope)
        tx.pin_sets.hold(scope.account)
        now = self._clock.now()
        before = pins_of(tx, scope)
        made = change_pins(tx, scope, checked, because, now)
        infras = {change.infra for change in checked}
        subject = config_of(scope, infras.pop() if len(infras) == 1 else None)
        was = _document({(change.infra, change.field): before[change.infra].get(change.field) for change in checked})
        after = _document({(change.infra, change.field): change.value for change in checked})
        note(tx, now, by, Action.UPDATE, subject, was, after | _told(because, made))
        return made

    def checked(self, changes: Sequence[PinChange]) -> tuple[PinChange, ...]:
        """The changes with their values trimmed. Raises UnknownFieldError, InvalidImageValueError."""
        for infra in Infra:
            self.catalogue.check_fields(tuple(change.field for change in changes if change.infra is infra), infra)
        return tuple(
            change
            if change.value is None
            else PinChange(change.infra, change.field, checked_value(change.field, change.value))
            for change in changes
        )

    def deprecated_config(self, account: str, infra: Infra = Infra.K8) -> tuple[DeprecatedPin, ...]:
        """The pins of fields with a support window that fell out of it."""
        watched = [pin for pin in self.pins(account, infra) if self._is_watched(pin)]
        return deprecated(watched, self.catalogue.defaults(infra, self._line))

    def _is_watched(self, pin: Pin) -> bool:
        field = self.catalogue.fields.get(pin.field)
        return field is not None and field.has_support_window


def _document(values: Mapping[tuple[Infra, str], str | None]) -> dict[str, object]:
    """Field to image; where both infrastructures have a part in it, by infrastructure."""
    if len({infra for infra, _ in values}) < 2:
        return {field: value for (_, field), value in values.items()}
    return {infra.value: {f: value for (of, f), value in values.items() if of is infra} for infra in Infra}


def _told(because: Because, made: PinSet) -> dict[str, object]:
    """What the audit trail holds of a change for which somebody gave reasons."""
    if not because.reason and because.preflight == "not-asked":
        return {}
    return {"pinSet": made.number, "reason": because.reason, "preflight": because.preflight.value}
