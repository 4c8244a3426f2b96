"""Use cases of the execution config: read defaults and pins, pin, unpin (harness-api §3.1, §3.6).

Permissions are asked by the caller.
"""

from collections.abc import Iterable, Mapping, Sequence

from pierhead.control.audit import SYSTEM, Action, Actor, Subject, note
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.clock import Clock

from .catalogue import Catalogue
from .model import DeprecatedPin, Infra, Pin, deprecated, effective, overrides
from .pin_values import checked_value
from .ports import PinStore, PinTransaction


class CatalogueService:
    """Thread-safe: it holds nothing that changes. ``line`` is the release line of the defaults, None the newest."""

    def __init__(
        self, store: PinStore, clock: Clock, catalogue: Catalogue | None = None, *, line: str | None = None
    ) -> None:
        self.catalogue = catalogue or Catalogue.load()
        self._store = store
        self._clock = clock
        self._line = self.catalogue.line(line)

    def default_config(self, infra: Infra) -> dict[str, str]:
        """Field to image, pins not looked at."""
        return dict(self.catalogue.defaults(infra, self._line))

    def customer_config(self, account: str, infra: Infra, overrides_only: bool = True) -> dict[str, str]:
        """The pinned fields (empty when none is), or with False every field with the image that is used."""
        pins = self.pins(account, infra)
        return overrides(pins) if overrides_only else effective(self.default_config(infra), pins)

    def pins(self, account: str, infra: Infra) -> tuple[Pin, ...]:
        """Sorted by field."""
        with self._store.snapshot() as tx:
            return tx.pins.all(account, infra)

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
        self.catalogue.check_fields(tuple(field for field, _ in changes), infra)
        wanted = {field: value if value is None else checked_value(field, value) for field, value in changes}
        now = self._clock.now()
        kept = {field: value for field, value in wanted.items() if value is not None}
        pins = [Pin(account, infra, field, value, now, updated_by) for field, value in kept.items()]
        with self._store.transaction() as tx:
            before = _of_fields(tx, account, infra, wanted)
            tx.pins.put(pins)
            tx.pins.remove(account, infra, [field for field in wanted if field not in kept])
            note(tx, now, by, Action.UPDATE, _config(account, infra), before, wanted)

    def reset_config(self, account: str, infra: Infra, fields: Iterable[str], *, by: Actor = SYSTEM) -> None:
        """Unpins the fields; one without a pin is no error. All or nothing. Raises UnknownFieldError."""
        names = tuple(fields)
        self.catalogue.check_fields(names, infra)
        with self._store.transaction() as tx:
            before = _of_fields(tx, account, infra, names)
            tx.pins.remove(account, infra, names)
            note(tx, self._clock.now(), by, Action.UPDATE, _config(account, infra), before, dict.fromkeys(names))

    def reset_all(self, account: str, *, by: Actor = SYSTEM) -> None:
        """Unpins everything, on every infrastructure."""
        with self._store.transaction() as tx:
            before = {infra.value: overrides(tx.pins.all(account, infra)) for infra in Infra}
            tx.pins.clear(account)
            note(tx, self._clock.now(), by, Action.DELETE, _config(account), before)

    def deprecated_config(self, account: str, infra: Infra = Infra.K8) -> tuple[DeprecatedPin, ...]:
        """The pins of fields with a support window that fell out of it."""
        watched = [pin for pin in self.pins(account, infra) if self._is_watched(pin)]
        return deprecated(watched, self.catalogue.defaults(infra, self._line))

    def _is_watched(self, pin: Pin) -> bool:
        field = self.catalogue.fields.get(pin.field)
        return field is not None and field.has_support_window


def _config(account: str, infra: Infra | None = None) -> Subject:
    """Execution config has no entity of its own; it is a setting of the account."""
    name = "execution-config" if infra is None else f"execution-config {infra}"
    return Subject(Scope(account), ResourceType.SETTING, name.replace(" ", "."), name)


def _of_fields(tx: PinTransaction, account: str, infra: Infra, fields: Iterable[str]) -> Mapping[str, str | None]:
    pinned = overrides(tx.pins.all(account, infra))
    return {field: pinned.get(field) for field in fields}
