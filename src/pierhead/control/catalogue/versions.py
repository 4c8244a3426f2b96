"""Which image a field stands for: the account's pin, else the default of the release line; pure, with reasons."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pierhead.control.connectors import Reason

from .catalogue import Catalogue
from .model import Infra, Pin, is_too_old
from .pin_values import usable


class VersionSource(StrEnum):
    PIN = "pin"
    DEFAULT = "default"
    PIPELINE = "pipeline"  # the step itself says it; no rule of the catalogue


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """``image`` is the text to place behind a connector."""

    image: str
    source: VersionSource
    trail: tuple[Reason, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(reason.text for reason in self.trail if reason.warning)


def choose_version(
    field: str, infra: Infra, pins: Iterable[Pin], catalogue: Catalogue, line: str | None = None
) -> VersionChoice:
    """``pins`` are one account's. Raises UnknownFieldError, NoImageError, UnusablePinError,
    UnknownLineError."""
    pin = next((pin for pin in pins if pin.field == field and pin.infra is infra), None)
    if pin is None:
        image = catalogue.default(field, infra, line)
        return VersionChoice(image, VersionSource.DEFAULT, _default_trail(field, catalogue.line(line)))
    catalogue.check_fields((field,), infra)
    default = catalogue.defaults(infra, line).get(field)
    return VersionChoice(usable(field, pin.value), VersionSource.PIN, _pin_trail(pin, default, catalogue))


def _default_trail(field: str, line: str) -> tuple[Reason, ...]:
    return (
        Reason("pin", f"the account pins no image for {field}", chosen=False),
        Reason("default", f"{field} is the default of release line {line}", chosen=True),
    )


def _pin_trail(pin: Pin, default: str | None, catalogue: Catalogue) -> tuple[Reason, ...]:
    pinned = Reason("pin", f"pinned for the account by {pin.updated_by} on {pin.updated_at:%Y-%m-%d}", chosen=True)
    if default is None:
        return (pinned, Reason("default", "the release line has no default for it", chosen=False))
    considered = Reason("default", f"the default {default} is overridden", chosen=False)
    if not catalogue.fields[pin.field].has_support_window or not is_too_old(pin.value, default):
        return (pinned, considered)
    text = f"{pin.value} is no longer supported: it is more than two releases behind {default}"
    return (pinned, considered, Reason("support", text, chosen=False, warning=True))
